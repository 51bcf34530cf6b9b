// Names on the map, none over another: of categories, each at the densest place of its points, and of rows, more of them the closer
// one looks.
import { boxOf } from "./grid.ts";

export interface Label {
  /** The code of a category, or a row. */
  code: number;
  text: string;
  count: number;
  /** Map units. */
  at: [number, number, number];
  /** Of a row: it stands as many pixels above its point, and nowhere else. */
  above?: number;
}

/** Rows looked at per category at most: the densest place of a sample is near that of all. */
const SAMPLE = 200_000;

/** The densest place of each category; `at` and `codes` in drawing order, so that a prefix is a fair sample. */
export function densest(at: Float32Array, dims: number, codes: Int32Array, names: string[]): Label[] {
  const n = Math.min(SAMPLE, codes.length);
  // Cells as large as leave a few points of a category in each: finer ones would find chance clumps.
  const each = n / Math.max(1, names.length);
  const side = dims === 3 ? Math.max(6, Math.min(20, Math.round(Math.cbrt(each)))) : Math.max(9, Math.min(40, Math.round(0.9 * Math.sqrt(each))));
  const cells = side ** dims;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < n; i++)
    for (let d = 0; d < dims; d++) {
      const v = at[i * dims + d]!;
      if (!Number.isFinite(v)) continue;
      if (v < low[d]!) low[d] = v;
      if (v > high[d]!) high[d] = v;
    }
  // The cell of each row, or -1 where a coordinate is no number.
  const cell = new Int32Array(n);
  for (let d = dims - 1; d >= 0; d--) {
    const start = low[d]!;
    const scale = side / (high[d]! - start || 1);
    for (let i = 0; i < n; i++) {
      const x = Math.floor((at[i * dims + d]! - start) * scale);
      cell[i] = Number.isFinite(x) && cell[i]! >= 0 ? cell[i]! * side + Math.max(0, Math.min(side - 1, x)) : -1;
    }
  }
  // Rows by category, by counting sort.
  const start = new Uint32Array(names.length + 1);
  for (let i = 0; i < n; i++) if (codes[i]! >= 0 && codes[i]! < names.length) start[codes[i]! + 1]!++;
  for (let c = 0; c < names.length; c++) start[c + 1]! += start[c]!;
  const next = start.slice();
  const rows = new Uint32Array(start[names.length]!);
  for (let i = 0; i < n; i++) if (codes[i]! >= 0 && codes[i]! < names.length) rows[next[codes[i]!]!++] = i;

  const hits = new Float32Array(cells);
  const found: Label[] = [];
  const steps = [1, side, side * side].slice(0, dims);
  /** The cells beside one; those at the border have fewer. */
  const beside = (c: number): number[] => {
    const found: number[] = [];
    for (const s of steps) {
      const along = Math.floor(c / s) % side;
      if (along > 0) found.push(c - s);
      if (along < side - 1) found.push(c + s);
    }
    return found;
  };
  for (let code = 0; code < names.length; code++) {
    const mine = rows.subarray(start[code]!, start[code + 1]!);
    if (mine.length === 0) continue;
    hits.fill(0);
    for (const i of mine) if (cell[i]! >= 0) hits[cell[i]!]!++;
    // A row counts for its cell and, less, for those beside it: a small blur.
    let [best, most] = [-1, 0];
    for (let c = 0; c < cells; c++) {
      if (hits[c] === 0) continue;
      let score = 2 * hits[c]!;
      for (const other of beside(c)) score += hits[other]!;
      if (score > most) [best, most] = [c, score];
    }
    if (best < 0) continue;
    const near = new Set([best, ...beside(best)]);
    const there = mine.filter((i) => near.has(cell[i]!));
    const mean = [0, 0, 0];
    for (const i of there) for (let d = 0; d < dims; d++) mean[d]! += at[i * dims + d]! / there.length;
    // On the point next to the middle: the middle of a ring or an arc is empty.
    let [middle, least] = [there[0]!, Infinity];
    for (const i of there) {
      let far = 0;
      for (let d = 0; d < dims; d++) far += (at[i * dims + d]! - mean[d]!) ** 2;
      if (far < least) [middle, least] = [i, far];
    }
    found.push({ code, text: names[code]!, count: mine.length, at: [at[middle * dims]!, at[middle * dims + 1]!, dims === 3 ? at[middle * dims + 2]! : 0] });
  }
  return found.sort((a, b) => b.count - a.count || a.code - b.code);
}

export interface Placed {
  label: Label;
  x: number;
  y: number;
}

/** Places labels in their order; one that would touch another moves a little up or down, or is left out. */
export function placed(
  labels: Label[],
  project: (at: [number, number, number]) => [number, number, number],
  measure: (label: Label) => number,
  height: number,
  frame: { width: number; height: number },
): Placed[] {
  const taken: [number, number, number, number][] = [];
  const done: Placed[] = [];
  for (const label of labels) {
    const [px, py] = project(label.at);
    const half = measure(label) / 2 + 4;
    // Off the picture: the name would be of something that is not seen.
    if (px < 0 || px > frame.width || py < 0 || py > frame.height) continue;
    const row = label.above !== undefined;
    const x = row ? px : Math.max(half + 2, Math.min(frame.width - half - 2, px));
    for (const dy of row ? [-label.above!] : [0, -height, height]) {
      const y = row ? py + dy : Math.max(height, Math.min(frame.height - height, py + dy));
      const [x0, y0, x1, y1] = [x - half, y - height / 2 - 1, x + half, y + height / 2 + 1];
      if (taken.some(([a, b, c, d]) => x0 < c && x1 > a && y0 < d && y1 > b)) continue;
      taken.push([x0, y0, x1, y1]);
      done.push({ label, x, y });
      break;
    }
  }
  return done;
}

/** Levels of zoom for each doubling of the scale. */
const STEPS = 2;

/**
 * Which of many labels are seen at a zoom: none nearer to another than the size of a label. Those of a zoom are those of a farther
 * one and more, the first ones first; they do not depend on what part of the map is seen.
 */
export class Levels {
  private readonly at: Float32Array;
  private readonly size: readonly [number, number];
  private readonly known: Uint32Array[] = [];
  /** The scale of the first level, at which hardly more than one label has room. */
  private readonly first: number;

  /** `at`: two coordinates a label, the first in rank first; `size` in pixels. */
  constructor(at: Float32Array, size: readonly [number, number]) {
    this.at = at;
    this.size = size;
    const box = boxOf(at, 2);
    this.first = Math.max(1e-6, Math.min(size[0] / (box.x1 - box.x0 || 1), size[1] / (box.y1 - box.y0 || 1)));
  }
  /** Indices of the labels, where a map unit is so many pixels. */
  of(scale: number): Uint32Array {
    const level = Math.max(0, Math.floor(STEPS * Math.log2(scale / this.first)));
    while (this.known.length <= level) {
      const before = this.known.at(-1) ?? new Uint32Array(0);
      this.known.push(before.length === this.at.length / 2 ? before : this.chosen(this.first * 2 ** (this.known.length / STEPS), before));
    }
    return this.known[level]!;
  }
  private chosen(scale: number, before: Uint32Array): Uint32Array {
    const { at } = this;
    const [width, height] = [this.size[0] / scale, this.size[1] / scale];
    // Labels keep apart by a cell's size: a cell holds at most one, and only cells beside it matter.
    const taken = new Map<number, number>();
    const SPAN = 2 ** 26;
    const cellOf = (i: number) => Math.floor(at[2 * i]! / width) * SPAN + Math.floor(at[2 * i + 1]! / height);
    for (const i of before) taken.set(cellOf(i), i);
    const found = [...before];
    const there = new Set(before);
    for (let i = 0; i < at.length / 2; i++) {
      const [x, y] = [at[2 * i]!, at[2 * i + 1]!];
      if (there.has(i) || !Number.isFinite(x + y)) continue;
      const cell = cellOf(i);
      let free = true;
      for (let c = -SPAN; free && c <= SPAN; c += SPAN)
        for (let l = -1; free && l <= 1; l++) {
          const other = taken.get(cell + c + l);
          free = other === undefined || Math.abs(at[2 * other]! - x) >= width || Math.abs(at[2 * other + 1]! - y) >= height;
        }
      if (!free) continue;
      taken.set(cell, i);
      found.push(i);
    }
    return Uint32Array.from(found);
  }
}

/** The slots whose rows `may`, at most `most`, the largest value first; without values, evenly over the points. */
export function ranked(rowOf: Uint32Array, values: ArrayLike<number> | null, may: ((row: number) => boolean) | null, most: number): Uint32Array {
  const slots: number[] = [];
  if (values === null) {
    for (let s = 0; s < rowOf.length && slots.length < most; s++) if (may === null || may(rowOf[s]!)) slots.push(s);
    return Uint32Array.from(slots);
  }
  const has = (s: number) => !Number.isNaN(values[rowOf[s]!]!) && (may === null || may(rowOf[s]!));
  const all = new Float32Array(rowOf.length);
  let many = 0;
  for (let s = 0; s < rowOf.length; s++) if (has(s)) all[many++] = values[rowOf[s]!]!;
  const least = many > most ? all.subarray(0, many).sort()[many - most]! : -Infinity;
  for (let s = 0; s < rowOf.length; s++) if (has(s) && values[rowOf[s]!]! >= least) slots.push(s);
  slots.sort((a, b) => values[rowOf[b]!]! - values[rowOf[a]!]! || a - b);
  return Uint32Array.from(slots.slice(0, most));
}
