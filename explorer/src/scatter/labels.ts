// Names of categories: each at the densest place of its points, none over another.

export interface Label {
  code: number;
  text: string;
  count: number;
  /** Map units. */
  at: [number, number, number];
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

/** Places labels from the largest on; one that would touch another moves a little up or down, or is left out. */
export function placed(
  labels: Label[],
  project: (at: [number, number, number]) => [number, number, number],
  measure: (text: string) => number,
  height: number,
  frame: { width: number; height: number },
): Placed[] {
  const taken: [number, number, number, number][] = [];
  const done: Placed[] = [];
  for (const label of labels) {
    const [px, py] = project(label.at);
    const half = measure(label.text) / 2 + 4;
    // Off the picture: the name would be of something that is not seen.
    if (px < 0 || px > frame.width || py < 0 || py > frame.height) continue;
    const x = Math.max(half + 2, Math.min(frame.width - half - 2, px));
    for (const dy of [0, -height, height]) {
      const y = Math.max(height, Math.min(frame.height - height, py + dy));
      const [x0, y0, x1, y1] = [x - half, y - height / 2 - 1, x + half, y + height / 2 + 1];
      if (taken.some(([a, b, c, d]) => x0 < c && x1 > a && y0 < d && y1 > b)) continue;
      taken.push([x0, y0, x1, y1]);
      done.push({ label, x, y });
      break;
    }
  }
  return done;
}
