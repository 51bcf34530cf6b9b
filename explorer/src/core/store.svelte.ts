// The core of what is known and chosen: the connection to the data, the columns, the maps, the rows, the camera. Each room has
// a slice of its own beside it.
import { type DataSource, SourceError } from "../data/source.ts";
import type { Failure, Method, State } from "../data/types.ts";
import type { Theme } from "../scatter/palette.ts";
import { readPlace, writePlace } from "./address.ts";
import { Annotations } from "./annotations.svelte.ts";
import { CameraState } from "./camera.svelte.ts";
import { Columns } from "./columns.svelte.ts";
import { Drawing } from "./drawing.svelte.ts";
import { Maps } from "./maps.svelte.ts";
import { Filters } from "./filters.svelte.ts";
import { Observations } from "./observation/observations.svelte.ts";
import { RowNames } from "./row-names.svelte.ts";
import { met, pagesOf, type Room, type Slice } from "./room.ts";
import { SharedView } from "./shared.ts";
import { Selection } from "./selection.svelte.ts";

/** A connection that comes back within this time was never worth a word. */
const PATIENCE_MS = 1200;
const NOTE_MS = 6000;

export class Store {
  readonly source: DataSource;
  readonly rooms: readonly Room[];
  state = $state.raw<State | null>(null);
  online = $state(true);
  methods = $state.raw<Method[] | null>(null);
  theme = $state<Theme>("light");
  keys = $state(false);
  /** The sheet that is open where the window is narrow. */
  sheet = $state<"none" | "left" | "right">("none");
  note = $state<(Failure & { good?: boolean }) | null>(null);

  readonly columns: Columns;
  readonly filters: Filters;
  readonly names: RowNames;
  readonly observations: Observations;
  readonly maps: Maps;
  readonly selection: Selection;
  readonly camera: CameraState;
  readonly annotations: Annotations;
  readonly shared: SharedView;
  readonly drawing: Drawing;
  private readonly slices: ReadonlyMap<string, Slice>;

  /** The room that was asked for; null: the first. */
  private wanted = $state<string | null>(null);
  /** The rooms whose need these data meet. */
  readonly met: Room[] = $derived.by(() => met(this.rooms, this.state?.can ?? []));
  /** The pages among them, one of which is shown. */
  readonly pages: Room[] = $derived.by(() => pagesOf(this.rooms, this.state?.can ?? [], (r) => r.when?.(this) ?? true));
  readonly page: Room = $derived(this.pages.find((r) => r.id === this.wanted) ?? this.pages[0]!);

  private lost = false;
  private noteTimer = 0;
  private lostTimer = 0;
  private writeTimer = 0;

  constructor(source: DataSource, rooms: readonly Room[]) {
    this.source = source;
    this.rooms = rooms;
    const address = new URLSearchParams(location.hash.replace(/^#/, ""));
    const place = readPlace(address);
    this.wanted = place.page;
    this.columns = new Columns(this, place);
    this.filters = new Filters(this, place);
    this.names = new RowNames(this, place.name);
    this.observations = new Observations(this);
    this.camera = new CameraState(this, place);
    this.drawing = new Drawing(this, address);
    this.selection = new Selection(this, place);
    this.annotations = new Annotations(this);
    this.shared = new SharedView(this);
    this.maps = new Maps(this, place);
    this.slices = new Map(rooms.flatMap((r) => (r.slice ? [[r.id, r.slice(this, address)]] : [])));
    let saved: string | null = null;
    try {
      saved = localStorage.getItem("latentspace-theme");
    } catch {
      // storage may be forbidden: the system's choice is used
    }
    this.theme = saved === "dark" || saved === "light" ? saved : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  /** A room's part of the state; each room knows the type of its own alone. */
  slice(room: string): Slice | undefined {
    return this.slices.get(room);
  }
  /** Tells every room. */
  tell(what: (slice: Slice) => void): void {
    for (const slice of this.slices.values()) what(slice);
  }

  start(): () => void {
    return this.source.listen({
      state: (s) => this.take(s),
      map: (version) => this.maps.fetch(version),
      selected: () => this.selection.fetch(),
      viewed: () => void this.shared.fetch().catch((e) => this.fail(e)),
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
    if (this.lost && this.online) {
      // Another server may answer now, whose versions and columns begin anew.
      this.lost = false;
      this.maps.reset();
      this.columns.reset();
      this.drawing.thumbnails.reset();
      this.observations.reset();
      this.tell((slice) => slice.reset?.());
    }
    this.tell((slice) => slice.take?.(state));
    if (state.rows > 0) this.selection.takeSets();
    this.columns.take(state);
    this.observations.take(state);
    this.maps.take(state);
    if (state.phase !== "reading" && state.phase !== "empty" && this.methods === null) {
      this.methods = [];
      this.source.methods().then((m) => (this.methods = m), (e) => this.fail(e));
    }
  }

  /** Whether something is being read or learned. */
  readonly busy = $derived(this.state !== null && !["empty", "done", "stopped", "failed"].includes(this.state.phase));
  /** Methods that take this kind of data; all of them where none says so. */
  readonly offered: Method[] = $derived.by(() => {
    const kind = this.state?.kind === "array" ? "table" : (this.state?.kind ?? "");
    const fit = (this.methods ?? []).filter((m) => m.takes.includes(kind) || m.name === this.state?.method);
    return fit.length > 0 ? fit : (this.methods ?? []);
  });
  /** How a parameter is called in sentences. */
  titleOf(method: string | undefined, parameter: string): string {
    return this.methods?.find((m) => m.name === method)?.parameters.properties?.[parameter]?.title ?? parameter;
  }
  /** The name of a method's parameter of the number of dimensions. */
  dimensionsOf(method: string | undefined): string {
    const properties = this.methods?.find((m) => m.name === method)?.parameters.properties ?? {};
    return Object.entries(properties).find(([, p]) => p.role === "dimensions")?.[0] ?? "n_components";
  }
  stop(): void {
    this.source.stop().catch((e) => this.fail(e));
  }

  // --- rooms ---

  /** Shows a page. */
  go(id: string): void {
    this.wanted = id === this.pages[0]!.id ? null : id;
    this.sheet = "none";
    this.selection.hover = null;
    this.write();
  }
  /** What is shown within the page. */
  within(as: "over" | "beside"): Room[] {
    return this.met.filter((r) => r.within?.room === this.page.id && r.within.as === as && r.within.open(this));
  }
  /** Closes what lies over the page; false where nothing does. */
  uncover(): boolean {
    const over = this.within("over");
    for (const r of over) r.within?.close?.(this);
    return over.length > 0;
  }
  /** Lets go of what was chosen last: a row, then the selection, then what rooms hold; false where nothing was. */
  letGo(): boolean {
    const { selection } = this;
    const some = selection.row !== null || selection.rows !== null;
    if (selection.row !== null && selection.rows) selection.choose(null); // back to the selection first
    else if (!some && [...this.slices.values()].some((slice) => slice.letGo?.())) return true;
    else {
      selection.choose(null);
      selection.chooseRows(null, null);
      this.sheet = "none";
    }
    return some;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    try {
      localStorage.setItem("latentspace-theme", theme);
    } catch {
      // kept for this visit alone
    }
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
      this.selection.tell();
      this.shared.tell();
    }, 150);
  }
  address(): string {
    const { columns, selection, camera, maps } = this;
    const place = writePlace({
      by: columns.by,
      only: [...this.filters.list],
      isolated: this.filters.isolated,
      name: this.names.chosen,
      shade: columns.shade,
      row: selection.row,
      rows: selection.rows,
      lasso: selection.lassoBeside ? null : selection.lasso,
      view: camera.view,
      flat: camera.flat,
      near: selection.near,
      map: maps.picked,
      page: this.wanted,
    });
    this.drawing.write(place);
    this.tell((slice) => slice.write?.(place));
    const url = new URL(location.href);
    url.searchParams.delete("token"); // the cookie stands for it; it should not be handed on
    url.hash = place.toString();
    return url.href;
  }
}
