// Which rows are shown: filters of several columns, all of which a row must pass.
import { MISSING } from "../data/types.ts";
import { whole } from "../words.ts";
import type { Place } from "./address.ts";
import type { Store } from "./store.svelte.ts";

/** What is shown of one column: these categories (MISSING among them), or numbers from one end to the other and cells without a number. */
export type Filter =
  | { by: string; codes: ReadonlySet<number> }
  | { by: string; range: readonly [number, number] | null; missing: boolean }
  | { by: typeof ROWS; rows: readonly number[] };

/** What a filter is by that shows certain rows, of no column. */
export const ROWS = "@rows";

/** Labels of a chip. */
const NAMED = 3;

export class Filters {
  private readonly store: Store;
  /** The oldest first. */
  list = $state.raw<readonly Filter[]>([]);
  /** Whether rows that are filtered away are hidden instead of faded. */
  isolated = $state(false);
  private readonly masks = new WeakMap<Filter, { of: ArrayLike<number>; mask: Uint8Array }>();

  constructor(store: Store, { only, isolated }: Place) {
    this.store = store;
    this.list = only;
    this.isolated = isolated && only.length > 0;
  }

  of(by: string | null): Filter | null {
    return this.list.find((f) => f.by === by) ?? null;
  }
  /** By row, 1 if it is shown; null while all are. */
  readonly shown: Uint8Array | null = $derived.by(() => this.passing(this.list));
  /** The same for the filters of other columns. */
  readonly others: Uint8Array | null = $derived.by(() => this.passing(this.list.filter((f) => f.by !== this.store.columns.by)));
  /** Number of rows that are shown; null while all are. */
  readonly count: number | null = $derived.by(() => this.shown?.reduce((n, s) => n + s, 0) ?? null);

  /** Row numbers, ascending; null while all are shown. */
  readonly rows: number[] | null = $derived.by(() => {
    const { shown } = this;
    if (!shown) return null;
    const rows: number[] = [];
    for (let i = 0; i < shown.length; i++) if (shown[i] === 1) rows.push(i);
    return rows;
  });

  private passing(list: readonly Filter[]): Uint8Array | null {
    const rows = this.store.maps.map?.rows ?? 0;
    const masks = list.flatMap((filter) => this.mask(filter, rows) ?? []);
    if (masks.length < 2) return masks[0] ?? null;
    const all = masks[0]!.slice();
    for (const mask of masks.slice(1)) for (let i = 0; i < rows; i++) all[i]! &= mask[i]!;
    return all;
  }
  private mask(filter: Filter, rows: number): Uint8Array | null {
    if ("rows" in filter) {
      const mask = this.masks.get(filter)?.mask ?? new Uint8Array(rows);
      for (const row of filter.rows) mask[row] = 1;
      this.masks.set(filter, { of: filter.rows, mask });
      return mask;
    }
    const cells = this.store.columns.cellsOf(filter.by);
    if (cells?.length !== rows) return null; // not fetched yet
    const known = this.masks.get(filter);
    if (known?.of === cells) return known.mask;
    const mask = new Uint8Array(rows);
    if ("codes" in filter) {
      const missing = filter.codes.has(MISSING) ? 1 : 0;
      const wanted = Uint8Array.from({ length: 1 + Math.max(-1, ...[...filter.codes].filter((c) => c !== MISSING)) }, (_, c) => (filter.codes.has(c) ? 1 : 0));
      for (let i = 0; i < rows; i++) mask[i] = cells[i]! === MISSING ? missing : (wanted[cells[i]!] ?? 0);
    } else {
      const [low, high] = filter.range ?? [1, 0];
      for (let i = 0; i < rows; i++) {
        const v = cells[i]!;
        mask[i] = Number.isNaN(v) ? Number(filter.missing) : Number(v >= low && v <= high);
      }
    }
    this.masks.set(filter, { of: cells, mask });
    return mask;
  }

  /** Puts a filter in place of that of the same column; null: none. */
  set(by: string, filter: Filter | null): void {
    this.put(by, filter);
    this.store.tell((slice) => slice.colored?.("filter"));
    this.store.write();
  }
  /** The same where a room sets it, which knows. */
  put(by: string, filter: Filter | null): void {
    const at = this.list.findIndex((f) => f.by === by);
    if (filter === null) this.list = this.list.filter((f) => f.by !== by);
    else this.list = at < 0 ? [...this.list, filter] : this.list.with(at, filter);
    if (filter) this.store.columns.need(by);
    if (this.list.length === 0 && this.isolated) {
      this.isolated = false;
      this.store.camera.scatter?.fit();
    }
  }
  clear(): void {
    for (const { by } of this.list) this.put(by, null);
    this.store.tell((slice) => slice.colored?.("filter"));
    this.store.write();
  }
  /** Shows only the selection, or only the rows that pass the filters: others are hidden, and the camera comes near. */
  isolate(): void {
    const { rows } = this.store.selection;
    if (rows) this.set(ROWS, { by: ROWS, rows });
    if (this.list.length === 0) return;
    this.isolated = true;
    this.store.camera.scatter?.fitRows(this.rows ?? []);
    this.store.write();
  }
  /** Shows others again: all, or faded where filters of columns are left. */
  join(): void {
    this.isolated = false;
    this.set(ROWS, null);
    this.store.camera.scatter?.fit();
  }
  /** Keeps the filters of columns that there are, and fetches these. */
  keep(there: (by: string) => boolean): void {
    if (!this.list.every((f) => there(f.by))) this.list = this.list.filter((f) => there(f.by));
    for (const { by } of this.list) this.store.columns.need(by);
  }
  /** Takes the last filter away; false if there is none. */
  undo(): boolean {
    const last = this.list.at(-1);
    if (last) this.set(last.by, null);
    return last !== undefined;
  }

  /** Shows only this category, or adds it to those shown, or takes it away again. */
  toggle(by: string, code: number): void {
    const old = this.of(by);
    const codes = new Set(old && "codes" in old ? old.codes : []);
    if (!codes.delete(code)) codes.add(code);
    this.set(by, codes.size > 0 ? { by, codes } : null);
  }
  /** Shows only numbers between these ends, both included, or all with null; rows without a number stay as they are. */
  between(by: string, range: readonly [number, number] | null): void {
    const old = this.of(by);
    const missing = old !== null && "range" in old && old.missing;
    this.set(by, range || missing ? { by, range, missing } : null);
  }
  /** Shows only rows without a number, or adds them to those shown, or takes them away again. */
  toggleMissing(by: string): void {
    const old = this.of(by);
    const [range, missing] = old && "range" in old ? [old.range, !old.missing] : [null, true];
    this.set(by, range || missing ? { by, range, missing } : null);
  }

  /** A filter in words. */
  told(filter: Filter): { name: string; text: string } {
    const { columns } = this.store;
    const field = columns.fieldOf(filter.by);
    const name = columns.nameOf(filter.by);
    if ("rows" in filter) return { name: "only", text: `${whole(filter.rows.length)} ${filter.rows.length === 1 ? "row" : "rows"}` };
    if ("codes" in filter) {
      const labels = [...filter.codes].sort((a, b) => a - b).map((c) => (c === MISSING ? "no value" : typeof field === "object" && field?.type === "category" ? (field.categories[c]?.label ?? "?") : "…"));
      return { name, text: labels.length > NAMED ? `${labels.slice(0, NAMED - 1).join(", ")} and ${labels.length - NAMED + 1} more` : labels.join(", ") };
    }
    const parts = filter.range ? [columns.rangeTold(filter.by, filter.range)] : [];
    if (filter.missing) parts.push("no value");
    return { name, text: parts.join(" or ") };
  }

  /** Once the columns are known by which is filtered. */
  async ready(): Promise<void> {
    await Promise.all(this.list.map((f) => this.store.columns.need(f.by)));
  }
}
