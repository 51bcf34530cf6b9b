// What was observed of each row, as it is drawn: fetched where something shows it, the latest kept.
import { untrack } from "svelte";
import type { CurveAxis, LargestValues, State } from "../../data/types.ts";
import { OBSERVED } from "../row-names.svelte.ts";
import type { Store } from "../store.svelte.ts";

/** What an observation is drawn as. */
export type Kind = "picture" | "curve" | "text" | "words" | "values";

/** Of more columns only the largest values are told. */
export const VALUES_MOST = 40;
export const LARGEST = 12;
/** Rows kept, and requests at a time: others wait for the same server. */
const KEPT = 400;
const AT_ONCE = 4;

export class Observations {
  private readonly store: Store;
  /** The x axis of curves; null until it is known. */
  axis = $state.raw<CurveAxis | null>(null);
  private hasAxis = false;
  private readonly values = new Map<number, Float32Array>();
  private readonly largest = new Map<number, LargestValues>();
  /** Grows with each row that is there: who reads rows reads it. */
  private fetched = $state(0);
  private waiting: number[] = [];
  private readonly asking = new Set<number>();
  private readonly failed = new Set<number>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Null where nothing was observed, or it is not there. */
  readonly kind: Kind | null = $derived.by(() => {
    const { state, source } = this.store;
    if (!state) return null;
    if (state.picture) return "picture";
    if (state.kind === "text") return source.still ? null : "text";
    if (state.columns === 0) return null;
    return state.curve ? "curve" : state.kind === "counts" ? "words" : "values";
  });
  /** Whether all values of a row are listed, in the order of the columns. */
  readonly few: boolean = $derived.by(() => this.kind === "values" && (this.store.state?.columns ?? 0) <= VALUES_MOST);

  take({ curve }: State): void {
    if (!curve || this.hasAxis) return;
    this.hasAxis = true;
    this.store.source.curve().then((axis) => (this.axis = axis), () => undefined); // columns are counted
  }
  reset(): void {
    [this.axis, this.hasAxis] = [null, false];
    this.values.clear();
    this.largest.clear();
    this.failed.clear();
    this.waiting = [];
    this.fetched++;
  }

  /** The values of a row; null until they are known. */
  valuesOf(row: number): Float32Array | null {
    void this.fetched;
    return this.values.get(row) ?? null;
  }
  /** The values of a row with the names of their columns: all of them, or the largest. */
  entriesOf(row: number): { name: string; value: number }[] | null {
    void this.fetched;
    if (!this.few) return this.largest.get(row)?.values ?? null;
    const names = this.store.state?.column_names;
    const values = this.values.get(row);
    return values ? Array.from(values, (value, i) => ({ name: names?.[i] ?? `column ${i}`, value })) : null;
  }
  /** How many values of a row are not 0. */
  nonzeroOf(row: number): number | null {
    void this.fetched;
    return this.largest.get(row)?.nonzero ?? null;
  }
  /** The first words of a text. */
  wordsOf(row: number): string | null {
    return this.store.names.of(row, OBSERVED);
  }

  /** Asks for what is drawn of a row; those asked for last come first. */
  want(row: number): void {
    untrack(() => this.ask(row)); // what is known already is no reason to ask again
  }
  private ask(row: number): void {
    const { kind } = this;
    if (kind === "text") return this.store.names.want([row], OBSERVED);
    if (kind === null || kind === "picture" || this.failed.has(row) || this.asking.has(row)) return;
    const known = kind === "curve" || this.few ? this.values : this.largest;
    if (known.has(row)) return;
    this.waiting = [...this.waiting.filter((other) => other !== row), row].slice(-KEPT);
    this.next();
  }
  private next(): void {
    if (this.asking.size >= AT_ONCE) return;
    const row = this.waiting.pop();
    if (row === undefined) return;
    this.asking.add(row);
    const { source } = this.store;
    const put = <T>(known: Map<number, T>, value: T) => {
      known.set(row, value);
      this.fetched++;
      const oldest = known.keys().next().value;
      if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
    };
    const whole = this.kind === "curve" || this.few;
    const asked = whole ? source.values(row).then((found) => put(this.values, found)) : source.largest(row, LARGEST).then((found) => put(this.largest, found));
    asked
      .catch(() => this.failed.add(row)) // rows without numbers: their fields stand for them
      .finally(() => {
        this.asking.delete(row);
        this.next();
      });
    this.next();
  }
}
