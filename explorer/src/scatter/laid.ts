// One map laid onto another of the same rows, so that what moved can be seen: the Procrustes problem in two dimensions,
// which two sums of products solve. Source: Gower 1975, doi:10.1007/BF02291478.
import type { MapData } from "../data/types.ts";

/** Mean and mean squared distance from it, of the rows that have a place in both maps. */
function middle(at: Float32Array, both: (row: number) => boolean): { x: number; y: number; spread: number } {
  let [n, x, y, spread] = [0, 0, 0, 0];
  for (let r = 0; r < at.length / 2; r++)
    if (both(r)) {
      n++;
      x += at[2 * r]!;
      y += at[2 * r + 1]!;
    }
  [x, y] = [x / Math.max(1, n), y / Math.max(1, n)];
  for (let r = 0; r < at.length / 2; r++) if (both(r)) spread += (at[2 * r]! - x) ** 2 + (at[2 * r + 1]! - y) ** 2;
  return { x, y, spread: spread / Math.max(1, n) };
}

/**
 * Places of the second map's rows in the first one's units: moved, turned, mirrored where that brings it nearer, and scaled
 * to the same spread (the scale of least squares would draw a map the smaller the less it has in common). Null where either
 * has three dimensions or the rows differ in number.
 */
export function laidOnto(first: MapData, second: MapData): Float32Array<ArrayBuffer> | null {
  if (first.dims !== 2 || second.dims !== 2 || first.rows !== second.rows) return null;
  const [a, b] = [first.coords, second.coords];
  const both = (r: number) => Number.isFinite(a[2 * r]! + a[2 * r + 1]! + b[2 * r]! + b[2 * r + 1]!);
  const [ma, mb] = [middle(a, both), middle(b, both)];
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (let r = 0; r < first.rows; r++) {
    if (!both(r)) continue;
    const [ax, ay, bx, by] = [a[2 * r]! - ma.x, a[2 * r + 1]! - ma.y, b[2 * r]! - mb.x, b[2 * r + 1]! - mb.y];
    xx += ax * bx;
    xy += ax * by;
    yx += ay * bx;
    yy += ay * by;
  }
  const turned = Math.hypot(xx + yy, yx - xy);
  const mirrored = Math.hypot(xx - yy, xy + yx);
  const flip = mirrored > turned ? -1 : 1;
  const angle = flip < 0 ? Math.atan2(xy + yx, xx - yy) : Math.atan2(yx - xy, xx + yy);
  const scale = mb.spread > 0 ? Math.sqrt(ma.spread / mb.spread) : 1;
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const out = new Float32Array(first.rows * 2);
  for (let r = 0; r < first.rows; r++) {
    const [x, y] = [b[2 * r]! - mb.x, flip * (b[2 * r + 1]! - mb.y)];
    out[2 * r] = ma.x + cos * x - sin * y;
    out[2 * r + 1] = ma.y + sin * x + cos * y;
  }
  return out;
}

/** The rows that lie farthest from themselves, at most `most`, ascending; of those that `may`. */
export function mostMoved(first: Float32Array, second: Float32Array, most: number, may: (row: number) => boolean): number[] {
  const way = new Float32Array(first.length / 2);
  for (let r = 0; r < way.length; r++) {
    const d = may(r) ? Math.hypot(first[2 * r]! - second[2 * r]!, first[2 * r + 1]! - second[2 * r + 1]!) : 0;
    way[r] = Number.isFinite(d) ? d : 0;
  }
  const least = way.length > most ? way.slice().sort()[way.length - most]! : 0;
  const rows: number[] = [];
  for (let r = 0; r < way.length && rows.length < most; r++) if (way[r]! > 0 && way[r]! >= least) rows.push(r);
  return rows;
}
