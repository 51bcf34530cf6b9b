// Thumbnails of rows, fetched by the hundred in sheets.
import type { PictureSheet } from "../scatter/layers/pictures.ts";
import type { Store } from "./store.svelte.ts";

/** Pictures in a sheet, and sheets that are kept. */
const AT_ONCE = 500;
const KEPT = 60;
/** Their longer side, in pixels. */
const SIDE = 48;

export class Thumbnails {
  private readonly store: Store;
  private readonly places = new Map<number, { sheet: PictureSheet; at: number }>();
  /** The rows of each sheet, the oldest first. */
  private readonly sheets: number[][] = [];
  private wanted: number[] = [];
  /** Those that were asked for. */
  private pending: ReadonlySet<number> = new Set();
  private asking = false;
  private failed = false;
  /** Grows when pictures came. */
  version = $state(0);

  constructor(store: Store) {
    this.store = store;
  }
  of(row: number): { sheet: PictureSheet; at: number } | null {
    return this.places.get(row) ?? null;
  }
  /** Asks for these rows; others that were wanted before are of no use any more. */
  want(rows: number[]): void {
    this.wanted = rows.filter((row) => !this.pending.has(row));
    if (!this.asking && !this.failed && this.store.source.pictures) void this.ask();
  }
  reset(): void {
    this.places.clear();
    this.sheets.length = 0;
    this.failed = false;
  }
  private async ask(): Promise<void> {
    this.asking = true;
    await new Promise((done) => window.setTimeout(done, 60)); // a map that moves is drawn meanwhile
    while (this.wanted.length > 0) {
      const rows = this.wanted.splice(0, AT_ONCE);
      this.pending = new Set(rows);
      try {
        const sheet = await this.store.source.pictures!(rows, SIDE);
        rows.forEach((row, at) => this.places.set(row, { sheet, at }));
        this.sheets.push(rows);
        if (this.sheets.length > KEPT) for (const row of this.sheets.shift()!) this.places.delete(row);
        this.version++;
      } catch (e) {
        this.failed = true;
        this.store.fail(e);
        break;
      }
    }
    this.pending = new Set();
    this.asking = false;
  }
}
