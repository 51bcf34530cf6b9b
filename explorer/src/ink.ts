// The color of each point, four bytes a slot, from what the reader chose.
import type { Cells, Field } from "./data/types.ts";
import { onRamp, type Scale, scaleOf } from "./scale.ts";
import { BELOW, FILTERED, HIDDEN, PLAIN, shadeByte } from "./scatter/back.ts";
import type { Ramp } from "./scatter/density.ts";
import type { Order } from "./scatter/order.ts";
import { CANVAS, GREY, ramp, type Rgb, type Theme } from "./scatter/palette.ts";

/** Columns of shares of neighbors, among the fields to color by: kept by the map, and there again when it is made again. */
export const SHARES = { "@kept": "neighbors kept", "@seeds": "same with another seed", "@draws": "same on resampled rows" } as const;
export type Share = keyof typeof SHARES;
export const KEPT: Share = "@kept";
export const isShare = (name: string | null): name is Share => name !== null && Object.hasOwn(SHARES, name);

export interface Choice {
  theme: Theme;
  field: Field | Share | null;
  column: Cells | null;
  /** How its numbers are shown. */
  scale: Pick<Scale, "low" | "high" | "log"> | null;
  /** The color of each category, in the order of their codes. */
  colors: Rgb[];
  /** Of a field that is a share, by row and for the eye. */
  shares: Float32Array | null;
  trust: Float32Array | null;
  shade: boolean;
  /** By row, 1 if it passes the filters; null: all do. */
  shown: Uint8Array | null;
  /** Whether rows that do not are not drawn at all. */
  isolated?: boolean;
  /** The category that stands out, the others fade; null: all are alike. */
  lit: number | null;
  /** 1 for each row of the selection, whose colors stay while the others fade; null: nothing is selected. */
  selected?: Uint8Array | null;
  /** Whether others fade by their color alone: what is filtered away cannot be pointed at in 3-D. */
  deep?: boolean;
}

/** How far the color of a row outside the selection goes toward the canvas. */
const FADED = 0.84;
const PLAIN_COLOR: Record<Theme, Rgb> = { light: [71, 101, 168], dark: [124, 152, 222] };

export interface Ink {
  /** Four bytes a slot (see scatter/back.ts). */
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether some points are below others: filtered away, or without a value. */
  below: boolean;
  /** The numbers that the colors stand for. */
  ramp: Ramp | null;
}

export function makeInk(order: Order, choice: Choice, smooth: Float32Array | null): Ink {
  const { theme, field, column, trust, colors } = choice;
  const n = order.rowOf.length;
  const whole = <T extends { length: number }>(of: T | null | undefined): T | null => (of?.length === order.slotOf.length ? of : null);
  const kind = typeof field === "string" ? "share" : field && whole(column) ? field.type : null;
  const codes = kind === "category" ? column! : null;
  const numbers = kind === "share" ? choice.shares : kind === "number" || kind === "date" ? (column as Float32Array) : null;
  const ramp = numbers ? { steps: stepsOf(numbers, choice.scale ?? { low: 0, high: 1, log: false }), table: rampTable(theme) } : null;
  const steps = ramp?.steps ?? null;
  const tones = Uint32Array.from(ramp?.table ?? colors, pack);
  const [plain, grey] = [pack(PLAIN_COLOR[theme]), pack(GREY[theme])];
  const lit = codes ? choice.lit : null;
  const [shown, selected] = [whole(choice.shown), whole(choice.selected)];
  const shades = choice.shade ? (smooth ?? trust) : null;
  const paled = choice.deep && selected ? (tone: number) => pack(unpack(tone).map((c, i) => c + (CANVAS[theme][i]! - c) * FADED) as Rgb) : null;
  const pale = paled ? { tones: tones.map(paled), plain: paled(plain), grey: paled(grey) } : null;
  const bytes = new Uint8Array(n * 4);
  const out = new Uint32Array(bytes.buffer);
  let below = false;
  // In the order of rows, where all are drawn: cells are read one after another, and only the ink is written here and there.
  const all = n === order.slotOf.length;
  for (let i = 0; i < n; i++) {
    const row = all ? i : order.rowOf[i]!;
    const s = all ? order.slotOf[i]! : i;
    const code = codes ? codes[row]! : steps ? steps[row]! : 0;
    const told = codes ? code < tones.length : steps === null || code > 0;
    const passes = shown === null || shown[row] === 1;
    let stays = passes && (lit === null || code === lit);
    const outside = selected !== null && selected[row] === 0;
    if (outside && pale === null) stays = false;
    const by = outside && pale !== null ? pale : null;
    const tone = !told ? (by ? by.grey : grey) : codes || steps ? (by ? by.tones[code]! : tones[code]!) : by ? by.plain : plain;
    // Pointed at in the legend, rows without a value are those that are looked at.
    const alpha = !stays ? (passes || !choice.isolated ? FILTERED : HIDDEN) : !told && lit === null ? BELOW : shades ? shadeByte(shades[row]!) : PLAIN;
    if (alpha <= BELOW) below = true;
    out[s] = tone | (alpha << 24);
  }
  return { bytes, below, ramp };
}

const pack = ([r, g, b]: Rgb): number => Math.round(r) | (Math.round(g) << 8) | (Math.round(b) << 16);
const unpack = (tone: number): Rgb => [tone & 255, (tone >>> 8) & 255, (tone >>> 16) & 255];

/** Colors of the steps of a ramp; that of 0 is none. */
const rampTable = (theme: Theme): Rgb[] => Array.from({ length: 256 }, (_, i) => ramp(theme, (i - 1) / 254));
const known = new WeakMap<object, { low: number; high: number; log: boolean; steps: Uint8Array }>();
/** The step of each number on the ramp, 1 to 255; 0 where there is none. Filters color anew what has the same steps. */
function stepsOf(numbers: Float32Array, scale: Pick<Scale, "low" | "high" | "log">): Uint8Array {
  const { low, high, log } = scale;
  const before = known.get(numbers);
  if (before && before.low === low && before.high === high && before.log === log) return before.steps;
  const steps = new Uint8Array(numbers.length);
  for (let row = 0; row < numbers.length; row++) {
    const v = numbers[row]!;
    if (!Number.isNaN(v)) steps[row] = 1 + Math.max(0, Math.min(254, Math.round(254 * onRamp(scale, v))));
  }
  known.set(numbers, { low, high, log, steps });
  return steps;
}

/** The scale of shares: of those for the eye, so that a map by them is not of one color; the ends in whole percent. */
export function shareScale(shares: ArrayLike<number>, eye: Float32Array | null): Scale {
  const scale = scaleOf(shares);
  const [low, high] = shareRange(eye ?? shares);
  return { ...scale, low, high, log: false };
}

/** Where nearly all shares lie; of a sample, in steps of a percent. */
export function shareRange(shares: ArrayLike<number>): [number, number] {
  const { low: from, high: to, missing } = scaleOf(shares);
  if (missing === shares.length) return [0, 1];
  const [low, high] = [Math.floor(100 * from) / 100, Math.ceil(100 * to) / 100];
  return high > low ? [low, high] : [0, 1];
}

/** From how many points on the shade is of places rather than of single points, and how far at most. */
const SMOOTH_FROM = 4000;
const SMOOTH_MOST = 0.75;
export const smoothed = (n: number) => Math.max(0, Math.min(SMOOTH_MOST, 0.62 * Math.log10(n / SMOOTH_FROM)));

/** Cells over a map whose coordinates are at most 1; fine enough to show shapes, coarse enough to hold a few dozen rows. */
function places(n: number, at: Float32Array, dims: number): { side: number; cell(slot: number): number } {
  const side = dims === 3 ? 28 : Math.max(40, Math.min(160, Math.round(Math.sqrt(n / 24))));
  const cell = (s: number) => {
    let c = 0;
    for (let d = 0; d < dims; d++) c = c * side + Math.max(0, Math.min(side - 1, Math.floor((at[s * dims + d]! * 0.5 + 0.5) * side)));
    return c;
  };
  return { side, cell };
}

/**
 * Trust for the eye: where points are too small to be told apart, each is mixed with the mean of its place in the map,
 * since a speckle of single points says nothing. By row; NaN stays NaN. `at` by slot.
 */
export function smoothTrust(trust: Float32Array, order: Order, at: Float32Array, dims: number): Float32Array {
  const n = trust.length;
  const weight = smoothed(n);
  if (weight === 0 || at.length !== n * dims) return trust;
  const { side, cell } = places(n, at, dims);
  const sum = new Float32Array(side ** dims);
  const many = new Uint32Array(side ** dims);
  for (let s = 0; s < n; s++) {
    const t = trust[order.rowOf[s]!]!;
    const c = cell(s);
    if (Number.isNaN(t) || Number.isNaN(c)) continue;
    sum[c]! += t;
    many[c]!++;
  }
  const out = new Float32Array(n);
  for (let s = 0; s < n; s++) {
    const row = order.rowOf[s]!;
    const c = cell(s);
    const t = trust[row]!;
    out[row] = many[c]! > 0 ? t + (sum[c]! / many[c]! - t) * weight : t;
  }
  return out;
}
