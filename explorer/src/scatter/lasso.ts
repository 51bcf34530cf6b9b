// Which points lie within a line drawn by hand.

export type Polygon = [number, number][];

/** Even-odd rule; a point on the border may fall on either side. */
export function inside(polygon: Polygon, x: number, y: number): boolean {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]!;
    const [xj, yj] = polygon[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/** Indices of the points within, in order; `at` holds `stride` floats a point. */
export function within(polygon: Polygon, at: Float32Array, stride: number, allowed: (i: number) => boolean): number[] {
  if (polygon.length < 3) return [];
  const xs = polygon.map((p) => p[0]);
  const ys = polygon.map((p) => p[1]);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let i = 0; i < at.length / stride; i++) {
    const x = at[i * stride]!;
    const y = at[i * stride + 1]!;
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && allowed(i) && inside(polygon, x, y)) found.push(i);
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
