// The columns: which there are, by which the points are colored, and which of its categories are shown.
import type { Column, Field, State } from "../data/types.ts";
import { isShare, KEPT, type Share, shareRange } from "../ink.ts";
import type { Place } from "./address.ts";
import type { Store } from "./store.svelte.ts";

export class Columns {
  private readonly store: Store;
  /** Metadata columns; kept while they stay the same, since states come ten times a second. */
  fields = $state.raw<Field[]>([]);
  by = $state<string | null>(null);
  only = $state.raw<Set<number> | null>(null);
  /** Whether points are shaded by trust. */
  shade = $state(false);
  /** Columns that were fetched, by field. */
  private fetched = $state.raw<ReadonlyMap<number, Column>>(new Map());
  /** The shares for the eye (see ink.ts): averaged over places where points are many. */
  colored = $state.raw<Float32Array | null>(null);

  private asking = new Set<number>();
  private known = "";
  private readonly asked: string | null;

  constructor(store: Store, place: Place) {
    this.store = store;
    this.asked = place.by;
    this.shade = place.shade;
    this.only = place.only ? new Set(place.only) : null;
  }

  take(state: State): void {
    const told = JSON.stringify(state.fields);
    if (told === this.known) return;
    this.known = told;
    this.fields = state.fields;
    if (state.fields.length === 0) return;
    const named = state.fields.filter((f) => f.type !== "text").map((f) => f.name);
    if (this.asked && (named.includes(this.asked) || isShare(this.asked))) this.by = this.asked;
    const first = this.store.met.flatMap((r) => r.color ?? []);
    const category = state.fields.filter((f) => f.type === "category");
    this.by ??= (category.find((f) => first.includes(f.name)) ?? category[0] ?? state.fields.find((f) => f.type === "number"))?.name ?? null;
    this.need();
    this.store.tell((slice) => slice.fields?.());
  }
  reset(): void {
    this.fetched = new Map();
    this.need();
  }

  readonly field: Field | Share | null = $derived(isShare(this.by) ? this.by : (this.fields.find((f) => f.name === this.by && f.type !== "text") ?? null));
  get column(): Column | null {
    const f = this.field;
    return f && typeof f === "object" ? (this.fetched.get(f.index) ?? null) : null;
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
  /** Names of fields that can be colored by. */
  get choices(): string[] {
    const named = this.fields.filter((f) => f.type !== "text").map((f) => f.name);
    const shares: Share[] = [...(this.store.maps.trust ? [KEPT] : []), ...(this.store.maps.stable ? (["@seeds", "@draws"] as const) : [])];
    // What was chosen of another map stays chosen.
    return [...named, ...shares, ...(isShare(this.by) && !shares.includes(this.by) ? [this.by] : [])];
  }

  colorBy(name: string): void {
    this.by = name;
    this.only = null;
    this.store.tell((slice) => slice.colored?.("column"));
    this.need();
    this.store.write();
  }
  next(): void {
    const { choices } = this;
    if (choices.length > 0) this.colorBy(choices[(choices.indexOf(this.by ?? "") + 1) % choices.length]!);
  }
  private need(): void {
    const f = this.field;
    if (!f || typeof f === "string" || this.fetched.has(f.index) || this.asking.has(f.index)) return;
    this.asking.add(f.index);
    this.store.source.column(f.index).then(
      (c) => {
        this.asking.delete(f.index);
        this.fetched = new Map(this.fetched).set(f.index, c);
      },
      (e) => {
        this.asking.delete(f.index);
        this.store.fail(e);
      },
    );
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
