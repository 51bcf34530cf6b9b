// How the rows of a map are drawn: what the reader chose, and what of it is seen.
import { ranked } from "../scatter/labels.ts";
import { Thumbnails } from "./pictures.svelte.ts";
import type { Store } from "./store.svelte.ts";

/** Names on the map: of categories, where points are colored by them, and of rows. */
export const NAMED = { categories: "Categories", rows: "Rows", both: "Categories and rows", none: "None" } as const;
export type Named = keyof typeof NAMED;
/** When thumbnails of pictures are drawn in place of points. */
export const PICTURED = { near: "When zoomed in", always: "Always", never: "Never" } as const;
export type Pictured = keyof typeof PICTURED;
/** Rows that have names on the map at most. */
const NAMED_MOST = 100_000;

export class Drawing {
  private readonly store: Store;
  /** Whether points are drawn even where they cover each other. */
  points = $state(false);
  /** Whether lines enclose shares of the points. */
  contours = $state(false);
  named = $state<Named>("categories");
  /** The column of numbers by which rows come first; null: evenly over the points. */
  rank = $state<string | null>(null);
  pictured = $state<Pictured>("near");
  /** Thumbnails that are drawn, of points in sight; more than there may be are none. */
  pictures = $state.raw({ drawn: 0, inSight: 0 });
  readonly thumbnails: Thumbnails;
  /** Whether density is seen in place of points. */
  dense = $state(false);

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.points = address.get("points") === "1";
    this.contours = address.get("contours") === "1";
    const named = address.get("names");
    if (named !== null && Object.hasOwn(NAMED, named)) this.named = named as Named;
    this.rank = address.get("rank");
    const pictured = address.get("pictures");
    if (pictured !== null && Object.hasOwn(PICTURED, pictured)) this.pictured = pictured as Pictured;
    this.thumbnails = new Thumbnails(store);
  }
  write(address: URLSearchParams): void {
    if (this.points) address.set("points", "1");
    if (this.contours) address.set("contours", "1");
    if (this.named !== "categories") address.set("names", this.named);
    if (this.pictured !== "near") address.set("pictures", this.pictured);
    if (this.rank !== null) address.set("rank", this.rank);
  }
  setPictured(pictured: Pictured): void {
    this.pictured = pictured;
    this.store.write();
  }
  get names(): { categories: boolean; rows: boolean } {
    return { categories: this.named === "categories" || this.named === "both", rows: this.named === "rows" || this.named === "both" };
  }
  setNamed(named: Named): void {
    this.named = named;
    this.store.write();
  }
  /** Columns by which rows can be ranked. */
  readonly ranks: string[] = $derived.by(() => this.store.columns.fields.filter((f) => f.type === "number").map((f) => f.name));
  setRank(by: string | null): void {
    this.rank = by;
    this.store.write();
  }
  /** The slots of the rows that have names, the first in rank first, of those that are shown. */
  namedSlots(rowOf: Uint32Array): Uint32Array {
    const { columns, filters } = this.store;
    const by = this.rank !== null && this.ranks.includes(this.rank) ? this.rank : null;
    if (by !== null) void columns.need(by);
    const values = columns.cellsOf(by);
    const { shown } = filters;
    return ranked(rowOf, values?.length === rowOf.length ? values : null, shown?.length === rowOf.length ? (row) => shown[row] === 1 : null, NAMED_MOST);
  }
  setContours(on: boolean): void {
    this.contours = on;
    this.store.write();
  }
  setPoints(on: boolean): void {
    this.points = on;
    this.store.write();
  }
}
