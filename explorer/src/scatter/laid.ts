// One map laid onto another of the same rows, so that what moved can be seen: the Procrustes problem. In two dimensions two
// sums of products solve it (Gower 1975, doi:10.1007/BF02291478), in three the main axis of a 4 x 4 matrix, which is the
// turn as a quaternion (Horn 1987, doi:10.1364/JOSAA.4.000629).
import type { MapData } from "../data/types.ts";

/** Mean and mean squared distance from it, of the rows that have a place in both maps. */
function middle(at: Float32Array, dims: number, both: (row: number) => boolean): { at: number[]; spread: number } {
  const sums = new Array<number>(dims).fill(0);
  let n = 0;
  for (let r = 0; r < at.length / dims; r++)
    if (both(r)) {
      n++;
      for (let d = 0; d < dims; d++) sums[d]! += at[r * dims + d]!;
    }
  const mean = sums.map((sum) => sum / Math.max(1, n));
  let spread = 0;
  for (let r = 0; r < at.length / dims; r++) if (both(r)) for (let d = 0; d < dims; d++) spread += (at[r * dims + d]! - mean[d]!) ** 2;
  return { at: mean, spread: spread / Math.max(1, n) };
}

/**
 * Places of the second map's rows in the first one's units: moved, turned, mirrored where that brings it nearer, and scaled
 * to the same spread (the scale of least squares would draw a map the smaller the less it has in common). Null where one
 * has more dimensions than the other or the rows differ in number.
 */
export function laidOnto(first: MapData, second: MapData): Float32Array<ArrayBuffer> | null {
  const { dims, rows } = first;
  if (dims !== second.dims || rows !== second.rows) return null;
  const [a, b] = [first.coords, second.coords];
  const both = (r: number) => {
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += a[r * dims + d]! + b[r * dims + d]!;
    return Number.isFinite(sum);
  };
  const [ma, mb] = [middle(a, dims, both), middle(b, dims, both)];
  // Sums of products, of the first map's axis by the second one's.
  const m = Array.from({ length: dims }, () => new Array<number>(dims).fill(0));
  for (let r = 0; r < rows; r++)
    if (both(r)) for (let i = 0; i < dims; i++) for (let j = 0; j < dims; j++) m[i]![j]! += (a[r * dims + i]! - ma.at[i]!) * (b[r * dims + j]! - mb.at[j]!);
  const turn = dims === 2 ? flatTurn(m) : spaceTurn(m);
  const scale = mb.spread > 0 ? Math.sqrt(ma.spread / mb.spread) : 1;
  const out = new Float32Array(rows * dims);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < dims; i++) {
      let sum = 0;
      for (let j = 0; j < dims; j++) sum += turn[i]![j]! * (b[r * dims + j]! - mb.at[j]!);
      out[r * dims + i] = ma.at[i]! + scale * sum;
    }
  return out;
}

/** The turn, or turn and mirror, that has most in common with sums of products. */
function flatTurn([[xx, xy], [yx, yy]]: number[][]): number[][] {
  const turned = Math.hypot(xx! + yy!, yx! - xy!);
  const mirrored = Math.hypot(xx! - yy!, xy! + yx!);
  const flip = mirrored > turned ? -1 : 1;
  const angle = flip < 0 ? Math.atan2(xy! + yx!, xx! - yy!) : Math.atan2(yx! - xy!, xx! + yy!);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [[cos, -flip * sin], [sin, flip * cos]];
}
function spaceTurn(m: number[][]): number[][] {
  const turned = quaternion(m);
  const mirrored = quaternion(m.map(([x, y, z]) => [x!, y!, -z!]));
  const flip = mirrored.common > turned.common ? -1 : 1;
  const [w, x, y, z] = (flip < 0 ? mirrored : turned).turn as [number, number, number, number];
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), flip * 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), flip * 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), flip * (1 - 2 * (x * x + y * y))],
  ];
}

/** The turn that brings the second map's axes nearest to the first one's, and how much both then have in common. */
function quaternion(m: number[][]): { turn: number[]; common: number } {
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = m as [[number, number, number], [number, number, number], [number, number, number]];
  const { values, vectors } = eigen([
    [xx + yy + zz, zy - yz, xz - zx, yx - xy],
    [zy - yz, xx - yy - zz, xy + yx, xz + zx],
    [xz - zx, xy + yx, yy - xx - zz, yz + zy],
    [yx - xy, xz + zx, yz + zy, zz - xx - yy],
  ]);
  const best = values.indexOf(Math.max(...values));
  return { turn: vectors.map((row) => row[best]!), common: values[best]! };
}

const SWEEPS = 30;
/** Eigenvalues and -vectors (columns) of a small symmetric matrix, by Jacobi's turns. */
function eigen(matrix: number[][]): { values: number[]; vectors: number[][] } {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const v: number[][] = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)));
  const size = a.flat().reduce((s, x) => s + x * x, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = a[p]![q]!;
        off += apq * apq;
        if (apq === 0) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) [a[k]![p], a[k]![q]] = [c * a[k]![p]! - s * a[k]![q]!, s * a[k]![p]! + c * a[k]![q]!];
        for (let k = 0; k < n; k++) [a[p]![k], a[q]![k]] = [c * a[p]![k]! - s * a[q]![k]!, s * a[p]![k]! + c * a[q]![k]!];
        for (let k = 0; k < n; k++) [v[k]![p], v[k]![q]] = [c * v[k]![p]! - s * v[k]![q]!, s * v[k]![p]! + c * v[k]![q]!];
      }
    if (off <= 1e-30 * size) break;
  }
  return { values: a.map((row, i) => row[i]!), vectors: v };
}

/** The rows that lie farthest from themselves, at most `most`, ascending; of those that `may`. */
export function mostMoved(first: Float32Array, second: Float32Array, dims: number, most: number, may: (row: number) => boolean): number[] {
  const way = new Float32Array(first.length / dims);
  for (let r = 0; r < way.length; r++) {
    let d = 0;
    if (may(r)) for (let i = r * dims; i < (r + 1) * dims; i++) d += (first[i]! - second[i]!) ** 2;
    way[r] = Number.isFinite(d) ? Math.sqrt(d) : 0;
  }
  const least = way.length > most ? way.slice().sort()[way.length - most]! : 0;
  const rows: number[] = [];
  for (let r = 0; r < way.length && rows.length < most; r++) if (way[r]! > 0 && way[r]! >= least) rows.push(r);
  return rows;
}
