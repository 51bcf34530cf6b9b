// The one store: what is known of the data, and what the reader chose.
import { tick } from "svelte";
import { readPlace, writePlace } from "./address.ts";
import { type DataSource, SourceError } from "./data/source.ts";
import type { Column, Comparison, Failure, Field, KeptMap, MapData, Method, RowInfo, Stable, State } from "./data/types.ts";
import { isShare, KEPT, type Share, shareRange } from "./ink.ts";
import type { View } from "./scatter/camera.ts";
import { laidOnto, mostMoved } from "./scatter/laid.ts";
import type { Arrows, Scatter } from "./scatter/scatter.ts";
import type { Theme } from "./scatter/palette.ts";
import { TOPIC_FIELD, TopicStore } from "./topics/store.svelte.ts";

/** A connection that comes back within this time was never worth a word. */
const PATIENCE_MS = 1200;
const NOTE_MS = 6000;
/** Arrows of the rows that moved most, and of chosen ones: more would be a thicket. */
const MOVED_SHOWN = 300;
const CHOSEN_SHOWN = 1500;

export class Store {
  readonly source: DataSource;
  state = $state.raw<State | null>(null);
  /** Metadata columns; kept while they stay the same, since states come ten times a second. */
  fields = $state.raw<Field[]>([]);
  online = $state(true);
  /** The newest map and how far to trust it. */
  private live = $state.raw<MapData | null>(null);
  private liveTrust = $state.raw<Float32Array | null>(null);
  /** The maps that are kept, and what was fetched of them. */
  maps = $state.raw<KeptMap[]>([]);
  private kept = $state.raw<ReadonlyMap<number, { map: MapData; trust: Float32Array | null }>>(new Map());
  /** The kept map that is shown in place of the newest. */
  picked = $state<number | null>(null);
  get newest(): MapData | null {
    return this.live;
  }
  readonly map = $derived(this.picked === null ? this.live : (this.kept.get(this.picked)?.map ?? null));
  readonly trust = $derived(this.picked === null ? this.liveTrust : (this.kept.get(this.picked)?.trust ?? null));
  /** What is told of the map that is shown. */
  readonly about: Pick<State, keyof State & keyof KeptMap> | null = $derived(this.maps.find((m) => m.id === this.picked) ?? this.state);
  /** Name of the map that is shown; 0 while it is being learned. */
  readonly shown = $derived(this.picked ?? this.state?.map_id ?? 0);
  /** The kept map that is shown; null while it is learned. */
  readonly keptShown: KeptMap | null = $derived(this.maps.find((m) => m.id === this.shown) ?? null);
  /** What of maps is there again when they are made again, by row. */
  private stable = $state.raw<ReadonlyMap<number, Stable>>(new Map());
  readonly again = $derived(this.stable.get(this.shown) ?? null);
  /** The shares by which the map that is shown is colored, and those for the eye (see ink.ts): averaged over places where points are many. */
  readonly shares = $derived(this.sharesOf(this.shown, this.trust));
  colored = $state.raw<Float32Array | null>(null);
  readonly shareRange = $derived(shareRange(this.colored ?? this.shares));
  /** The kept map beside the one that is shown. */
  besideId = $state<number | null>(null);
  readonly beside = $derived(this.besideId === null ? null : (this.kept.get(this.besideId) ?? null));
  /** The map beside, laid onto the one that is shown: in its units. None while that is learned, or where one is in 3-D and the other is not. */
  readonly laid = $derived(this.beside && this.map && this.shown !== 0 ? laidOnto(this.map, this.beside.map) : null);
  besideInfo = $state.raw<RowInfo | null>(null);
  comparison = $state.raw<{ of: string; found: Comparison | Failure } | null>(null);
  private readonly compared = new Map<string, Comparison>();
  methods = $state.raw<Method[] | null>(null);

  theme = $state<Theme>("light");
  by = $state<string | null>(null);
  only = $state.raw<Set<number> | null>(null);
  shade = $state(false);
  row = $state<number | null>(null);
  info = $state.raw<RowInfo | null>(null);
  /** Rows of a lassoed selection, ascending. */
  rows = $state.raw<number[] | null>(null);
  /** The line of that selection on a flat map, in map units. */
  lasso = $state.raw<[number, number][] | null>(null);
  /** Whether it was drawn on the map beside. */
  lassoBeside = $state(false);
  flat = $state(false);
  lassoing = $state(false);
  view = $state.raw<View | null>(null);
  hover = $state.raw<{ row: number; x: number; y: number; beside: boolean } | null>(null);

  table = $state(false);
  private gridWanted = $state(false);
  /** Whether the maps of several parameters stand in place of the one. */
  readonly grid = $derived(this.gridWanted && this.state !== null && this.state.grid !== null);
  keys = $state(false);
  /** The sheet that is open where the window is narrow. */
  sheet = $state<"none" | "left" | "right">("none");
  renderer = $state<{ kind: string; why: string } | null>(null);
  note = $state<(Failure & { good?: boolean }) | null>(null);
  /** Columns that were fetched, by field. */
  columns = $state.raw<ReadonlyMap<number, Column>>(new Map());

  scatter: Scatter | null = null;
  scatterBeside: Scatter | null = null;
  readonly names = new Map<number, { id: string; label: string | null }>();
  private asking = new Set<number>();
  private fetching = false;
  private wanted = 0;
  /** Version of the map that is shown; 0 where any other is newer. */
  private have = 0;
  private lost = false;
  private fieldsTold = "";
  private trustVersion = 0;
  private mapsVersion = 0;
  /** Where each map was looked at from; null where all of it was shown. */
  private readonly views = new Map<number, View | null>();
  private measuredVersion = "";
  private noteTimer = 0;
  private lostTimer = 0;
  private writeTimer = 0;
  /** What programs know to be selected. */
  private toldSelection = "[]";
  private readonly arrived = readPlace(location.hash);
  readonly topics: TopicStore;
  private documentsWanted = $state(false);
  /** What stands in the middle: the topics where there are any, or the documents' map. */
  readonly page: "topics" | "documents" = $derived.by(() => (this.source.topics && this.state?.topics && !this.documentsWanted ? "topics" : "documents"));

  constructor(source: DataSource) {
    this.source = source;
    this.topics = new TopicStore(this, source.topics, this.arrived);
    this.documentsWanted = this.arrived.documents;
    let saved: string | null = null;
    try {
      saved = localStorage.getItem("latentspace-theme");
    } catch {
      // storage may be forbidden: the system's choice is used
    }
    this.theme = saved === "dark" || saved === "light" ? saved : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    this.shade = this.arrived.shade;
    this.view = this.arrived.view;
    this.flat = this.arrived.flat;
    this.table = this.arrived.table;
    this.gridWanted = this.arrived.grid;
    this.only = this.arrived.only ? new Set(this.arrived.only) : null;
  }

  start(): () => void {
    return this.source.listen({
      state: (s) => this.take(s),
      map: (version) => this.fetchMap(version),
      selected: () => this.fetchSelection(),
      connected: (yes) => {
        clearTimeout(this.lostTimer);
        if (yes) this.online = true;
        else {
          this.lost = true;
          this.lostTimer = window.setTimeout(() => (this.online = false), PATIENCE_MS);
        }
      },
    });
  }

  private take(state: State): void {
    this.state = state;
    this.topics.take(state.topics ?? null);
    const told = JSON.stringify(state.fields);
    const first = told !== this.fieldsTold;
    if (first) {
      this.fieldsTold = told;
      this.fields = state.fields;
    }
    if (this.lost && this.online) {
      // Another server may answer now, whose versions and columns begin anew.
      this.lost = false;
      this.have = this.wanted = this.trustVersion = this.mapsVersion = 0;
      [this.picked, this.besideId, this.maps, this.kept, this.stable] = [null, null, [], new Map(), new Map()];
      this.compared.clear();
      this.topics.take(null);
      this.topics.take(state.topics ?? null);
      this.columns = new Map();
      this.needColumn();
    }
    // What the last map kept says nothing of the one that is being learned.
    if (state.phase === "fitting" && state.measures === null) this.liveTrust = null;
    if (first && state.fields.length > 0) {
      const named = state.fields.filter((f) => f.type !== "text").map((f) => f.name);
      const asked = this.arrived.by;
      if (asked && (named.includes(asked) || isShare(asked))) this.by = asked;
      this.by ??= (state.fields.find((f) => state.topics && f.name === TOPIC_FIELD && f.type === "category") ?? state.fields.find((f) => f.type === "category") ?? state.fields.find((f) => f.type === "number"))?.name ?? null;
      this.needColumn();
      if (this.topics.topic === null) this.topics.linked();
      else this.topics.link();
    }
    if (state.map && state.map.version > this.have) this.fetchMap(state.map.version);
    if (state.trust_version > this.trustVersion) {
      this.trustVersion = state.trust_version;
      this.source.trust().then((t) => (this.liveTrust = t), (e) => this.fail(e));
    }
    if (state.maps_version > this.mapsVersion) {
      this.mapsVersion = state.maps_version;
      this.fetchMaps().catch((e) => this.fail(e));
    }
    // A new map has other neighbors: what is shown of a row is asked for again once they are known.
    const measured = `${state.phase} ${state.trust_version}`;
    if (measured !== this.measuredVersion && (state.phase === "done" || state.phase === "stopped")) {
      this.measuredVersion = measured;
      if (this.row !== null) this.loadRow(this.row);
    }
    if (state.phase !== "reading" && this.methods === null) {
      this.methods = [];
      this.source.methods().then((m) => (this.methods = m), (e) => this.fail(e));
    }
  }

  private async fetchMap(version: number): Promise<void> {
    this.wanted = Math.max(this.wanted, version);
    if (this.fetching) return;
    this.fetching = true;
    try {
      while (this.wanted > this.have) {
        const asked = this.wanted;
        const map = await this.source.map();
        const first = this.live === null;
        if (map) this.live = map;
        this.have = map?.version ?? 0;
        // An answer older than promised: the next event will tell.
        if (!map || map.version < asked) this.wanted = map?.version ?? 0;
        if (first && map) this.arrive().catch((e) => this.fail(e));
      }
    } catch (e) {
      this.fail(e);
    } finally {
      this.fetching = false;
    }
  }
  private async fetchMaps(): Promise<void> {
    this.maps = await this.source.maps();
    const there = new Set(this.maps.map((m) => m.id));
    if (this.picked !== null && !there.has(this.picked)) this.picked = null;
    if (this.besideId !== null && !there.has(this.besideId)) this.besideId = null;
    this.kept = new Map([...this.kept].filter(([id]) => there.has(id)));
    if (this.besideId === this.shown) this.besideId = null; // it was learned again
    this.compare();
    for (const { id, stability } of this.maps)
      if (stability && !this.stable.has(id))
        this.source.keptStability(id).then(
          (found) => found && (this.stable = new Map(this.stable).set(id, found)),
          (e) => this.fail(e),
        );
  }
  /** The shares of a map by which maps are colored; null where they are not known of it. */
  sharesOf(id: number, trust: Float32Array | null): Float32Array | null {
    if (typeof this.field !== "string") return null;
    if (this.field === KEPT) return trust;
    return this.stable.get(id)?.[this.field === "@seeds" ? "seeds" : "draws"] ?? null;
  }
  /** Makes the map that is shown again, to tell what of it is the data's. */
  makeAgain(): void {
    this.source.makeAgain(this.shown).catch((e) => this.fail(e));
  }
  /** Selects the rows of groups of the map that is shown. */
  async chooseGroups(groups: number[]): Promise<void> {
    const of = await this.source.keptGroups(this.shown);
    const rows: number[] = [];
    of?.forEach((group, row) => groups.includes(group) && rows.push(row));
    this.chooseRows(rows, null);
  }
  /** How a parameter is called in sentences. */
  titleOf(method: string | undefined, parameter: string): string {
    return this.methods?.find((m) => m.name === method)?.parameters.properties?.[parameter]?.title ?? parameter;
  }
  /** The name of a method's parameter of the number of dimensions. */
  dimensionsOf(method: string | undefined): string {
    const properties = this.methods?.find((m) => m.name === method)?.parameters.properties ?? {};
    return Object.entries(properties).find(([, p]) => p.role === "dimensions")?.[0] ?? "n_components";
  }
  /** A kept map's coordinates, fetched once. */
  async keptMap(id: number): Promise<MapData> {
    const known = this.kept.get(id);
    if (known) return known.map;
    // The newest is here already.
    const live = id === this.state?.map_id && this.live?.version === this.state.map?.version ? this.live : null;
    const [map, trust] = await Promise.all([live ?? this.source.keptMap(id), this.source.keptTrust(id)]);
    if (this.maps.some((m) => m.id === id)) this.kept = new Map(this.kept).set(id, { map, trust });
    return map;
  }
  /** Shows a kept map, or with null the newest; `view`: where it is looked at from, if not from where it was last. */
  async show(id: number | null, view?: View | null): Promise<void> {
    const wanted = id === null || id === this.state?.map_id ? null : id;
    if (wanted === this.picked) return;
    if (wanted !== null) await this.keptMap(wanted);
    // The map beside comes to be shown: the two change places.
    const before = this.shown;
    const swap = this.besideId !== null && this.besideId === (wanted ?? this.state?.map_id);
    if (swap && this.maps.some((m) => m.id === before)) {
      await this.keptMap(before);
      this.besideId = before;
    } else if (swap) this.besideId = null;
    this.views.set(this.shown, this.view);
    if (view !== undefined) this.views.set(id ?? this.state?.map_id ?? 0, view);
    this.picked = wanted;
    this.view = this.lastView;
    this.lasso = null; // its line was of the last map
    if (this.row !== null) this.loadRow(this.row);
    this.compare();
    this.write();
  }
  /** Shows a kept map beside the one that is shown, or with null that one alone. */
  async showBeside(id: number | null): Promise<void> {
    if (id === this.besideId || (id !== null && id === this.shown)) return;
    if (id !== null) await this.keptMap(id);
    this.scatter?.keepMiddle();
    this.besideId = id;
    if (this.lassoBeside) this.lasso = null;
    if (this.row !== null) this.loadRow(this.row);
    this.compare();
    this.write();
  }
  /** The map that would be shown beside: the newest of another kind, else the newest other. */
  readonly other: number | null = $derived.by(() => {
    const others = this.maps.filter((m) => m.id !== this.shown);
    return (others.findLast((m) => m.method !== this.about?.method) ?? others.at(-1))?.id ?? null;
  });
  toggleBeside(): void {
    if (this.besideId === null && this.other === null) return this.say({ error: "There is one map so far.", hint: "Learn a second one to see what moves." });
    this.setGrid(false);
    this.showBeside(this.besideId === null ? this.other : null).catch((e) => this.fail(e));
  }
  /** Asks what the two maps have in common, once both are learned. */
  private compare(): void {
    const [first, second] = [this.shown, this.besideId];
    const of = `${first} ${second}`;
    if (first === 0 || second === null || this.comparison?.of === of) return;
    const known = this.compared.get(of);
    this.comparison = known ? { of, found: known } : null;
    if (known) return;
    const still = () => this.shown === first && this.besideId === second;
    this.source.compare(first, second).then(
      (found) => {
        this.compared.set(of, found);
        if (still()) this.comparison = { of, found };
      },
      (e) => {
        if (still()) this.comparison = { of, found: this.told(e) };
      },
    );
  }
  private readonly laidTo = $derived(this.laid && this.map ? this.laid.map((v) => v / this.map!.radius) : null);
  /** From where rows lie to where they lie in the map beside: those that are selected, else those that moved most. */
  readonly arrows: Arrows | null = $derived.by(() => {
    const { map, laid, laidTo: to } = this;
    if (!map || !laid || !to) return null;
    const selected = this.row !== null ? [this.row] : this.rows;
    if (selected) {
      const step = Math.ceil(selected.length / CHOSEN_SHOWN);
      return { rows: selected.filter((_, i) => i % step === 0), to, chosen: true };
    }
    const { only, field, column } = this;
    const filtered = only && typeof field === "object" && field?.type === "category" && column?.length === map.rows ? column : null;
    return { rows: mostMoved(map.coords, laid, map.dims, MOVED_SHOWN, (row) => !filtered || only!.has(filtered[row]!)), to, chosen: false };
  });
  /** Where the map that is shown was last looked at from. */
  get lastView(): View | null {
    return this.views.get(this.shown) ?? null;
  }
  /** The kept map after the one that is shown, or before it. */
  showNext(step: 1 | -1): void {
    const at = this.maps.findIndex((m) => m.id === this.shown);
    const next = this.maps[(at + step + this.maps.length) % this.maps.length];
    if (next) this.show(next.id).catch((e) => this.fail(e));
  }
  /** Shows what a program selected. */
  private fetchSelection(): void {
    this.source.selection?.().then(
      (rows) => {
        this.toldSelection = JSON.stringify(rows);
        if (rows.length === 1) {
          this.chooseRows(null, null);
          this.choose(rows[0]!, true);
        } else this.chooseRows(rows, null);
      },
      (e) => this.fail(e),
    );
  }
  /** Tells programs what is selected: the lassoed rows, or the chosen one. */
  private tellSelection(): void {
    const rows = this.rows ?? (this.row === null ? [] : [this.row]);
    const told = JSON.stringify(rows);
    if (told === this.toldSelection || (this.state?.rows ?? 0) === 0) return;
    this.toldSelection = told;
    this.source.select?.(rows).catch(() => undefined); // the reader lost nothing; who listens will hear of the next one
  }
  /** What the address asked for, once there is a map to show it on. */
  private async arrive(): Promise<void> {
    const { row, rows, lasso, map, view, beside } = this.arrived;
    const n = this.live?.rows ?? 0;
    if (map !== null || beside !== null) await this.fetchMaps();
    const there = (id: number | null) => id !== null && this.maps.some((m) => m.id === id);
    if (there(map)) {
      this.view = null;
      await this.show(map, view);
    }
    if (there(beside)) await this.showBeside(beside);
    await tick();
    if (lasso && this.scatter) this.chooseRows(this.scatter.rowsInside(lasso), lasso);
    else if (rows) this.chooseRows(rows.filter((r) => r < n), null);
    if (row !== null && row < n) this.choose(row);
  }

  readonly field: Field | Share | null = $derived(isShare(this.by) ? this.by : (this.fields.find((f) => f.name === this.by && f.type !== "text") ?? null));
  /** Methods that take this kind of data; all of them where none says so. */
  readonly offered: Method[] = $derived.by(() => {
    const kind = this.state?.kind === "array" ? "table" : (this.state?.kind ?? "");
    const fit = (this.methods ?? []).filter((m) => m.takes.includes(kind) || m.name === this.state?.method);
    return fit.length > 0 ? fit : (this.methods ?? []);
  });
  /** Whether something is being read or learned. */
  readonly busy = $derived(this.state !== null && !["done", "stopped", "failed"].includes(this.state.phase));
  get column(): Column | null {
    const f = this.field;
    return f && typeof f === "object" ? (this.columns.get(f.index) ?? null) : null;
  }
  /** Names of fields that can be colored by. */
  get choices(): string[] {
    const named = this.fields.filter((f) => f.type !== "text").map((f) => f.name);
    const shares: Share[] = [...(this.trust ? [KEPT] : []), ...(this.again ? (["@seeds", "@draws"] as const) : [])];
    // What was chosen of another map stays chosen.
    return [...named, ...shares, ...(isShare(this.by) && !shares.includes(this.by) ? [this.by] : [])];
  }

  colorBy(name: string): void {
    this.by = name;
    this.only = null;
    this.topics.link();
    this.needColumn();
    this.write();
  }
  nextColor(): void {
    const { choices } = this;
    if (choices.length > 0) this.colorBy(choices[(choices.indexOf(this.by ?? "") + 1) % choices.length]!);
  }
  private needColumn(): void {
    const f = this.field;
    if (!f || typeof f === "string" || this.columns.has(f.index) || this.asking.has(f.index)) return;
    this.asking.add(f.index);
    this.source.column(f.index).then(
      (c) => {
        this.asking.delete(f.index);
        this.columns = new Map(this.columns).set(f.index, c);
      },
      (e) => {
        this.asking.delete(f.index);
        this.fail(e);
      },
    );
  }
  /** Shows only this category, or adds it to those shown, or takes it away again. */
  toggle(code: number): void {
    const next = new Set(this.only ?? []);
    if (!next.delete(code)) next.add(code);
    this.only = next.size > 0 ? next : null;
    this.topics.linked();
    this.write();
  }
  showAll(): void {
    this.only = null;
    this.topics.linked();
    this.write();
  }
  setShade(on: boolean): void {
    this.shade = on;
    this.write();
  }
  setFlat(flat: boolean): void {
    this.flat = flat;
    this.scatter?.setFlat(flat);
    this.scatterBeside?.setFlat(flat);
    this.view = null;
    this.write();
  }

  choose(row: number | null, reveal = false): void {
    this.row = row;
    if (row === null) this.info = this.besideInfo = null;
    else {
      this.loadRow(row);
      this.topics.open(row);
      this.sheet = "right";
      if (reveal) this.scatter?.reveal(row);
    }
    this.write();
  }
  private loadRow(row: number): void {
    const map = this.picked;
    this.source.row(row, map ?? undefined).then(
      (info) => {
        if (this.row !== row || this.picked !== map) return;
        this.info = info;
        this.names.set(row, { id: info.id, label: null });
      },
      (e) => {
        if (this.row === row) this.fail(e);
      },
    );
    const beside = this.besideId;
    if (beside === null) this.besideInfo = null;
    else
      this.source.row(row, beside).then(
        (info) => {
          if (this.row === row && this.besideId === beside) this.besideInfo = info;
        },
        () => undefined, // the map that is shown tells of it
      );
  }
  chooseRows(rows: number[] | null, lasso: [number, number][] | null, beside = false): void {
    this.rows = rows && rows.length > 0 ? rows : null;
    this.lasso = this.rows ? lasso : null;
    this.lassoBeside = beside;
    this.row = null;
    this.info = this.besideInfo = null;
    if (this.rows) this.sheet = "right";
    this.write();
  }
  clear(): void {
    if (this.row !== null && this.rows) this.choose(null); // back to the selection first
    else if (this.row === null && this.rows === null && this.topics.topic !== null) this.topics.select(null);
    else {
      this.choose(null);
      this.chooseRows(null, null);
      this.sheet = "none";
    }
  }
  moved(view: View): void {
    this.view = this.scatter?.following ? null : { ...view };
    this.write();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    try {
      localStorage.setItem("latentspace-theme", theme);
    } catch {
      // kept for this visit alone
    }
  }
  setTable(open: boolean): void {
    this.table = open;
    this.write();
  }

  /** Between the topics and the documents' map. */
  setPage(page: "topics" | "documents"): void {
    this.documentsWanted = page === "documents";
    this.sheet = "none";
    this.hover = null;
    this.write();
  }

  setGrid(open: boolean): void {
    this.gridWanted = open;
    this.write();
  }
  /** Learns a map for each value of one parameter, and shows them as they come. */
  async fitGrid(method: string, params: Record<string, unknown>, vary: string, values: number[]): Promise<Failure | null> {
    try {
      await this.source.fitGrid(method, params, vary, values);
      await this.show(null);
      this.sheet = "none";
      this.setGrid(true);
      return null;
    } catch (e) {
      return this.told(e);
    }
  }
  async fit(method: string, params: Record<string, unknown>): Promise<Failure | null> {
    const [shown, view] = [this.shown, this.view];
    try {
      await this.source.fit(method, params);
      this.views.set(shown, view);
      this.setGrid(false);
      await this.show(null);
      this.choose(null);
      this.lasso = null; // its line was of the last map
      this.scatter?.fit();
      return null;
    } catch (e) {
      return this.told(e);
    }
  }
  stop(): void {
    this.source.stop().catch((e) => this.fail(e));
  }

  told(e: unknown): Failure {
    return e instanceof SourceError ? { error: e.error, hint: e.hint } : { error: e instanceof Error ? e.message : String(e), hint: null };
  }
  fail(e: unknown): void {
    this.say(this.told(e));
  }
  say(note: Failure & { good?: boolean }): void {
    this.note = note;
    clearTimeout(this.noteTimer);
    this.noteTimer = window.setTimeout(() => (this.note = null), NOTE_MS);
  }

  /** Mirrors the choices in the address. */
  write(): void {
    clearTimeout(this.writeTimer);
    this.writeTimer = window.setTimeout(() => {
      history.replaceState(null, "", this.address());
      this.tellSelection();
    }, 150);
  }
  address(): string {
    const place = writePlace({
      by: this.by,
      only: this.only ? [...this.only].sort((a, b) => a - b) : null,
      shade: this.shade,
      row: this.row,
      rows: this.rows,
      lasso: this.lassoBeside ? null : this.lasso,
      view: this.view,
      flat: this.flat,
      map: this.picked,
      beside: this.besideId,
      grid: this.gridWanted,
      table: this.table,
      documents: this.documentsWanted,
      ...this.topics.chosenPlace,
    });
    const url = new URL(location.href);
    url.searchParams.delete("token"); // the cookie stands for it; it should not be handed on
    url.hash = place;
    return url.href;
  }
}
