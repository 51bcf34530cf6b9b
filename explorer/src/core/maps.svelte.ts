// The maps: the newest, those that are kept, and which is shown.
import { tick } from "svelte";
import type { Failure, KeptMap, MapData, Stable, State } from "../data/types.ts";
import type { View } from "../scatter/camera.ts";
import type { Place } from "./address.ts";
import type { Store } from "./store.svelte.ts";

export class Maps {
  private readonly store: Store;
  /** The newest map and how far to trust it. */
  newest = $state.raw<MapData | null>(null);
  private newestTrust = $state.raw<Float32Array | null>(null);
  /** The maps that are kept, the oldest first, and what was fetched of them. */
  list = $state.raw<KeptMap[]>([]);
  private kept = $state.raw<ReadonlyMap<number, { map: MapData; trust: Float32Array | null }>>(new Map());
  /** The kept map that is shown in place of the newest. */
  picked = $state<number | null>(null);
  readonly map = $derived(this.picked === null ? this.newest : (this.kept.get(this.picked)?.map ?? null));
  readonly trust = $derived(this.picked === null ? this.newestTrust : (this.kept.get(this.picked)?.trust ?? null));
  /** What is told of the map that is shown. */
  readonly about: Pick<State, keyof State & keyof KeptMap> | null = $derived.by(() => this.list.find((m) => m.id === this.picked) ?? this.store.state);
  /** Name of the map that is shown; 0 while it is being learned. */
  readonly shown: number = $derived.by(() => this.picked ?? this.store.state?.map_id ?? 0);
  /** The kept map that is shown; null while it is learned. */
  readonly keptShown: KeptMap | null = $derived(this.list.find((m) => m.id === this.shown) ?? null);
  /** Whether the map that is shown came without its data: neighbors are those on the map itself. */
  readonly given: boolean = $derived(this.keptShown !== null && !this.keptShown.learned && this.keptShown.measures === null);
  /** What of maps is there again when they are made again, by row. */
  private stables = $state.raw<ReadonlyMap<number, Stable>>(new Map());
  readonly stable = $derived(this.stables.get(this.shown) ?? null);

  /** The group of each row in a map, MISSING where it is in none. */
  private grouped = $state.raw<ReadonlyMap<number, Uint32Array>>(new Map());
  readonly groupsShown: Uint32Array | null = $derived(this.grouped.get(this.shown) ?? null);

  private fetching = false;
  private wanted = 0;
  /** Version of the map that is shown; 0 where any other is newer. */
  private have = 0;
  private trustVersion = 0;
  private listVersion = 0;
  private measured = "";
  private readonly arrived: Place;

  constructor(store: Store, place: Place) {
    this.store = store;
    this.arrived = place;
  }

  reset(): void {
    this.have = this.wanted = this.trustVersion = this.listVersion = 0;
    [this.picked, this.list, this.kept, this.stables, this.grouped] = [null, [], new Map(), new Map(), new Map()];
  }
  take(state: State): void {
    // What the last map kept says nothing of the one that is being learned.
    if (state.phase === "fitting" && state.measures === null) this.newestTrust = null;
    if (state.map && state.map.version > this.have) this.fetch(state.map.version);
    if (state.trust_version > this.trustVersion) {
      this.trustVersion = state.trust_version;
      this.store.source.trust().then((t) => (this.newestTrust = t), (e) => this.store.fail(e));
    }
    if (state.maps_version > this.listVersion) {
      this.listVersion = state.maps_version;
      this.fetchList().catch((e) => this.store.fail(e));
    }
    // A new map has other neighbors: what is shown of a row is asked for again once they are known.
    const measured = `${state.phase} ${state.trust_version}`;
    if (measured !== this.measured && (state.phase === "done" || state.phase === "stopped")) {
      this.measured = measured;
      this.store.selection.load();
    }
  }

  async fetch(version: number): Promise<void> {
    this.wanted = Math.max(this.wanted, version);
    if (this.fetching) return;
    this.fetching = true;
    try {
      while (this.wanted > this.have) {
        const asked = this.wanted;
        const map = await this.store.source.map();
        const first = this.newest === null;
        if (map) this.newest = map;
        this.have = map?.version ?? 0;
        // An answer older than promised: the next event will tell.
        if (!map || map.version < asked) this.wanted = map?.version ?? 0;
        if (first && map) this.arrive().catch((e) => this.store.fail(e));
      }
    } catch (e) {
      this.store.fail(e);
    } finally {
      this.fetching = false;
    }
  }
  async fetchList(): Promise<void> {
    this.list = await this.store.source.maps();
    const there = new Set(this.list.map((m) => m.id));
    if (this.picked !== null && !there.has(this.picked)) this.picked = null;
    this.kept = new Map([...this.kept].filter(([id]) => there.has(id)));
    this.store.columns.needAll();
    this.store.tell((slice) => slice.listed?.());
    for (const { id, stability } of this.list)
      if (stability && !this.stables.has(id))
        this.store.source.keptStability(id).then(
          (found) => found && (this.stables = new Map(this.stables).set(id, found)),
          (e) => this.store.fail(e),
        );
  }
  has(id: number | null): id is number {
    return id !== null && this.list.some((m) => m.id === id);
  }
  stableOf(id: number): Stable | null {
    return this.stables.get(id) ?? null;
  }
  /** Makes the map that is shown again, to tell what of it is the data's. */
  makeAgain(): void {
    this.store.source.makeAgain(this.shown).catch((e) => this.store.fail(e));
  }
  /** Fetches the groups of the map that is shown, once. */
  async needGroups(): Promise<void> {
    const { shown } = this;
    if (!this.keptShown?.groups || this.grouped.has(shown)) return;
    try {
      const found = await this.store.source.keptGroups(shown);
      if (found) this.grouped = new Map(this.grouped).set(shown, found);
    } catch (e) {
      this.store.fail(e);
    }
  }
  /** Selects the rows of groups of the map that is shown. */
  async chooseGroups(groups: number[]): Promise<void> {
    await this.needGroups();
    const of = this.groupsShown;
    const rows: number[] = [];
    of?.forEach((group, row) => groups.includes(group) && rows.push(row));
    this.store.selection.chooseRows(rows, null);
  }
  /** What was fetched of a kept map. */
  known(id: number): { map: MapData; trust: Float32Array | null } | null {
    return this.kept.get(id) ?? null;
  }
  /** A kept map's coordinates, fetched once. */
  async coordinates(id: number): Promise<MapData> {
    const known = this.kept.get(id);
    if (known) return known.map;
    const { source, state } = this.store;
    // The newest is here already.
    const live = id === state?.map_id && this.newest?.version === state.map?.version ? this.newest : null;
    const [map, trust] = await Promise.all([live ?? source.keptMap(id), source.keptTrust(id)]);
    if (this.has(id)) this.kept = new Map(this.kept).set(id, { map, trust });
    return map;
  }
  /** Shows a kept map, or with null the newest; `view`: where it is looked at from, if not from where it was last. */
  async show(id: number | null, view?: View | null): Promise<void> {
    const { store } = this;
    const newest = store.state?.map_id;
    const wanted = id === null || id === newest ? null : id;
    if (wanted === this.picked) return;
    if (wanted !== null) await this.coordinates(wanted);
    const before = this.shown;
    for (const room of store.rooms) await store.slice(room.id)?.showing?.(wanted ?? newest ?? null, before);
    store.camera.keep(this.shown, store.camera.view);
    if (view !== undefined) store.camera.keep(id ?? newest ?? 0, view);
    this.picked = wanted;
    store.camera.view = store.camera.last;
    store.selection.lasso = null; // its line was of the last map
    store.selection.load();
    store.columns.needAll();
    store.tell((slice) => slice.shown?.());
    store.write();
  }
  /** The kept map after the one that is shown, or before it. */
  showNext(step: 1 | -1): void {
    const at = this.list.findIndex((m) => m.id === this.shown);
    const next = this.list[(at + step + this.list.length) % this.list.length];
    if (next) this.show(next.id).catch((e) => this.store.fail(e));
  }
  /** What the address asked for, once there is a map to show it on. */
  private async arrive(): Promise<void> {
    const { row, rows, lasso, map, view } = this.arrived;
    const { camera, selection } = this.store;
    const n = this.newest?.rows ?? 0;
    if (map !== null) await this.fetchList();
    if (this.has(map)) {
      camera.view = null;
      await this.show(map, view);
    }
    for (const room of this.store.rooms) await this.store.slice(room.id)?.arrive?.();
    await this.store.filters.ready(); // rows that are filtered away are not within the lasso
    await tick();
    if (lasso && camera.scatter) selection.chooseRows(camera.scatter.rowsInside(lasso), lasso);
    else if (rows) selection.chooseRows(rows.filter((r) => r < n), null);
    if (row !== null && row < n) selection.choose(row);
  }
  async fit(method: string, params: Record<string, unknown>): Promise<Failure | null> {
    const { store } = this;
    const [shown, view] = [this.shown, store.camera.view];
    try {
      await store.source.fit(method, params);
      store.camera.keep(shown, view);
      store.uncover();
      await this.show(null);
      store.selection.choose(null);
      store.selection.lasso = null; // its line was of the last map
      store.camera.scatter?.fit();
      return null;
    } catch (e) {
      return store.told(e);
    }
  }
}
