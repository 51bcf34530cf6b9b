// The rows: the chosen one, the selected ones, the one under the pointer.
import type { Place } from "./address.ts";
import type { Near } from "../data/source.ts";
import type { RowInfo } from "../data/types.ts";
import type { How } from "../scatter/scatter.ts";
import { Contrast } from "./contrast.svelte.ts";
import type { Store } from "./store.svelte.ts";

export interface RowSet {
  name: string;
  /** Ascending. */
  rows: Uint32Array;
}

/** Two ascending lists together, or the first without the second. */
export function merged(first: ArrayLike<number>, second: ArrayLike<number>, add: boolean): number[] {
  const out: number[] = [];
  let j = 0;
  for (let i = 0; i < first.length; i++) {
    const row = first[i]!;
    for (; j < second.length && second[j]! < row; j++) if (add) out.push(second[j]!);
    const both = j < second.length && second[j] === row;
    if (both) j++;
    if (add || !both) out.push(row);
  }
  for (; add && j < second.length; j++) out.push(second[j]!);
  return out;
}

/** Runs of rows, as they are kept: rows left out and rows taken, by turns. */
export function gaps(rows: Uint32Array): number[] {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i < rows.length; ) {
    let end = i + 1;
    while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++;
    out.push(rows[i]! - next, end - i);
    next = rows[end - 1]! + 1;
    i = end;
  }
  return out;
}
export function ofGaps(gaps: number[]): Uint32Array {
  const rows: number[] = [];
  let next = 0;
  for (let i = 0; i + 1 < gaps.length; i += 2) {
    next += gaps[i]!;
    for (let k = 0; k < gaps[i + 1]!; k++) rows.push(next++);
  }
  return Uint32Array.from(rows);
}

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
  /** Selections that were kept under a name. */
  sets = $state.raw<RowSet[]>([]);
  /** The name of the set that the selection is compared with; null: all other rows. */
  against = $state<string | null>(null);
  readonly contrast: Contrast;
  private taken = "";
  /** The line of that selection on a flat map, in map units. */
  lasso = $state.raw<[number, number][] | null>(null);
  /** Whether it was drawn on the map beside. */
  lassoBeside = $state(false);
  hover = $state.raw<{ row: number; x: number; y: number; beside: boolean } | null>(null);
  /** How neighbors are searched, if not as the measures do. */
  near = $state.raw<Near>({});
  /** What programs know to be selected. */
  private known = "[]";

  constructor(store: Store, place: Place) {
    this.store = store;
    this.near = place.near;
    this.contrast = new Contrast(store);
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
        if (this.row !== row) return;
        this.store.fail(e);
        // An address may ask for neighbors that these data do not have.
        if (Object.keys(near).length > 0 && this.near === near) this.searchNear(null);
      },
    );
    this.store.tell((slice) => slice.opened?.(row));
  }
  /** Searches neighbors otherwise; as the measures do with null. */
  searchNear(change: Near | null): void {
    this.near = change ? { ...this.near, ...change } : {};
    this.load();
    this.store.write();
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
  /** Takes rows, ascending, together with those selected before. */
  combine(rows: number[], how: How, lasso: [number, number][] | null = null, beside = false): void {
    const before = this.rows;
    if (how === "replace" || !before) {
      if (how === "subtract") return; // nothing to take them from
      return this.chooseRows(rows, lasso, beside);
    }
    this.chooseRows(merged(before, rows, how === "add"), null, beside);
  }
  /** Selects all other rows. */
  invert(): void {
    const { mask } = this;
    if (!mask) return;
    const others: number[] = [];
    for (let row = 0; row < mask.length; row++) if (mask[row] === 0) others.push(row);
    this.chooseRows(others, null);
  }

  // --- named sets ---

  /** Keeps the selection under a name. */
  keepSet(name: string): void {
    const { rows } = this;
    if (!rows) return;
    this.sets = [...this.sets.filter((set) => set.name !== name), { name, rows: Uint32Array.from(rows) }];
    this.saveSets();
  }
  dropSet(name: string): void {
    this.sets = this.sets.filter((set) => set.name !== name);
    if (this.against === name) this.against = null;
    this.saveSets();
  }
  showSet(name: string): void {
    const set = this.sets.find((other) => other.name === name);
    if (set) this.chooseRows([...set.rows], null);
  }
  /** A name that no set has. */
  freeName(): string {
    for (let i = 1; ; i++) if (!this.sets.some((set) => set.name === `Set ${i}`)) return `Set ${i}`;
  }
  /** Where the sets of these data are kept on this computer. */
  private get place(): string {
    return `latentspace-sets:${this.store.state?.name}:${this.store.state?.rows}`;
  }
  /** Takes the sets of a program in place of these. */
  takeSetsOf(sets: RowSet[]): void {
    this.sets = sets;
    if (!sets.some((set) => set.name === this.against)) this.against = null;
    this.saveSets();
  }
  private saveSets(): void {
    this.store.write();
    try {
      localStorage.setItem(this.place, JSON.stringify(this.sets.map(({ name, rows }) => ({ name, gaps: gaps(rows) }))));
    } catch {
      // too large, or forbidden: kept for this visit alone
    }
  }
  /** Takes up the sets that were kept of these data. */
  takeSets(): void {
    if (this.taken === this.place) return;
    this.taken = this.place;
    try {
      const kept: { name: string; gaps: number[] }[] = JSON.parse(localStorage.getItem(this.place) ?? "[]");
      this.sets = kept.map(({ name, gaps }) => ({ name, rows: ofGaps(gaps) }));
    } catch {
      this.sets = [];
    }
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
