// The columns: which there are, and by which of them the points are colored.
import type { Cells, Column, ColumnInfo, Columns as Found, Field, State } from "../data/types.ts";
import { isShare, KEPT, type Share, SHARES, shareScale } from "../ink.ts";
import { areYears, type Scale, scaleOf, stepWithin } from "../scale.ts";
import { category, GREY, N_COLORS, type Rgb } from "../scatter/palette.ts";
import { cell, dated, figure, percent } from "../words.ts";
import type { Place } from "./address.ts";
import { ROWS } from "./filters.svelte.ts";
import type { Store } from "./store.svelte.ts";

/** Up to so many columns are listed; more are searched. */
export const LISTED = 20;
const ORIGINS = { yours: "Yours", metadata: "Metadata", derived: "Derived", observed: "Observed" };
/** The groups that stand apart in the map that is shown. */
const GROUPS = "@groups";
const GROUPS_NAME = "groups of the map";
/** All categories beyond those that the server tells apart. */
const OTHERS = "(other)";

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
  /** Whether points are shaded by trust. */
  shade = $state(false);
  /** The category that is pointed at in the legend: the others fade. */
  lit = $state<number | null>(null);
  /** The first of all columns, and how many there are. */
  private listed = $state.raw<Found>({ total: 0, columns: [] });
  /** Cells that were fetched, and what is told of columns that are no metadata, by `by`. */
  private fetched = $state.raw<ReadonlyMap<string, Cells>>(new Map());
  private infos = $state.raw<ReadonlyMap<string, ColumnInfo>>(new Map());
  /** The shares for the eye (see ink.ts): averaged over places where points are many. */
  colored = $state.raw<Float32Array | null>(null);
  /** The color of each category, where there are more than colors: neighbors on the map that is shown differ. */
  spread = $state.raw<Uint8Array | null>(null);

  private readonly asking = new Map<string, Promise<void>>();
  private readonly scales = new WeakMap<Cells, Scale>();
  private known = "";
  private hasList = false;
  private annotated = 0;
  private readonly asked: string | null;

  constructor(store: Store, place: Place) {
    this.store = store;
    this.asked = place.by;
    this.shade = place.shade;
  }

  take(state: State): void {
    if (state.rows > 0 && !this.hasList) {
      this.hasList = true;
      this.find("", LISTED + 1).then(
        (found) => (this.listed = found),
        () => (this.hasList = false), // asked again with the next state
      );
    }
    if (state.annotations && state.annotations.version !== this.annotated) {
      this.annotated = state.annotations.version;
      this.refresh();
    }
    const told = JSON.stringify(state.fields);
    // Data without metadata may be colored by an observed column.
    if (told === this.known && !(this.by === null && this.asked?.startsWith("@") && state.rows > 0)) return;
    this.known = told;
    this.fields = state.fields;
    const named = state.fields.filter(isColor).map((f) => f.name);
    if (this.asked && state.rows > 0 && (named.includes(this.asked) || this.asked.startsWith("@"))) this.by = this.asked;
    const first = this.store.met.flatMap((r) => r.color ?? []);
    const of = (type: Field["type"]) => state.fields.filter((f) => f.type === type);
    this.by ??= (of("category").find((f) => first.includes(f.name)) ?? of("category")[0] ?? of("number")[0] ?? of("date")[0])?.name ?? null;
    this.store.filters.keep((by) => by.startsWith("@") || named.includes(by) || state.rows === 0);
    if (this.by === null) return;
    this.need(this.by);
    this.store.tell((slice) => slice.fields?.());
  }
  reset(): void {
    [this.fetched, this.infos, this.listed, this.hasList] = [new Map(), new Map(), { total: 0, columns: [] }, false];
    this.needAll();
  }
  /** Labels are others now: fetches those that were fetched, and shows the chosen row with its own. */
  private refresh(): void {
    for (const by of this.fetched.keys()) if (isLabel(by)) this.fetch(by);
    if (this.by !== null && isLabel(this.by)) void this.need(this.by);
    this.store.selection.load();
  }
  /** Fetches what points are colored and filtered by. */
  needAll(): void {
    for (const by of [this.by, ...this.store.filters.list.map((f) => f.by)]) if (by !== null) void this.need(by);
  }

  fieldOf(by: string | null): Field | Share | null {
    if (by === null || isShare(by)) return by;
    if (by === GROUPS) return this.groupField;
    const info = this.infos.get(by);
    return info ? asField(info) : (this.fields.find((f) => f.name === by && isColor(f)) ?? null);
  }
  /** The cells of a column; the shares are those of the map that is shown. Null until they are fetched. */
  cellsOf(by: string | null): Cells | null {
    if (by === null) return null;
    if (by === GROUPS) return this.store.maps.groupsShown;
    return isShare(by) ? this.shareOf(by, this.store.maps.shown, this.store.maps.trust) : (this.fetched.get(by) ?? null);
  }
  private readonly groupField: Field | null = $derived.by(() => {
    const found = this.store.maps.keptShown?.groups?.groups;
    if (!found || this.store.source.still) return null; // a file holds no group of each row
    const categories = found.map(({ rows }, i) => ({ label: `group ${i + 1}`, count: rows }));
    return { index: -1, name: GROUPS_NAME, type: "category", categories, missing: (this.store.state?.rows ?? 0) - found.reduce((n, g) => n + g.rows, 0) };
  });
  nameOf(by: string): string {
    if (by === GROUPS) return GROUPS_NAME;
    return isShare(by) ? SHARES[by] : (this.infos.get(by)?.name ?? by);
  }
  readonly field: Field | Share | null = $derived.by(() => this.fieldOf(this.by));
  readonly column: Cells | null = $derived.by(() => (isShare(this.by) ? null : this.cellsOf(this.by)));
  /** How numbers of a column are shown; null for categories, and until they are fetched. */
  scaleOf(by: string | null): Scale | null {
    const [field, cells] = [this.fieldOf(by), this.cellsOf(by)];
    if (!cells || field === null || (typeof field === "object" && !isNumeric(field))) return null;
    if (typeof field === "string") return shareScale(cells, by === this.by ? this.colored : null);
    const known = this.scales.get(cells) ?? scaleOf(cells);
    this.scales.set(cells, known);
    return known;
  }
  readonly scale: Scale | null = $derived.by(() => this.scaleOf(this.by));
  /** A number of a column, the one that points are colored by if none is said, for reading. */
  told(value: number, by: string | null = this.by): string {
    if (isShare(by)) return percent(value);
    const field = this.fieldOf(by);
    const scale = this.scaleOf(by);
    if (typeof field === "object" && field?.type === "date") return dated(value, scale ? scale.most - scale.least : undefined);
    return scale?.whole && areYears(scale.least, scale.most) && Number.isFinite(value) ? String(Math.round(value)) : figure(value);
  }
  /** A cell of a metadata column, for reading. */
  cellTold(name: string, value: string | number | null | undefined): string {
    const field = this.fields.find((f) => f.name === name);
    if (typeof value === "number" && field?.type === "number" && field.integer && areYears(field.min, field.max)) return String(value);
    // A date at midnight is a day.
    return field?.type === "date" && typeof value === "string" ? value.replace(/T00:00:00(\.0+)?Z?$/, "").replace(/T(\d\d:\d\d)/, " $1") : cell(value);
  }
  /** A range of a column, both ends included, in words. */
  rangeTold(by: string, [low, high]: readonly [number, number]): string {
    const scale = this.scaleOf(by);
    const [from, to] = [this.told(scale ? stepWithin(scale, low, true) : low, by), this.told(scale ? stepWithin(scale, high, false) : high, by)];
    if (low === -Infinity) return `at most ${to}`;
    if (high === Infinity) return `at least ${from}`;
    return from === to ? from : `${from} to ${to}`;
  }
  /** The colors of the categories of the column by which points are colored, in the order of their codes. */
  readonly colors: Rgb[] = $derived.by(() => {
    const { theme } = this.store;
    const { field, spread } = this;
    if (typeof field !== "object" || field?.type !== "category") return [];
    return field.categories.map(({ label }, code) => (label === OTHERS ? GREY[theme] : category(theme, spread?.[code] ?? code % N_COLORS)));
  });
  /** The color of one of them, or of rows without a value. */
  colorOf(code: number): Rgb {
    return this.colors[code] ?? GREY[this.store.theme];
  }
  /** The shares by which the map that is shown is colored. */
  readonly shares = $derived.by(() => this.sharesOf(this.store.maps.shown, this.store.maps.trust));
  /** The shares of a map by which maps are colored; null where they are not known of it. */
  sharesOf(id: number, trust: Float32Array | null): Float32Array | null {
    return isShare(this.by) ? this.shareOf(this.by, id, trust) : null;
  }
  private shareOf(share: Share, id: number, trust: Float32Array | null): Float32Array | null {
    return share === KEPT ? trust : (this.store.maps.stableOf(id)?.[share === "@seeds" ? "seeds" : "draws"] ?? null);
  }

  /** All that can be colored by, or of many columns metadata, shares and what is chosen; by origin. */
  readonly groups: { origin: string; choices: Choice[] }[] = $derived.by(() => {
    const of = (origin: Choice["origin"]) => ({ origin: ORIGINS[origin], choices: this.choices.filter((c) => c.origin === origin) });
    return [of("yours"), of("metadata"), of("derived"), of("observed")].filter((g) => g.choices.length > 0);
  });
  private readonly choices: Choice[] = $derived.by(() => {
    const { by } = this;
    const found: Choice[] = this.store.annotations.labels.map((c) => ({ by: keyOf(c), name: c.name, origin: "yours" }));
    for (const f of this.fields.filter(isColor)) found.push({ by: f.name, name: f.name, origin: "metadata" });
    const shares: Share[] = [...(this.store.maps.trust ? [KEPT] : []), ...(this.store.maps.stable ? (["@seeds", "@draws"] as const) : [])];
    // What was chosen of another map stays chosen.
    for (const share of isShare(by) && !shares.includes(by) ? [...shares, by] : shares) found.push({ by: share, name: SHARES[share], origin: "derived" });
    if (this.groupField || by === GROUPS) found.push({ by: GROUPS, name: GROUPS_NAME, origin: "derived" });
    if (!this.many) for (const column of this.listed.columns) if (!found.some((c) => c.by === keyOf(column))) found.push({ by: keyOf(column), name: column.name, origin: column.origin });
    const info = this.infos.get(by ?? "");
    if (info && !found.some((c) => c.by === by)) found.push({ by: by!, name: info.name, origin: info.origin });
    return found;
  });
  /** Whether columns are searched rather than listed, and how many there are. */
  readonly many = $derived(this.listed.total > LISTED);
  readonly total = $derived(this.listed.total);
  /** Columns by a part of their name; without those of text and ids, and without shares, which are those of the map that is shown. */
  async find(query: string, limit: number): Promise<Found> {
    const { total, columns } = await this.store.source.columns(query, limit);
    return { total, columns: columns.filter((c) => isColor(c) && c.id !== "derived:kept") };
  }

  /** Colors by a column; filters stay. */
  colorBy(by: string): void {
    this.by = by;
    this.lit = null;
    this.store.tell((slice) => slice.colored?.("column"));
    this.need(by);
    this.store.write();
  }
  /** The next of what is listed: of metadata and shares. */
  next(): void {
    const all = this.choices.filter((c) => c.by === this.by || isShare(c.by) || c.origin === "metadata" || c.origin === "yours");
    const next = all[(all.findIndex((c) => c.by === this.by) + 1) % all.length];
    if (next) this.colorBy(next.by);
  }
  /** Fetches the cells of a column, once. */
  need(by: string): Promise<void> {
    if (by === ROWS) return Promise.resolve(); // rows of no column
    if (by === GROUPS) return this.store.maps.needGroups();
    if (isShare(by) || this.fetched.has(by)) return Promise.resolve();
    return this.asking.get(by) ?? this.fetch(by);
  }
  private fetch(by: string): Promise<void> {
    const index = this.fields.find((f) => f.name === by && isColor(f))?.index;
    if (index === undefined && !by.startsWith("@")) return Promise.resolve();
    const { source } = this.store;
    const asked = index !== undefined ? source.column(index) : source.columnOf(by.slice(1)).then(({ info, cells }) => {
      this.infos = new Map(this.infos).set(by, info);
      return cells;
    });
    const done = asked.then((cells) => void (this.fetched = new Map(this.fetched).set(by, cells)), (e) => this.store.fail(e)).finally(() => this.asking.delete(by));
    this.asking.set(by, done);
    return done;
  }
  /** The categories that are shown of the column by which points are colored; null: all. */
  get only(): ReadonlySet<number> | null {
    const filter = this.store.filters.of(this.by);
    return filter && "codes" in filter ? filter.codes : null;
  }
  setShade(on: boolean): void {
    this.shade = on;
    this.store.write();
  }
}

/** By what a column is colored: metadata by name, others by id. */
export const keyOf = (column: Column): string => (column.origin === "metadata" ? column.name : `@${column.id}`);
/** Whether a column is of the reader's own labels. */
const isLabel = (by: string): boolean => by.startsWith("@yours:");
/** Whether points can be colored by a column of this type. */
const isColor = ({ type }: { type: Column["type"] }): boolean => type !== "text" && type !== "id";
export const isNumeric = ({ type }: Field): boolean => type === "number" || type === "date";

function asField({ name, type, min, max, missing, categories }: ColumnInfo): Field {
  if (type === "category") return { index: -1, name, type, categories, missing };
  return type === "date" ? { index: -1, name, type, min, max, missing } : { index: -1, name, type: "number", min, max, missing, integer: false };
}
