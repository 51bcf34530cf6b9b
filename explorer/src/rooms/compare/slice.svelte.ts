// The kept map beside the one that is shown, and what the two have in common.
import { natural } from "../../core/address.ts";
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import type { Comparison, Failure, RowInfo } from "../../data/types.ts";
import { laidOnto, mostMoved } from "../../scatter/laid.ts";
import type { Arrows } from "../../scatter/layers/arrows.ts";

/** Arrows of the rows that moved most, and of chosen ones: more would be a thicket. */
const MOVED_SHOWN = 300;
const CHOSEN_SHOWN = 1500;

export const compareOf = (store: Store) => store.slice("compare") as CompareSlice;

export class CompareSlice implements Slice {
  private readonly store: Store;
  id = $state<number | null>(null);
  readonly map = $derived.by(() => (this.id === null ? null : this.store.maps.known(this.id)));
  /** This map, laid onto the one that is shown: in its units. None while that is learned, or where one is in 3-D and the other is not. */
  readonly laid = $derived.by(() => (this.map && this.store.maps.map && this.store.maps.shown !== 0 ? laidOnto(this.store.maps.map, this.map.map) : null));
  /** What is told of the chosen row in this map. */
  info = $state.raw<RowInfo | null>(null);
  comparison = $state.raw<{ of: string; found: Comparison | Failure } | null>(null);
  private readonly compared = new Map<string, Comparison>();
  private readonly arrived: number | null;

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.arrived = natural(address.get("beside"))?.[0] ?? null;
  }

  reset(): void {
    this.id = null;
    this.compared.clear();
  }
  listed(): void {
    const { maps } = this.store;
    if (this.id !== null && !maps.has(this.id)) this.id = null;
    if (this.id === maps.shown) this.id = null; // it was learned again
    this.compare();
  }
  /** The map beside comes to be shown: the two change places. */
  async showing(next: number | null, before: number): Promise<void> {
    if (this.id === null || this.id !== next) return;
    if (this.store.maps.has(before)) {
      await this.store.maps.coordinates(before);
      this.id = before;
    } else this.id = null;
  }
  shown(): void {
    this.compare();
  }
  async arrive(): Promise<void> {
    if (this.arrived === null) return;
    await this.store.maps.fetchList();
    if (this.store.maps.has(this.arrived)) await this.show(this.arrived);
  }
  opened(row: number | null): void {
    const { id } = this;
    if (row === null || id === null) this.info = null;
    else
      this.store.source.row(row, id, this.store.selection.near).then(
        (info) => {
          if (this.store.selection.row === row && this.id === id) this.info = info;
        },
        () => undefined, // the map that is shown tells of it
      );
  }
  write(address: URLSearchParams): void {
    if (this.id !== null) address.set("beside", String(this.id));
  }

  /** Shows a kept map beside the one that is shown, or with null that one alone. */
  async show(id: number | null): Promise<void> {
    const { maps, camera, selection } = this.store;
    if (id === this.id || (id !== null && id === maps.shown)) return;
    if (id !== null) await maps.coordinates(id);
    camera.scatter?.keepMiddle();
    this.id = id;
    if (selection.lassoBeside) selection.lasso = null;
    selection.load();
    this.compare();
    this.store.write();
  }
  /** The map to set beside: the newest of another kind, else the newest other. */
  readonly other: number | null = $derived.by(() => {
    const { list, shown, about } = this.store.maps;
    const others = list.filter((m) => m.id !== shown);
    return (others.findLast((m) => m.method !== about?.method) ?? others.at(-1))?.id ?? null;
  });
  toggle(): void {
    if (this.id === null && this.other === null) return this.store.say({ error: "There is one map so far.", hint: "Learn a second one to see what moves." });
    this.store.uncover();
    this.show(this.id === null ? this.other : null).catch((e) => this.store.fail(e));
  }
  /** Asks what the two maps have in common, once both are learned. */
  private compare(): void {
    const [first, second] = [this.store.maps.shown, this.id];
    const of = `${first} ${second}`;
    if (first === 0 || second === null || this.comparison?.of === of) return;
    const known = this.compared.get(of);
    this.comparison = known ? { of, found: known } : null;
    if (known) return;
    const still = () => this.store.maps.shown === first && this.id === second;
    this.store.source.compare(first, second).then(
      (found) => {
        this.compared.set(of, found);
        if (still()) this.comparison = { of, found };
      },
      (e) => {
        if (still()) this.comparison = { of, found: this.store.told(e) };
      },
    );
  }
  private readonly laidTo = $derived.by(() => (this.laid && this.store.maps.map ? this.laid.map((v) => v / this.store.maps.map!.radius) : null));
  /** From where rows lie to where they lie in the map beside: those that are selected, else those that moved most. */
  readonly arrows: Arrows | null = $derived.by(() => {
    const { laid, laidTo: to } = this;
    const { map } = this.store.maps;
    if (!map || !laid || !to) return null;
    const { row, rows } = this.store.selection;
    const selected = row !== null ? [row] : rows;
    if (selected) {
      const step = Math.ceil(selected.length / CHOSEN_SHOWN);
      return { rows: selected.filter((_, i) => i % step === 0), to, dims: map.dims, chosen: true };
    }
    const { shown } = this.store.filters;
    return { rows: mostMoved(map.coords, laid, map.dims, MOVED_SHOWN, (row) => shown?.[row] !== 0), to, dims: map.dims, chosen: false };
  });
}
