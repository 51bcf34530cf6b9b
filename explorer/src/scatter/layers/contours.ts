// Contours of the density of points on a flat map: lines that enclose shares of them (highest density regions), by marching
// squares over a smoothed grid.
import { boxOf } from "../grid.ts";
import { type Layer, ORDER } from "../layer.ts";

/** Shares of the points that the lines enclose. */
export const ENCLOSED = [0.95, 0.75, 0.5, 0.25] as const;
/** Fewer points have no density. */
const LEAST = 20;
const SIDE = 128;
/** Cells around the points, within which density falls to 0 and lines close. */
const PAD = 14;
/** Standard deviation of the smoothing in cells: wider where points are few. */
const bandwidth = (n: number) => Math.max(1.3, Math.min(4.5, 8 * n ** -0.13));

export interface Contour {
  enclosed: number;
  /** Segments of the line, four coordinates each, in map units. */
  segments: Float32Array;
}

/** The lines of the points for which `counted`, the outermost first; none where points are few or all in one line. */
export function contoursOf(at: Float32Array, dims: number, counted: ((slot: number) => boolean) | null): Contour[] {
  const n = Math.floor(at.length / dims);
  const some = counted === null ? null : at.slice();
  if (some && counted) for (let s = 0; s < n; s++) if (!counted(s)) some[s * dims] = Number.NaN;
  const of = some ?? at;
  const box = boxOf(of, dims);
  const inner = SIDE - 2 * PAD;
  const cell = [(box.x1 - box.x0) / inner, (box.y1 - box.y0) / inner] as const;
  if (!(cell[0] > 0 && cell[1] > 0)) return [];
  const grid = new Float32Array(SIDE * SIDE);
  let points = 0;
  for (let s = 0; s < n; s++) {
    const x = PAD + (of[s * dims]! - box.x0) / cell[0];
    const y = PAD + (of[s * dims + 1]! - box.y0) / cell[1];
    if (!(x >= 0 && x <= SIDE && y >= 0 && y <= SIDE)) continue;
    grid[Math.min(SIDE - 1, Math.floor(y)) * SIDE + Math.min(SIDE - 1, Math.floor(x))]!++;
    points++;
  }
  if (points < LEAST) return [];
  const smooth = blurred(grid, bandwidth(points));
  return levelsOf(smooth).map((level, i) => {
    const lines = marched(smooth, level);
    // A value stands for the middle of its cell.
    for (let k = 0; k < lines.length; k++) lines[k] = k % 2 === 0 ? box.x0 + (lines[k]! + 0.5 - PAD) * cell[0] : box.y0 + (lines[k]! + 0.5 - PAD) * cell[1];
    return { enclosed: ENCLOSED[i]!, segments: Float32Array.from(lines) };
  });
}

/** Smoothed along both axes by a normal distribution. */
function blurred(grid: Float32Array, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b, 0);
  const along = (from: Float32Array, step: number, other: number) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < SIDE; line++)
      for (let i = 0; i < SIDE; i++) {
        let value = 0;
        for (let k = Math.max(-reach, -i); k <= Math.min(reach, SIDE - 1 - i); k++) value += weights[k + reach]! * from[line * other + (i + k) * step]!;
        to[line * other + i * step] = value / sum;
      }
    return to;
  };
  return along(along(grid, 1, SIDE), SIDE, 1);
}

/** The densities above which lie so many of the points. */
function levelsOf(smooth: Float32Array): number[] {
  const sorted = smooth.slice().sort().reverse();
  const all = sorted.reduce((a, b) => a + b, 0);
  const levels: number[] = [];
  let [sum, i] = [0, 0];
  for (const share of [...ENCLOSED].reverse()) {
    while (i < sorted.length && sum < share * all) sum += sorted[i++]!;
    levels.push(sorted[Math.max(0, i - 1)]!);
  }
  return levels.reverse();
}

/** Marching squares: segments between the borders of cells, in cells. */
function marched(values: Float32Array, level: number): number[] {
  const out: number[] = [];
  const between = (a: number, b: number) => (level - a) / (b - a);
  for (let y = 0; y < SIDE - 1; y++)
    for (let x = 0; x < SIDE - 1; x++) {
      const i = y * SIDE + x;
      const [a, b, c, d] = [values[i]!, values[i + 1]!, values[i + SIDE + 1]!, values[i + SIDE]!];
      const kind = (a >= level ? 1 : 0) | (b >= level ? 2 : 0) | (c >= level ? 4 : 0) | (d >= level ? 8 : 0);
      if (kind === 0 || kind === 15) continue;
      // Where the line crosses the side below, right, above and left.
      const low = () => out.push(x + between(a, b), y);
      const right = () => out.push(x + 1, y + between(b, c));
      const high = () => out.push(x + between(d, c), y + 1);
      const left = () => out.push(x, y + between(a, d));
      const middle = (a + b + c + d) / 4 >= level;
      if (kind === 1 || kind === 14) (left(), low());
      else if (kind === 2 || kind === 13) (low(), right());
      else if (kind === 3 || kind === 12) (left(), right());
      else if (kind === 4 || kind === 11) (right(), high());
      else if (kind === 6 || kind === 9) (low(), high());
      else if (kind === 7 || kind === 8) (left(), high());
      // A saddle: the middle says which corners belong together.
      else if ((kind === 5) === middle) (left(), high(), low(), right());
      else (left(), low(), right(), high());
    }
  return out;
}

/** Lines around the points for which `counted`, all if null; `special`: in the color of what is selected. */
export function contours(counted: ((slot: number) => boolean) | null, special: boolean): Layer {
  let lines: Contour[] = [];
  return {
    order: ORDER.contours,
    moved({ at, dims }) {
      lines = contoursOf(at, dims, counted);
    },
    paint({ pen, color, camera }) {
      if (camera.orbit) return;
      const [x0, y0] = camera.project(0, 0, 0);
      const scale = camera.scale;
      for (const [i, { segments }] of lines.entries()) {
        pen.beginPath();
        for (let k = 0; k < segments.length; k += 4) {
          pen.moveTo(x0 + scale * segments[k]!, y0 - scale * segments[k + 1]!);
          pen.lineTo(x0 + scale * segments[k + 2]!, y0 - scale * segments[k + 3]!);
        }
        // A light line beneath, so that it reads over points of any color.
        for (const [style, width, alpha] of [[color.canvas, 3, 0.4], [special ? color.accent : color.text, 1.2, 0.45 + 0.12 * i]] as const) {
          pen.strokeStyle = style;
          pen.lineWidth = width;
          pen.globalAlpha = alpha;
          pen.stroke();
        }
      }
      pen.globalAlpha = 1;
    },
  };
}
