// The columns: which there are, by which the points are colored, and which of its categories are shown.
import type { Cells, Column, ColumnInfo, Columns as Found, Field, State } from "../data/types.ts";
import { isShare, KEPT, type Share, SHARES, shareRange } from "../ink.ts";
import { dated, figure } from "../words.ts";
import type { Place } from "./address.ts";
import type { Store } from "./store.svelte.ts";

/** Up to so many columns are listed; more are searched. */
export const LISTED = 20;
const ORIGINS = { metadata: "Metadata", derived: "Derived", observed: "Observed" };

/** Something to color by. Metadata are named by their names, other columns by `@` and their id. */
export interface Choice {
  by: string;
  name: string;
  origin: keyof typeof ORIGINS;
}

export class Columns {
  private readonly store: Store;
  /** Metadata columns; kept while they stay the same, since states come ten times a second. */
  fields = $state.raw<Field[]>([]);
  by = $state<string | null>(null);
  only = $state.raw<Set<number> | null>(null);
  /** Whether points are shaded by trust. */
  shade = $state(false);
  /** The first of all columns, and how many there are. */
  private listed = $state.raw<Found>({ total: 0, columns: [] });
  /** Cells that were fetched, and what is told of columns that are no metadata, by `by`. */
  private fetched = $state.raw<ReadonlyMap<string, Cells>>(new Map());
  private infos = $state.raw<ReadonlyMap<string, ColumnInfo>>(new Map());
  /** The shares for the eye (see ink.ts): averaged over places where points are many. */
  colored = $state.raw<Float32Array | null>(null);

  private asking = new Set<string>();
  private known = "";
  private hasList = false;
  private readonly asked: string | null;

  constructor(store: Store, place: Place) {
    this.store = store;
    this.asked = place.by;
    this.shade = place.shade;
    this.only = place.only ? new Set(place.only) : null;
  }

  take(state: State): void {
    if (state.rows > 0 && !this.hasList) {
      this.hasList = true;
      this.find("", LISTED + 1).then(
        (found) => (this.listed = found),
        () => (this.hasList = false), // asked again with the next state
      );
    }
    const told = JSON.stringify(state.fields);
    // Data without metadata may be colored by an observed column.
    if (told === this.known && !(this.by === null && this.asked?.startsWith("@") && state.rows > 0)) return;
    this.known = told;
    this.fields = state.fields;
    const named = state.fields.filter((f) => f.type !== "text").map((f) => f.name);
    if (this.asked && state.rows > 0 && (named.includes(this.asked) || this.asked.startsWith("@"))) this.by = this.asked;
    const first = this.store.met.flatMap((r) => r.color ?? []);
    const category = state.fields.filter((f) => f.type === "category");
    this.by ??= (category.find((f) => first.includes(f.name)) ?? category[0] ?? state.fields.find((f) => f.type === "number"))?.name ?? null;
    if (this.by === null) return;
    this.need();
    this.store.tell((slice) => slice.fields?.());
  }
  reset(): void {
    [this.fetched, this.infos, this.listed, this.hasList] = [new Map(), new Map(), { total: 0, columns: [] }, false];
    this.need();
  }

  readonly field: Field | Share | null = $derived.by(() => {
    const { by } = this;
    if (by === null || isShare(by)) return by;
    const info = this.infos.get(by);
    return info ? asField(info) : (this.fields.find((f) => f.name === by && f.type !== "text") ?? null);
  });
  get column(): Cells | null {
    return this.by === null ? null : (this.fetched.get(this.by) ?? null);
  }
  /** A number of the column that points are colored by, for reading. */
  told(value: number): string {
    return this.infos.get(this.by ?? "")?.type === "date" ? dated(value) : figure(value);
  }
  /** The shares by which the map that is shown is colored. */
  readonly shares = $derived.by(() => this.sharesOf(this.store.maps.shown, this.store.maps.trust));
  readonly range = $derived(shareRange(this.colored ?? this.shares));
  /** The shares of a map by which maps are colored; null where they are not known of it. */
  sharesOf(id: number, trust: Float32Array | null): Float32Array | null {
    if (typeof this.field !== "string") return null;
    if (this.field === KEPT) return trust;
    return this.store.maps.stableOf(id)?.[this.field === "@seeds" ? "seeds" : "draws"] ?? null;
  }

  /** All that can be colored by, or of many columns metadata, shares and what is chosen; by origin. */
  readonly groups: { origin: string; choices: Choice[] }[] = $derived.by(() => {
    const of = (origin: Choice["origin"]) => ({ origin: ORIGINS[origin], choices: this.choices.filter((c) => c.origin === origin) });
    return [of("metadata"), of("derived"), of("observed")].filter((g) => g.choices.length > 0);
  });
  private readonly choices: Choice[] = $derived.by(() => {
    const { by } = this;
    const found: Choice[] = this.fields.filter((f) => f.type !== "text").map((f) => ({ by: f.name, name: f.name, origin: "metadata" }));
    const shares: Share[] = [...(this.store.maps.trust ? [KEPT] : []), ...(this.store.maps.stable ? (["@seeds", "@draws"] as const) : [])];
    // What was chosen of another map stays chosen.
    for (const share of isShare(by) && !shares.includes(by) ? [...shares, by] : shares) found.push({ by: share, name: SHARES[share], origin: "derived" });
    if (!this.many) for (const column of this.listed.columns) if (!found.some((c) => c.by === keyOf(column))) found.push({ by: keyOf(column), name: column.name, origin: column.origin });
    const info = this.infos.get(by ?? "");
    if (info && !found.some((c) => c.by === by)) found.push({ by: by!, name: info.name, origin: info.origin });
    return found;
  });
  /** Whether columns are searched rather than listed, and how many there are. */
  readonly many = $derived(this.listed.total > LISTED);
  readonly total = $derived(this.listed.total);
  /** Columns by a part of their name; without those of text, and without shares, which are those of the map that is shown. */
  async find(query: string, limit: number): Promise<Found> {
    const { total, columns } = await this.store.source.columns(query, limit);
    return { total, columns: columns.filter((c) => c.type !== "text" && c.id !== "derived:kept") };
  }

  colorBy(by: string): void {
    this.by = by;
    this.only = null;
    this.store.tell((slice) => slice.colored?.("column"));
    this.need();
    this.store.write();
  }
  /** The next of what is listed: of metadata and shares. */
  next(): void {
    const all = this.choices.filter((c) => c.by === this.by || isShare(c.by) || c.origin === "metadata");
    const next = all[(all.findIndex((c) => c.by === this.by) + 1) % all.length];
    if (next) this.colorBy(next.by);
  }
  private need(): void {
    const { by } = this;
    if (by === null || isShare(by) || this.fetched.has(by) || this.asking.has(by)) return;
    const index = this.fields.find((f) => f.name === by && f.type !== "text")?.index;
    if (index === undefined && !by.startsWith("@")) return;
    this.asking.add(by);
    const { source } = this.store;
    const asked = index !== undefined ? source.column(index) : source.columnOf(by.slice(1)).then(({ info, cells }) => {
      this.infos = new Map(this.infos).set(by, info);
      return cells;
    });
    asked.then((cells) => (this.fetched = new Map(this.fetched).set(by, cells)), (e) => this.store.fail(e)).finally(() => this.asking.delete(by));
  }
  /** Shows only this category, or adds it to those shown, or takes it away again. */
  toggle(code: number): void {
    const next = new Set(this.only ?? []);
    if (!next.delete(code)) next.add(code);
    this.filter(next.size > 0 ? next : null);
  }
  filter(only: Set<number> | null): void {
    this.only = only;
    this.store.tell((slice) => slice.colored?.("filter"));
    this.store.write();
  }
  setShade(on: boolean): void {
    this.shade = on;
    this.store.write();
  }
}

/** By what a column is colored: metadata by name, dates and others by id. */
export const keyOf = (column: Column): string => (column.origin === "metadata" && column.type !== "date" ? column.name : `@${column.id}`);

const asField = ({ name, type, min, max, missing, categories }: ColumnInfo): Field =>
  type === "category" ? { index: -1, name, type, categories, missing } : { index: -1, name, type: "number", min, max, missing, integer: false };
