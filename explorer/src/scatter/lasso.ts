// Which points lie within a line drawn by hand.

export type Polygon = [number, number][];

/** Even-odd rule; a point on the border may fall on either side. */
export function inside(polygon: Polygon, x: number, y: number): boolean {
  return insideFlat(Float64Array.from(polygon.flat()), x, y);
}

/** The same of corners laid out flat: asked a million times, it must not unpack pairs. */
function insideFlat(corners: Float64Array, x: number, y: number): boolean {
  let odd = false;
  const n = corners.length;
  let [xj, yj] = [corners[n - 2]!, corners[n - 1]!];
  for (let i = 0; i < n; i += 2) {
    const xi = corners[i]!;
    const yi = corners[i + 1]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
    xj = xi;
    yj = yi;
  }
  return odd;
}

/** Indices of the points within, in order; `at` holds `stride` floats a point. */
export function within(polygon: Polygon, at: Float32Array, stride: number, allowed: (i: number) => boolean): number[] {
  if (polygon.length < 3) return [];
  const xs = polygon.map((p) => p[0]);
  const ys = polygon.map((p) => p[1]);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const corners = Float64Array.from(polygon.flat());
  const found: number[] = [];
  for (let i = 0; i < at.length / stride; i++) {
    const x = at[i * stride]!;
    const y = at[i * stride + 1]!;
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && allowed(i) && insideFlat(corners, x, y)) found.push(i);
  }
  return found;
}

/** Drops corners nearer than `least` to the one before: a hand draws hundreds. */
export function simplified(polygon: Polygon, least: number): Polygon {
  const kept: Polygon = [];
  for (const p of polygon) {
    const last = kept.at(-1);
    if (!last || Math.hypot(p[0] - last[0], p[1] - last[1]) >= least) kept.push(p);
  }
  return kept;
}
