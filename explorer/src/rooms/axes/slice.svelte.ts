// What is known of the dimensions of a space, and what the reader does with them.
import { natural } from "../../core/address.ts";
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import type { Failure, MapData } from "../../data/types.ts";
import type { Scatter } from "../../scatter/scatter.ts";
import { askAxes, type AxesSource } from "./source.ts";
import type { ColumnArrow, DecodedRow, DimensionWeights, SpaceAxes } from "./types.ts";

/** Weights, dimensions and sliders shown at first, and how many more a click shows. */
export const FIRST = 12;
/** Steps from one end of a dimension to the other. */
export const STEPS = 5;

export const axesOf = (store: Store) => store.slice("axes") as AxesSlice;

/** Two dimensions of all rows, as a map. */
export interface Plane {
  across: number;
  up: number;
  map: MapData;
}

export class AxesSlice implements Slice {
  private readonly store: Store;
  known = $state.raw<SpaceAxes | null>(null);
  failed = $state.raw<Failure | null>(null);
  /** The dimension that is looked at, across the biplot, and the one up it. */
  across = $state(0);
  up = $state(1);
  private weights = $state.raw<ReadonlyMap<number, DimensionWeights>>(new Map());
  plane = $state.raw<Plane | null>(null);
  arrows = $state.raw<{ across: number; up: number; list: ColumnArrow[] } | null>(null);
  /** Where the sliders start: the mean, or the codes of a row. */
  start = $state.raw<{ row: number | null; codes: number[] } | null>(null);
  codes = $state.raw<number[]>([]);
  /** What the start and the sliders decode to. */
  decoded = $state.raw<{ start: DecodedRow; now: DecodedRow } | null>(null);
  /** The rows that a dimension decodes to from its low end to its high one, the others at the start. */
  private alongs = $state.raw<ReadonlyMap<string, DecodedRow[]>>(new Map());
  scatter: Scatter | null = null;

  private source: AxesSource | null = null;
  /** Where the space is asked for; null before. */
  private base: string | null = null;
  private readonly columns = new Map<number, Promise<ArrayLike<number>>>();
  private readonly asked = new Map<number, number>();
  private readonly alongAsked = new Set<string>();
  private decoding = false;
  private stale = false;

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    const [across, up] = natural(address.get("axes")) ?? [];
    if (across !== undefined) this.across = across;
    if (up !== undefined && up !== across) this.up = up;
    else if (this.across === this.up) this.up = 0;
  }

  /** The space of the data, else that of the map that is shown, or of the last one that has axes. */
  readonly place: string | null = $derived.by(() => {
    const { state, maps, source } = this.store;
    if (source.still) return null; // a file decodes nothing
    if (state?.can.includes("axes")) return "axes";
    const having = maps.list.filter((m) => m.can.includes("axes"));
    const found = having.find((m) => m.id === maps.shown) ?? having.at(-1);
    return found ? `maps/${found.id}/axes` : null;
  });
  /** The map whose space it is; null where the data have one. */
  readonly ofMap: number | null = $derived(this.place === null || this.place === "axes" ? null : Number(this.place.split("/")[1]));

  take(): void {
    this.follow();
  }
  listed(): void {
    this.follow();
  }
  shown(): void {
    this.follow();
  }
  reset(): void {
    this.base = null;
    this.known = null;
  }
  /** Asks for the space where it is another than before. */
  private follow(): void {
    if (this.place === this.base) return;
    const base = (this.base = this.place);
    [this.known, this.failed, this.plane, this.arrows, this.start, this.decoded, this.codes] = [null, null, null, null, null, null, []];
    [this.weights, this.alongs] = [new Map(), new Map()];
    this.columns.clear();
    this.asked.clear();
    this.alongAsked.clear();
    if (base === null) return void (this.source = null);
    const source = (this.source = askAxes(this.store.source, base));
    source.axes().then(
      (known) => {
        if (this.source !== source) return;
        this.known = known;
        const k = known.dimensions.length;
        if (this.across >= k) this.across = 0;
        if (this.up >= k || this.up === this.across) this.up = this.across === 0 ? Math.min(1, k - 1) : 0;
        this.look();
        this.opened(this.store.selection.row);
      },
      (e) => this.source === source && (this.failed = this.store.told(e)),
    );
  }
  write(address: URLSearchParams): void {
    if (this.across !== 0 || this.up !== 1) address.set("axes", `${this.across}.${this.up}`);
  }

  // --- dimensions ---

  nameOf(dimension: number): string {
    return `${this.known?.noun ?? "dimension"} ${dimension + 1}`;
  }
  get k(): number {
    return this.known?.dimensions.length ?? 0;
  }
  /** Looks at a dimension; the other one of the biplot stays. */
  choose(dimension: number): void {
    if (dimension < 0 || dimension >= this.k) return;
    if (dimension === this.up) this.up = this.across;
    this.across = dimension;
    this.look();
    this.store.write();
  }
  chooseUp(dimension: number): void {
    if (dimension === this.across) this.across = this.up;
    this.up = dimension;
    this.look();
    this.store.write();
  }
  step(by: 1 | -1): void {
    if (this.k > 0) this.choose((this.across + by + this.k) % this.k);
  }
  /** Asks for what the two dimensions are drawn with. */
  private look(): void {
    this.need(this.across);
    const { across, up, source } = this;
    if (!source || this.k < 2) return;
    const still = () => this.source === source && this.across === across && this.up === up;
    source.biplot(across, up).then(({ arrows }) => still() && (this.arrows = { across, up, list: arrows }), (e) => this.store.fail(e));
    Promise.all([this.codesOf(across), this.codesOf(up)]).then(([x, y]) => still() && (this.plane = { across, up, map: planeOf(x, y) }), (e) => this.store.fail(e));
  }
  /** The codes of all rows in a dimension. */
  private codesOf(dimension: number): Promise<ArrayLike<number>> {
    let found = this.columns.get(dimension);
    if (!found) {
      const { source, maps } = this.store;
      found =
        this.ofMap === null
          ? source.columnOf(`axes:${dimension}`).then(({ cells }) => cells)
          : maps.coordinates(this.ofMap).then(({ coords, center, dims, rows }) => Float32Array.from({ length: rows }, (_, row) => coords[row * dims + dimension]! + center[dimension]!));
      found.catch(() => this.columns.delete(dimension)); // may be asked for again
      this.columns.set(dimension, found);
    }
    return found;
  }
  weightsOf(dimension: number): DimensionWeights | null {
    return this.weights.get(dimension) ?? null;
  }
  /** Asks for a dimension with so many of its weights. */
  need(dimension: number, limit = FIRST): void {
    const { source } = this;
    if (!source || (this.asked.get(dimension) ?? 0) >= limit) return;
    this.asked.set(dimension, limit);
    source.weights(dimension, limit).then(
      (found) => {
        if (this.source === source && this.asked.get(dimension) === limit) this.weights = new Map(this.weights).set(dimension, found);
      },
      (e) => {
        this.asked.delete(dimension);
        this.store.fail(e);
      },
    );
  }

  // --- decoding ---

  /** The sliders start at the chosen row, or at the mean. */
  opened(row: number | null): void {
    const { known, source } = this;
    if (!known || !source) return;
    if (row === null) return this.begin(null);
    if (this.start?.row === row) return;
    const still = () => this.source === source && this.store.selection.row === row;
    source.codesOf(row).then((codes) => still() && this.begin(row, codes), (e) => still() && this.store.fail(e));
  }
  /** Starts at these codes, or at the mean. */
  begin(row: number | null, codes = this.known?.dimensions.map((d) => d.mean) ?? []): void {
    this.start = { row, codes };
    this.codes = codes;
    void this.decode();
  }
  readonly moved: boolean = $derived(this.start !== null && this.codes.some((code, i) => code !== this.start!.codes[i]));
  move(dimension: number, code: number): void {
    this.codes = this.codes.map((other, i) => (i === dimension ? code : other));
    void this.decode();
  }
  /** Decodes what the sliders say; while one answer is waited for, only the last of the next questions is asked. */
  private async decode(): Promise<void> {
    if (!this.known?.decodes) return;
    this.stale = true;
    if (this.decoding) return;
    this.decoding = true;
    try {
      while (this.stale && this.source && this.start) {
        this.stale = false;
        const { source } = this;
        const [start, now] = await source.decode([this.start.codes, this.codes]);
        if (this.source === source) this.decoded = { start: start!, now: now! };
      }
    } catch (e) {
      this.store.fail(e);
    } finally {
      this.decoding = false;
    }
  }
  /** The rows along a dimension; null until they are known. */
  along(dimension: number): DecodedRow[] | null {
    return this.alongs.get(`${dimension} ${this.start?.row ?? ""}`) ?? null;
  }
  needAlong(dimension: number): void {
    const { source, start, known } = this;
    const key = `${dimension} ${start?.row ?? ""}`;
    const range = known?.dimensions[dimension];
    if (!source || !start || !range || !known.decodes || this.alongAsked.has(key)) return;
    this.alongAsked.add(key);
    const at = (step: number) => range.low + (step / (STEPS - 1)) * (range.high - range.low);
    const codes = Array.from({ length: STEPS }, (_, step) => start.codes.map((code, i) => (i === dimension ? at(step) : code)));
    source.decode(codes).then((rows) => this.source === source && (this.alongs = new Map(this.alongs).set(key, rows)), (e) => this.store.fail(e));
  }
}

/** A map of two columns of numbers. */
export function planeOf(x: ArrayLike<number>, y: ArrayLike<number>): MapData {
  const rows = x.length;
  const center: [number, number, number] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    center[0] += x[row]! / rows;
    center[1] += y[row]! / rows;
  }
  const coords = new Float32Array(2 * rows);
  let radius = 0;
  for (let row = 0; row < rows; row++) {
    coords[2 * row] = x[row]! - center[0];
    coords[2 * row + 1] = y[row]! - center[1];
    radius = Math.max(radius, Math.abs(coords[2 * row]!), Math.abs(coords[2 * row + 1]!));
  }
  return { dims: 2, rows, version: 1, center, radius: radius || 1, coords };
}
