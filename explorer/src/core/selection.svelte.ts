// The rows: the chosen one, the selected ones, the one under the pointer.
import type { Near } from "../data/source.ts";
import type { RowInfo } from "../data/types.ts";
import type { Store } from "./store.svelte.ts";

export class Selection {
  private readonly store: Store;
  row = $state<number | null>(null);
  info = $state.raw<RowInfo | null>(null);
  /** Rows of a lassoed selection, ascending. */
  rows = $state.raw<number[] | null>(null);
  /** 1 for each of them, 0 for the other rows. */
  readonly mask: Uint8Array | null = $derived.by(() => {
    const { rows } = this;
    const n = this.store.maps.map?.rows ?? 0;
    if (!rows || n === 0) return null;
    const mask = new Uint8Array(n);
    for (let i = 0; i < rows.length; i++) mask[rows[i]!] = 1;
    return mask;
  });
  /** The line of that selection on a flat map, in map units. */
  lasso = $state.raw<[number, number][] | null>(null);
  /** Whether it was drawn on the map beside. */
  lassoBeside = $state(false);
  hover = $state.raw<{ row: number; x: number; y: number; beside: boolean } | null>(null);
  /** How neighbors are searched, if not as the measures do. */
  near = $state.raw<Near>({});
  /** What programs know to be selected. */
  private known = "[]";

  constructor(store: Store) {
    this.store = store;
  }

  choose(row: number | null, reveal = false): void {
    this.row = row;
    if (row === null) {
      this.info = null;
      this.store.tell((slice) => slice.opened?.(null));
    } else {
      this.load();
      this.store.sheet = "right";
      if (reveal) this.store.camera.scatter?.reveal(row);
    }
    this.store.write();
  }
  /** Asks for the chosen row, anew where another map is shown. */
  load(): void {
    const { row } = this;
    if (row === null) return;
    const { maps, source } = this.store;
    const map = maps.picked;
    const { near } = this;
    source.row(row, map ?? undefined, near).then(
      (info) => {
        if (this.row === row && maps.picked === map && this.near === near) this.info = info;
      },
      (e) => {
        if (this.row === row) this.store.fail(e);
      },
    );
    this.store.tell((slice) => slice.opened?.(row));
  }
  /** Searches neighbors otherwise. */
  searchNear(change: Near): void {
    this.near = { ...this.near, ...change };
    this.load();
  }
  chooseRows(rows: number[] | null, lasso: [number, number][] | null, beside = false): void {
    this.rows = rows && rows.length > 0 ? rows : null;
    this.lasso = this.rows ? lasso : null;
    this.lassoBeside = beside;
    this.row = null;
    this.info = null;
    this.store.tell((slice) => slice.opened?.(null));
    if (this.rows) this.store.sheet = "right";
    this.store.write();
  }
  /** Shows what a program selected. */
  fetch(): void {
    this.store.source.selection?.().then(
      (rows) => {
        this.known = JSON.stringify(rows);
        if (rows.length === 1) {
          this.chooseRows(null, null);
          this.choose(rows[0]!, true);
        } else this.chooseRows(rows, null);
      },
      (e) => this.store.fail(e),
    );
  }
  /** Tells programs what is selected: the lassoed rows, or the chosen one. */
  tell(): void {
    const rows = this.rows ?? (this.row === null ? [] : [this.row]);
    const told = JSON.stringify(rows);
    if (told === this.known || (this.store.state?.rows ?? 0) === 0) return;
    this.known = told;
    this.store.source.select?.(rows).catch(() => undefined); // the reader lost nothing; who listens will hear of the next one
  }
}
