// The table of rows: which rows, in which order, with which columns. Sorting is done here: the server is asked for the rows that are seen.
import { keyOf } from "../../../core/columns.svelte.ts";
import { byLabel, ofRanks, sorted } from "../../../core/sort.ts";
import type { Store } from "../../../core/store.svelte.ts";
import type { Cells, Column, Field, TableRow } from "../../../data/types.ts";
import { isShare, KEPT } from "../../../ink.ts";

export interface TableColumn {
  /** As points are colored by it; of text and ids, the name. */
  by: string;
  name: string;
  type: Field["type"];
  origin: string;
  /** Its index among the metadata; null for others. */
  index: number | null;
}

/** Columns shown at first: of each origin so many, observed ones of so many rows at most, since each is fetched whole. */
const FIRST = 12;
const WHOLE_MOST = 200_000;
/** Rows asked for at a time, and how many such pages are kept. */
const PAGE = 100;
const KEPT_PAGES = 40;
/** The name of the rows, where it is no column that is shown. */
export const NAME = "";

export class RowsTable {
  private readonly store: Store;
  /** Whether only selected rows are listed. */
  onlySelected = $state(true);
  /** By which column rows are sorted; null: by number. */
  sort = $state<string | null>(null);
  descending = $state(false);
  /** The columns that the reader chose; null: those shown at first. */
  private chosen = $state.raw<readonly string[] | null>(null);
  /** Ranks of texts and ids, by the index of their field. */
  private ranks = $state.raw<ReadonlyMap<number, Float64Array>>(new Map());
  private pages = $state.raw<ReadonlyMap<number, TableRow[]>>(new Map());
  private readonly asking = new Set<number>();
  private pagesOf: readonly unknown[] = [];

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    const sort = address.get("sort");
    if (sort !== null) [this.sort, this.descending] = [sort.replace(/^-/, ""), sort.startsWith("-")];
    const columns = address.getAll("col");
    if (columns.length > 0) this.chosen = columns;
  }
  write(address: URLSearchParams): void {
    if (this.sort !== null) address.set("sort", `${this.descending ? "-" : ""}${this.sort}`);
    for (const by of this.chosen ?? []) address.append("col", by);
  }

  // --- columns ---

  /** All that can be shown, but for the one that names rows; of many observed columns those that are shown. */
  readonly all: TableColumn[] = $derived.by(() => {
    const { annotations, columns, names } = this.store;
    const notes = annotations.state.columns.filter((c) => c.type === "text").map((c): TableColumn => ({ by: keyOf(c), name: c.name, type: "text", origin: "Yours", index: null }));
    const found: TableColumn[] = columns.groups.flatMap((g) => g.choices.map((c) => this.columnOf(c.by, g.origin)));
    const texts = columns.fields.filter((f) => f.type === "text").map((f) => this.columnOf(f.name, "Metadata"));
    const after = (origin: string, more: TableColumn[]) => found.splice(found.findLastIndex((c) => c.origin === origin) + 1, 0, ...more);
    after("Metadata", texts);
    after("Yours", notes);
    for (const by of this.chosen ?? []) if (!found.some((c) => c.by === by) && (by.startsWith("@") || columns.fields.some((f) => f.name === by))) found.push(this.columnOf(by, "Observed"));
    return found.filter((c) => c.index === null || c.index !== names.index);
  });
  private columnOf(by: string, origin: string): TableColumn {
    const { columns } = this.store;
    const named = columns.fields.find((f) => f.name === by);
    const field = columns.fieldOf(by);
    return { by, name: columns.nameOf(by), type: named?.type ?? (typeof field === "object" && field !== null ? field.type : "number"), origin, index: named?.index ?? null };
  }
  private readonly first: string[] = $derived.by(() => {
    const { state, observations } = this.store;
    const of = (origin: string) => this.all.filter((c) => c.origin === origin && c.type !== "id").slice(0, FIRST).map((c) => c.by);
    const observed = observations.few && (state?.rows ?? 0) <= WHOLE_MOST ? of("Observed") : [];
    return [...of("Yours"), ...(this.store.maps.trust ? [KEPT] : []), ...of("Metadata"), ...observed];
  });
  readonly columns: TableColumn[] = $derived.by(() => (this.chosen ?? this.first).flatMap((by) => this.all.find((c) => c.by === by) ?? []));
  isShown(by: string): boolean {
    return this.columns.some((c) => c.by === by);
  }
  toggle(by: string): void {
    const now = this.columns.map((c) => c.by);
    this.chosen = now.includes(by) ? now.filter((other) => other !== by) : [...now, by];
    this.store.write();
  }
  /** Shows a column that was found by its name. */
  add(column: Column): void {
    if (!this.isShown(keyOf(column))) this.toggle(keyOf(column));
  }
  /** Fetches the cells of what is shown, but for those that come with the rows. */
  needColumns(): void {
    for (const { by, index, type } of this.columns) if (index === null && type !== "text") void this.store.columns.need(by);
  }

  // --- order ---

  /** The rows before they are sorted, ascending; null: all. */
  private readonly rows: Uint32Array | null = $derived.by(() => {
    const { selection, filters } = this.store;
    const selected = this.onlySelected ? selection.rows : null;
    const { shown } = filters;
    if (selected) return Uint32Array.from(shown ? selected.filter((row) => shown[row] === 1) : selected);
    return filters.rows && Uint32Array.from(filters.rows);
  });
  readonly total: number = $derived.by(() => this.rows?.length ?? this.store.state?.rows ?? 0);
  /** What rows are sorted by: numbers, or ranks; null until it is known. */
  private readonly keys: ArrayLike<number> | null = $derived.by(() => {
    const { columns } = this.store;
    if (this.sort === null) return null;
    const index = this.ranked(this.sort);
    if (index !== null) return this.ranks.get(index) ?? null;
    const [field, cells] = [columns.fieldOf(this.sort), columns.cellsOf(this.sort)];
    if (!cells || field === null) return null;
    return typeof field === "object" && field.type === "category" ? byLabel(cells as Uint32Array, field.categories) : cells;
  });
  /** The rows in their order; null: all by number. */
  readonly order: Uint32Array | null = $derived.by(() => {
    const { keys, rows, total } = this;
    if (!keys || keys.length < total) return rows;
    return sorted(rows ?? Uint32Array.from({ length: total }, (_, row) => row), keys, this.descending);
  });
  /** Whether the order that was asked for is still waited for. */
  readonly waits: boolean = $derived(this.sort !== null && this.keys === null);
  /** The index of a column that is sorted by ranks of the server: texts, ids, and the names of rows; null for others. */
  private ranked(by: string): number | null {
    const { fields } = this.store.columns;
    const field = by === NAME ? fields.find((f) => (this.store.names.index === null ? f.type === "id" : f.index === this.store.names.index)) : fields.find((f) => f.name === by);
    return field && (by === NAME || field.type === "text" || field.type === "id") ? field.index : null;
  }
  /** Whether rows can be sorted by their names: they are those of a column. */
  readonly named: boolean = $derived.by(() => this.ranked(NAME) !== null && (this.store.names.by === "" || this.store.names.index !== null));
  /** Notes are read row by row. */
  isSortable({ index, type }: TableColumn): boolean {
    return index !== null || type !== "text";
  }
  /** Sorts by a column, or turns the order around. */
  sortBy(by: string | null): void {
    if (this.sort === by && by !== null) this.descending = !this.descending; // rows by number have one order
    else [this.sort, this.descending] = [by, false];
    this.store.write();
  }
  /** Fetches what the order needs. */
  needOrder(): void {
    const { sort, store } = this;
    if (sort === null) return;
    const index = this.ranked(sort);
    if (index === null) return void store.columns.need(sort);
    if (this.ranks.has(index)) return;
    store.source.ranks(index).then((ranks) => (this.ranks = new Map(this.ranks).set(index, ofRanks(ranks))), (e) => store.fail(e));
  }
  rowAt(place: number): number {
    return this.order ? this.order[place]! : place;
  }
  /** Where a row stands; -1 where it is not listed. */
  placeOf(row: number): number {
    return this.order ? this.order.indexOf(row) : row < this.total ? row : -1;
  }

  // --- rows ---

  /** What is told of the row at a place; null until it is known. */
  at(place: number): TableRow | null {
    const found = this.pages.get(Math.floor(place / PAGE))?.[place % PAGE];
    return found && found.row === this.rowAt(place) ? found : null;
  }
  /** Asks for the rows between two places. */
  want(from: number, to: number): void {
    const { order, total, store } = this;
    // Labels and notes come with the rows.
    const of = [order, store.annotations.state.version];
    if (of.some((part, i) => part !== this.pagesOf[i])) {
      [this.pagesOf, this.pages] = [of, new Map()];
      this.asking.clear();
    }
    const mine = this.pagesOf;
    for (let page = Math.floor(from / PAGE); page * PAGE < Math.min(to, total); page++) {
      if (this.pages.has(page) || this.asking.has(page)) continue;
      this.asking.add(page);
      const rows = Array.from({ length: Math.min(PAGE, total - page * PAGE) }, (_, i) => this.rowAt(page * PAGE + i));
      store.source.table({ rows, sort: null, descending: false, offset: 0, limit: PAGE }).then(
        (found) => {
          if (this.pagesOf !== mine) return; // sorted anew meanwhile
          this.pages = new Map([...this.pages].slice(1 - KEPT_PAGES)).set(page, found.rows);
          this.asking.delete(page);
        },
        (e) => {
          this.asking.delete(page);
          store.fail(e);
        },
      );
    }
  }
  /** A cell, for reading. */
  told({ by, name, index, type }: TableColumn, row: TableRow): string {
    const { columns } = this.store;
    if (index !== null || type === "text") return columns.cellTold(name, row.fields[name]);
    const cells: Cells | null = columns.cellsOf(by);
    const value = cells?.[row.row];
    if (value === undefined || Number.isNaN(value)) return cells ? "–" : "";
    const field = columns.fieldOf(by);
    if (typeof field === "object" && field?.type === "category") return field.categories[value]?.label ?? "–";
    return columns.told(value, by);
  }
  isNumber(column: TableColumn): boolean {
    return column.type === "number" || column.type === "date" || isShare(column.by);
  }
}
