// Colors for more categories than the palette has: neighbors on the map get different ones (greedy graph coloring).
import { category, N_COLORS, oklab } from "./palette.ts";

/** Points looked at at most: where categories meet in a sample, they meet. */
const SAMPLE = 200_000;
/** Categories of a place that are compared with each other: those with most points there. */
const CROWD = 6;
/** Places of several sizes: touching categories must differ most, but also those with a gap between them. */
const SIDES = { 2: [96, 32, 12], 3: [24, 12, 6] };
/** Colors nearer than this (in OKLab) are alike. */
const ALIKE = 0.16;

/** How alike two colors of the palette are, 1 if they are the same. */
function likeness(): Float32Array {
  const lab = Array.from({ length: N_COLORS }, (_, c) => oklab(category("light", c)));
  return Float32Array.from({ length: N_COLORS * N_COLORS }, (_, i) => {
    const [a, b] = [lab[Math.floor(i / N_COLORS)]!, lab[i % N_COLORS]!];
    return Math.max(0, 1 - Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) / ALIKE) ** 2;
  });
}

/**
 * The color of each of `k` categories, an index of the palette; the first ones are the identity if there are no more than colors.
 * `at` and `codes` (-1: none) in the order of drawing.
 */
export function neighborColors(at: Float32Array, dims: 2 | 3, codes: Int32Array, k: number): Uint8Array {
  const colors = Uint8Array.from({ length: k }, (_, c) => c % N_COLORS);
  if (k <= N_COLORS) return colors;
  const n = Math.min(SAMPLE, codes.length, Math.floor(at.length / dims));
  const rows = new Uint32Array(k);
  for (let i = 0; i < n; i++) if (codes[i]! >= 0) rows[codes[i]!]!++;
  const near = new Float32Array(k * k);
  for (const side of SIDES[dims]) meet(near, at, dims, codes, n, side, rows, k);

  const alike = likeness();
  const order = Array.from({ length: k }, (_, c) => c).sort((a, b) => rows[b]! - rows[a]! || a - b);
  const used = new Float64Array(N_COLORS);
  const cost = new Float64Array(N_COLORS);
  const done: number[] = [];
  for (const c of order) {
    cost.fill(0);
    for (const other of done) {
      const weight = near[c * k + other]!;
      if (weight > 0) for (let h = 0; h < N_COLORS; h++) cost[h]! += weight * alike[h * N_COLORS + colors[other]!]!;
    }
    // Of equal ones, the color that the fewest points have.
    let best = 0;
    for (let h = 1; h < N_COLORS; h++) if (cost[h]! < cost[best]! - 1e-9 || (cost[h]! <= cost[best]! + 1e-9 && used[h]! < used[best]!)) best = h;
    colors[c] = best;
    used[best]! += rows[c]! + 1e-6;
    done.push(c);
  }
  return colors;
}

/** Adds how much of each two categories is in the same place, or in places side by side, relative to the smaller one. */
function meet(near: Float32Array, at: Float32Array, dims: 2 | 3, codes: Int32Array, n: number, side: number, rows: Uint32Array, k: number): void {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < n; i++)
    for (let d = 0; d < dims; d++) {
      const v = at[i * dims + d]!;
      if (v < low[d]!) low[d] = v;
      if (v > high[d]!) high[d] = v;
    }
  const counts = new Map<number, number>(); // by place and category
  for (let i = 0; i < n; i++) {
    if (codes[i]! < 0) continue;
    let cell = 0;
    for (let d = 0; d < dims; d++) cell = cell * side + Math.max(0, Math.min(side - 1, Math.floor(((at[i * dims + d]! - low[d]!) / (high[d]! - low[d]! || 1)) * side)));
    if (Number.isNaN(cell)) continue;
    const key = cell * k + codes[i]!;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const places = new Map<number, [code: number, count: number][]>();
  for (const [key, count] of counts) {
    const cell = Math.floor(key / k);
    const there = places.get(cell);
    if (there) there.push([key % k, count]);
    else places.set(cell, [[key % k, count]]);
  }
  for (const there of places.values()) {
    there.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    there.length = Math.min(there.length, CROWD);
  }
  const steps = Array.from({ length: dims }, (_, d) => side ** d);
  const cells = [...places.keys()].sort((a, b) => a - b); // sums do not depend on the order of the points
  for (const cell of cells) {
    const here = places.get(cell)!;
    const add = (there: [number, number][], weight: number) => {
      for (const [a, many] of here)
        for (const [b, others] of there) {
          if (a === b) continue;
          const share = (weight * Math.min(many, others)) / Math.max(1, Math.min(rows[a]!, rows[b]!));
          near[a * k + b]! += share;
          near[b * k + a]! += share;
        }
    };
    add(here, 0.5);
    for (const step of steps) if (Math.floor(cell / step) % side < side - 1) add(places.get(cell + step) ?? [], 1);
  }
}
