// How the numbers of a column are shown: the ends of their ramp, linear or logarithmic, and the bins of their histogram.
import { mix32 } from "./scatter/order.ts";

export interface Scale {
  /** Ends of the ramp: the 2nd and the 98th percentile. */
  low: number;
  high: number;
  /** The least and the largest number. */
  least: number;
  most: number;
  log: boolean;
  /** Whether all numbers are whole. */
  whole: boolean;
  /** The step between numbers that lie on a few equal ones, 1 for whole numbers; else 0. */
  step: number;
  /** Borders of the bins, ascending; the first bin also holds what is below, the last what is above. */
  edges: Float64Array;
  /** Number of cells without a number. */
  missing: number;
}

/** Percentiles are those of so many cells, drawn by a hash. */
const SAMPLE = 50_000;
const BINS = 48;
/** Numbers of a few equal steps, such as counts and shares of 15, have a bin for each. */
const STEPS_MOST = 60;
const TAIL = 0.02;
/** Logarithmic from this skewness on, if the numbers span so large a ratio. */
const SKEWED = 0.4;
const SPAN = 8;

/** Kelly's skewness, from the 10th, 50th and 90th percentile: 0 if symmetric, 1 at most; outliers do not change it. */
export function skewness([p10, p50, p90]: [number, number, number]): number {
  return p90 > p10 ? (p90 + p10 - 2 * p50) / (p90 - p10) : 0;
}

export function scaleOf(values: ArrayLike<number>): Scale {
  const n = values.length;
  let [least, most, missing, whole] = [Infinity, -Infinity, 0, true];
  for (let i = 0; i < n; i++) {
    const v = values[i]!;
    if (!(Math.abs(v) < Infinity)) {
      missing++;
      continue;
    }
    if (v < least) least = v;
    if (v > most) most = v;
    if (whole && v !== Math.floor(v)) whole = false;
  }
  if (least > most) return { low: 0, high: 0, least: 0, most: 0, log: false, whole: false, step: 0, edges: new Float64Array(0), missing };
  const picked = new Float64Array(Math.min(n, SAMPLE));
  let many = 0;
  for (let i = 0; i < picked.length; i++) {
    const v = values[n <= SAMPLE ? i : mix32(i) % n]!;
    if (Math.abs(v) < Infinity) picked[many++] = v;
  }
  const some = picked.subarray(0, many).sort();
  const at = (q: number) => (many > 0 ? some[Math.round(q * (many - 1))]! : least);
  let [low, high] = [at(TAIL), at(1 - TAIL)];
  // Nearly all cells are equal, as in counts of rare words.
  if (low === high) [low, high] = [least, most];
  const middle: [number, number, number] = [at(0.1), at(0.5), at(0.9)];
  const skewed = skewness(middle);
  const log = least > 0 && high / low >= SPAN && skewed >= SKEWED && Math.abs(skewness(middle.map(Math.log) as typeof middle)) < skewed;
  const step = whole ? 1 : stepOf(some, low, high);
  return { low, high, least, most, log, whole, step, edges: binsOf(low, high, log, step), missing };
}

/** The step of numbers that lie on a few equal steps; 0: they do not. */
function stepOf(sorted: Float64Array, low: number, high: number): number {
  const known: number[] = [];
  for (const v of sorted)
    if (v >= low && v <= high && v !== known.at(-1)) {
      known.push(v);
      if (known.length > STEPS_MOST) return 0;
    }
  let step = Infinity;
  for (let i = 1; i < known.length; i++) step = Math.min(step, known[i]! - known[i - 1]!);
  // Steps are equal up to the rounding of single precision.
  const even = known.every((v) => Math.abs((v - low) / step - Math.round((v - low) / step)) < 0.01);
  return even && (high - low) / step < STEPS_MOST ? step : 0;
}

function binsOf(low: number, high: number, log: boolean, step: number): Float64Array {
  if (high <= low) return Float64Array.from([low, high]);
  if (step > 0 && !log) {
    // A bin holds one step, or several of them.
    const steps = Math.round((high - low) / step) + 1;
    const wide = steps <= STEPS_MOST ? 1 : Math.ceil(steps / BINS);
    return Float64Array.from({ length: Math.ceil(steps / wide) + 1 }, (_, i) => low + (i * wide - 0.5) * step);
  }
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const edges = Float64Array.from({ length: BINS + 1 }, (_, i) => from + ((to - from) * i) / BINS);
  return log ? edges.map(Math.exp) : edges;
}

/** Where a number is between two ends, 0 to 1 between them. */
function between(v: number, low: number, high: number, log: boolean): number {
  if (high <= low) return 0.5;
  return log ? (v > 0 ? Math.log(v / low) / Math.log(high / low) : -Infinity) : (v - low) / (high - low);
}
/** Where a number is on the ramp. */
export const onRamp = (scale: Pick<Scale, "low" | "high" | "log">, v: number): number => between(v, scale.low, scale.high, scale.log);

/** Where a number is along the histogram, and the number at a place. */
export const onAxis = ({ edges, log }: Scale, v: number): number => between(v, edges[0]!, edges.at(-1)!, log);
export function atAxis({ edges, log }: Scale, t: number): number {
  const [low, high] = [edges[0]!, edges.at(-1)!];
  return log ? low * (high / low) ** t : low + (high - low) * t;
}

/** The outermost step within a range that begins (or ends) at a number. */
export function stepWithin({ whole, step, edges }: Scale, v: number, begins: boolean): number {
  if (step === 0 || !Number.isFinite(v)) return v;
  const first = whole ? 0 : edges[0]! + step / 2;
  const steps = (v - first) / step;
  return first + step * (begins ? Math.ceil(steps - 1e-6) : Math.floor(steps + 1e-6));
}

/** Number of cells in each bin, of all rows or of those that `shown` marks with 1. */
export function histogram(values: ArrayLike<number>, scale: Scale, shown: Uint8Array | null = null): Uint32Array {
  const { edges, log } = scale;
  const bins = Math.max(0, edges.length - 1);
  const counts = new Uint32Array(bins);
  if (bins === 0) return counts;
  const [low, high] = log ? [Math.log(edges[0]!), Math.log(edges[bins]!)] : [edges[0]!, edges[bins]!];
  const each = high > low ? bins / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (!(Math.abs(v) < Infinity) || (shown && shown[i] === 0)) continue;
    const at = Math.floor(((log ? Math.log(v) : v) - low) * each);
    counts[at < 0 ? 0 : at >= bins ? bins - 1 : at]!++;
  }
  return counts;
}

/** Whether whole numbers are years, which have no thousands. */
export const areYears = (least: number, most: number): boolean => least >= 1000 && most <= 2200;
