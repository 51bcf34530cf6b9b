// The color of each point, four bytes a slot, from what the reader chose.
import type { Cells, Field } from "./data/types.ts";
import { onRamp, type Scale, scaleOf } from "./scale.ts";
import { FILTERED, PLAIN, shadeByte } from "./scatter/back.ts";
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

export function makeInk(order: Order, choice: Choice, smooth: Float32Array | null, density: Float32Array | null = null): Uint8Array<ArrayBuffer> {
  const { theme, field, column, trust, shown, colors } = choice;
  const n = order.rowOf.length;
  const ink = new Uint8Array(n * 4);
  const shades = choice.shade ? (smooth ?? trust) : density;
  const kind = typeof field === "string" ? "share" : field && column?.length === order.slotOf.length ? field.type : null;
  const codes = kind === "category" ? column! : null;
  const numbers = kind === "share" ? choice.shares : kind === "number" || kind === "date" ? (column as Float32Array) : null;
  const table: Rgb[] = numbers ? Array.from({ length: 256 }, (_, i) => ramp(theme, i / 255)) : [];
  const scale = choice.scale ?? { low: 0, high: 1, log: false };
  const lit = codes ? choice.lit : null;
  const grey = GREY[theme];
  const selected = choice.selected?.length === order.slotOf.length ? choice.selected : null;
  const canvas = CANVAS[theme];
  for (let s = 0; s < n; s++) {
    const row = order.rowOf[s]!;
    let rgb = PLAIN_COLOR[theme];
    if (codes) rgb = colors[codes[row]!] ?? grey;
    else if (numbers) {
      const v = numbers[row]!;
      rgb = Number.isNaN(v) ? grey : table[Math.max(0, Math.min(255, Math.round(255 * onRamp(scale, v))))]!;
    }
    ink[4 * s] = rgb[0];
    ink[4 * s + 1] = rgb[1];
    ink[4 * s + 2] = rgb[2];
    let stays = (!shown || shown[row] === 1) && (lit === null || codes![row] === lit);
    if (selected && selected[row] === 0) {
      if (choice.deep) for (let c = 0; c < 3; c++) ink[4 * s + c] = rgb[c]! + (canvas[c]! - rgb[c]!) * FADED;
      else stays = false;
    }
    ink[4 * s + 3] = stays ? (shades ? shadeByte(shades[row]!) : PLAIN) : FILTERED;
  }
  return ink;
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

/** From how many points on clusters fill solid, so that their density must be drawn. */
const DENSITY_FROM = 200_000;
const PALEST = 0.36;

/**
 * A shade by density, from PALEST to 1 and by row, where points are so many that they cover each other; null where they
 * are not.
 */
export function densityShade(order: Order, at: Float32Array, dims: number): Float32Array | null {
  const n = order.rowOf.length;
  if (n < DENSITY_FROM || at.length !== n * dims) return null;
  const { side, cell } = places(n, at, dims);
  const many = new Float32Array(side ** dims);
  for (let s = 0; s < n; s++) {
    const c = cell(s);
    if (!Number.isNaN(c)) many[c]!++;
  }
  const filled = many.filter((m) => m > 0).sort();
  const most = filled[Math.floor(0.99 * (filled.length - 1))] ?? 1;
  const out = new Float32Array(n).fill(1);
  for (let s = 0; s < n; s++) {
    const c = cell(s);
    if (!Number.isNaN(c)) out[order.rowOf[s]!] = PALEST + (1 - PALEST) * Math.min(1, many[c]! / most) ** 0.6;
  }
  return out;
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
