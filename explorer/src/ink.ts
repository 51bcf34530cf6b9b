// The color of each point, four bytes a slot, from what the reader chose.
import { type Cells, MISSING, type Field } from "./data/types.ts";
import { FILTERED, PLAIN, shadeByte } from "./scatter/back.ts";
import type { Order } from "./scatter/order.ts";
import { CANVAS, category, GREY, N_COLORS, ramp, type Rgb, type Theme } from "./scatter/palette.ts";

/** Columns of shares of neighbors, among the fields to color by: kept by the map, and there again when it is made again. */
export const SHARES = { "@kept": "neighbors kept", "@seeds": "stable over seeds", "@draws": "stable over draws" } as const;
export type Share = keyof typeof SHARES;
export const KEPT: Share = "@kept";
export const isShare = (name: string | null): name is Share => name !== null && Object.hasOwn(SHARES, name);

export interface Choice {
  theme: Theme;
  field: Field | Share | null;
  column: Cells | null;
  /** Of a field that is a share, by row and for the eye. */
  shares: Float32Array | null;
  trust: Float32Array | null;
  shade: boolean;
  /** Codes of `filterColumn` that stay; null: all. */
  only: Set<number> | null;
  filterColumn: Cells | null;
  /** 1 for each row of the selection, whose colors stay while the others fade; null: nothing is selected. */
  selected?: Uint8Array | null;
  /** Whether others fade by their color alone: what is filtered away cannot be pointed at in 3-D. */
  deep?: boolean;
  /** Ends of the ramp for shares. */
  shareRange: [number, number];
}

/** How far the color of a row outside the selection goes toward the canvas. */
const FADED = 0.84;
const PLAIN_COLOR: Record<Theme, Rgb> = { light: [71, 101, 168], dark: [124, 152, 222] };

export function makeInk(order: Order, choice: Choice, smooth: Float32Array | null, density: Float32Array | null = null): Uint8Array<ArrayBuffer> {
  const { theme, field, column, trust, only, filterColumn } = choice;
  const n = order.rowOf.length;
  const ink = new Uint8Array(n * 4);
  const shades = choice.shade ? (smooth ?? trust) : density;
  const table: Rgb[] = [];
  const kind = typeof field === "string" ? "share" : field && column?.length === order.slotOf.length ? field.type : null;
  if (kind === "category") for (let c = 0; c <= N_COLORS; c++) table.push(category(theme, c));
  else for (let i = 0; i <= 255; i++) table.push(ramp(theme, i / 255));
  const numbers = kind === "share" ? choice.shares : kind === "number" ? (column as Float32Array) : null;
  const [low, high] = typeof field === "object" && field?.type === "number" ? [field.min, field.max] : choice.shareRange;
  const grey = GREY[theme];
  const selected = choice.selected?.length === order.slotOf.length ? choice.selected : null;
  const canvas = CANVAS[theme];
  for (let s = 0; s < n; s++) {
    const row = order.rowOf[s]!;
    let rgb = PLAIN_COLOR[theme];
    if (kind === "category") {
      const code = column![row]!;
      rgb = code === MISSING ? grey : table[Math.min(N_COLORS, code)]!;
    } else if (numbers) {
      const v = numbers[row]!;
      rgb = Number.isNaN(v) ? grey : table[Math.max(0, Math.min(255, Math.round((255 * (v - low)) / (high - low || 1))))]!;
    }
    ink[4 * s] = rgb[0];
    ink[4 * s + 1] = rgb[1];
    ink[4 * s + 2] = rgb[2];
    let stays = !only || !filterColumn || only.has(filterColumn[row]!);
    if (selected && selected[row] === 0) {
      if (choice.deep) for (let c = 0; c < 3; c++) ink[4 * s + c] = rgb[c]! + (canvas[c]! - rgb[c]!) * FADED;
      else stays = false;
    }
    ink[4 * s + 3] = stays ? (shades ? shadeByte(shades[row]!) : PLAIN) : FILTERED;
  }
  return ink;
}

/** Where nearly all shares lie, so that a map by them is not of one color; of a sample, in steps of a percent. */
export function shareRange(shares: Float32Array | null): [number, number] {
  if (!shares) return [0, 1];
  const step = Math.max(1, Math.floor(shares.length / 20_000));
  const some = shares.filter((s, i) => i % step === 0 && !Number.isNaN(s)).sort();
  if (some.length === 0) return [0, 1];
  const at = (q: number) => some[Math.round(q * (some.length - 1))]!;
  const [low, high] = [Math.floor(100 * at(0.02)) / 100, Math.ceil(100 * at(0.98)) / 100];
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
