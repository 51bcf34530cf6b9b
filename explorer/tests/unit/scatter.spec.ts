import { expect, test } from "@playwright/test";
import { ticks } from "../../src/scatter/layers/axes.ts";
import { Camera } from "../../src/scatter/camera.ts";
import { boxOf, Grid } from "../../src/scatter/grid.ts";
import { densest, placed } from "../../src/scatter/labels.ts";
import { inside, simplified, within } from "../../src/scatter/lasso.ts";
import { mix32, shuffled } from "../../src/scatter/order.ts";
import { CANVAS, category, contrast, N_COLORS, oklab, pointLook, ramp, type Rgb, type Theme } from "../../src/scatter/palette.ts";
import { laidOnto, mostMoved } from "../../src/scatter/laid.ts";
import { stamps } from "../../src/scatter/raster.ts";

const random = (i: number) => mix32(i) / 4294967296;
const cloud = (n: number, stride: number) => Float32Array.from({ length: n * stride }, (_, i) => random(i) * 4 - 2);
const THEMES: Theme[] = ["light", "dark"];

test("the order is a permutation, and a prefix holds a fair share of each part of the file", () => {
  const { rowOf, slotOf } = shuffled(10_000);
  expect(new Set(rowOf).size).toBe(10_000);
  for (const row of [0, 1, 4999, 9999]) expect(rowOf[slotOf[row]!]).toBe(row);
  const early = rowOf.slice(0, 1000).filter((r) => r < 2000).length;
  expect(early).toBeGreaterThan(150);
  expect(early).toBeLessThan(250);
  expect(shuffled(10_000).rowOf).toEqual(rowOf);
});

test("the grid finds what a search through all points finds", () => {
  const n = 5000;
  for (const stride of [2, 3]) {
    const at = cloud(n, stride);
    at[10 * stride] = Number.NaN;
    const grid = new Grid(at, stride);
    const odd = (i: number) => i % 3 !== 0;
    for (let q = 0; q < 300; q++) {
      const [x, y, r] = [random(q + 9e6) * 5 - 2.5, random(q + 8e6) * 5 - 2.5, random(q + 7e6) * 0.1];
      let best = -1;
      let least = r * r;
      for (let i = 0; i < n; i++) {
        const d = (at[i * stride]! - x) ** 2 + (at[i * stride + 1]! - y) ** 2;
        if (odd(i) && d <= least) [best, least] = [i, d];
      }
      expect(grid.nearest(x, y, r, odd)).toBe(best);
    }
  }
});

test("of points in one place, the grid gives the one that is drawn last", () => {
  expect(new Grid(new Float32Array([1, 1, 1, 1, 1, 1]), 2).nearest(1, 1, 0.1, () => true)).toBe(2);
});

test("a grid of nothing, of one point and of one place finds its way", () => {
  expect(new Grid(new Float32Array(0), 2).nearest(0, 0, 1, () => true)).toBe(-1);
  expect(new Grid(new Float32Array([3, 4]), 2).nearest(3, 4, 1, () => true)).toBe(0);
  expect(new Grid(new Float32Array(20).fill(7), 2).nearest(7, 7, 1, () => true)).toBe(9);
  expect(boxOf(new Float32Array([Number.NaN, 1]), 2)).toEqual({ x0: -1, y0: -1, x1: 1, y1: 1 });
});

test("a lasso holds what lies within it, by the even-odd rule", () => {
  const square: [number, number][] = [[0, 0], [2, 0], [2, 2], [0, 2]];
  expect(inside(square, 1, 1)).toBe(true);
  expect(inside(square, 3, 1)).toBe(false);
  const horseshoe: [number, number][] = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]];
  expect(inside(horseshoe, 1.5, 2)).toBe(false);
  expect(inside(horseshoe, 0.5, 2)).toBe(true);
  const at = cloud(2000, 2);
  const circle = Array.from({ length: 60 }, (_, i): [number, number] => [Math.cos((i / 60) * 2 * Math.PI), Math.sin((i / 60) * 2 * Math.PI)]);
  const found = within(circle, at, 2, (i) => i !== 7);
  const inner = Array.from({ length: 2000 }, (_, i) => i).filter((i) => i !== 7 && Math.hypot(at[2 * i]!, at[2 * i + 1]!) < Math.cos(Math.PI / 60));
  for (const i of inner) expect(found).toContain(i);
  for (const i of found) expect(Math.hypot(at[2 * i]!, at[2 * i + 1]!)).toBeLessThanOrEqual(1);
  expect(simplified([[0, 0], [1, 0], [5, 0], [6, 0], [9, 0]], 4)).toEqual([[0, 0], [5, 0], [9, 0]]);
});

test("the camera's two ways are each other's inverse, and zooming keeps the place under the pointer", () => {
  const camera = new Camera();
  [camera.width, camera.height] = [800, 600];
  camera.view = { x: 0.3, y: -0.2, span: 0.01, yaw: 0, pitch: 0 };
  const [x, y] = camera.unproject(123, 456);
  expect(camera.project(x, y, 0)[0]).toBeCloseTo(123, 6);
  expect(camera.project(x, y, 0)[1]).toBeCloseTo(456, 6);
  camera.zoom(3, 123, 456);
  expect(camera.unproject(123, 456)[0]).toBeCloseTo(x, 9);
  expect(camera.unproject(123, 456)[1]).toBeCloseTo(y, 9);
  camera.orbit = true;
  camera.view.yaw = 1;
  const [r, u, t] = camera.axes();
  const dot = (a: number[], b: number[]) => a.reduce((s, v, i) => s + v * b[i]!, 0);
  for (const [a, b] of [[r, u], [r, t], [u, t]] as const) expect(dot(a, b)).toBeCloseTo(0, 9);
  for (const a of [r, u, t]) expect(dot(a, a)).toBeCloseTo(1, 9);
});

const asMap = (coords: Float32Array, dims: 2 | 3 = 2) => ({ dims, rows: coords.length / dims, version: 1, center: [0, 0, 0] as [number, number, number], radius: 2, coords });

test("a map that was moved, turned, mirrored and scaled is laid onto where it was", () => {
  const n = 500;
  const first = cloud(n, 2);
  for (const flip of [1, -1])
    for (const angle of [0, 1, 3, -2]) {
      const [cos, sin] = [5 * Math.cos(angle), 5 * Math.sin(angle)];
      const second = Float32Array.from({ length: 2 * n }, (_, i) => {
        const [x, y] = [first[i - (i % 2)]!, flip * first[i - (i % 2) + 1]!];
        return i % 2 === 0 ? 7 + cos * x - sin * y : -3 + sin * x + cos * y;
      });
      second[2 * 9] = Number.NaN; // a row without a place changes nothing for the others
      const laid = laidOnto(asMap(first), asMap(second))!;
      expect(Math.max(...Array.from(laid, (v, i) => (i >> 1 === 9 ? 0 : Math.abs(v - first[i]!))))).toBeLessThan(1e-5);
      expect(laid[2 * 9]).toBeNaN();
    }
  expect(laidOnto(asMap(first), asMap(cloud(n, 3), 3))).toBeNull();
  expect(laidOnto(asMap(first), asMap(cloud(n - 1, 2)))).toBeNull();
});

test("a map in 3-D, too, and none lies nearer", () => {
  const n = 400;
  const first = cloud(n, 3);
  const turned = (of: Float32Array, [yaw, pitch, roll]: number[], flip: number, scale = 1) =>
    Float32Array.from(of, (_, i) => {
      const r = i - (i % 3);
      let [x, y, z] = [of[r]!, of[r + 1]!, flip * of[r + 2]!];
      [x, y] = [x * Math.cos(yaw!) - y * Math.sin(yaw!), x * Math.sin(yaw!) + y * Math.cos(yaw!)];
      [y, z] = [y * Math.cos(pitch!) - z * Math.sin(pitch!), y * Math.sin(pitch!) + z * Math.cos(pitch!)];
      [x, z] = [x * Math.cos(roll!) - z * Math.sin(roll!), x * Math.sin(roll!) + z * Math.cos(roll!)];
      return scale * [x, y, z][i % 3]! + (scale === 1 ? 0 : [7, -3, 5][i % 3]!);
    });
  for (const flip of [1, -1])
    for (const angles of [[0, 0, 0], [1, 2, 3], [Math.PI, 0, 0], [-2, 0.5, 1.5]]) {
      const laid = laidOnto(asMap(first, 3), asMap(turned(first, angles, flip, 4), 3))!;
      expect(Math.max(...Array.from(laid, (v, i) => Math.abs(v - first[i]!))), `${flip} ${angles}`).toBeLessThan(1e-5);
    }
  // Of one that is another, any small turn more makes it worse.
  const mean = (at: Float32Array) => [0, 1, 2].map((d) => at.reduce((s, v, i) => s + (i % 3 === d ? v : 0), 0) / n);
  const centered = (at: Float32Array) => ((m) => at.map((v, i) => v - m[i % 3]!))(mean(at));
  const second = first.map((v, i) => 0.5 * v + random(i + 3e6));
  const [a, b] = [centered(first), centered(laidOnto(asMap(first, 3), asMap(second, 3))!)];
  const off = (of: Float32Array) => of.reduce((s, v, i) => s + (v - a[i]!) ** 2, 0);
  for (const angles of [[0.02, 0, 0], [0, 0.02, 0], [0, 0, 0.02], [-0.02, 0, 0], [0, -0.02, 0], [0, 0, -0.02]]) expect(off(turned(b, angles, 1))).toBeGreaterThan(off(b));
  // A flat map laid in space, or a line, is turned by some turn, never torn.
  const line = Float32Array.from({ length: 3 * n }, (_, i) => (i % 3 === 0 ? random(i) : 0));
  expect(laidOnto(asMap(line, 3), asMap(turned(line, [1, 2, 3], 1, 2), 3))!.every((v, i) => Math.abs(v - line[i]!) < 1e-5)).toBe(true);
});

test("no turn lays a map nearer, and its spread stays that of the first", () => {
  const n = 300;
  const first = cloud(n, 2);
  const second = first.map((v, i) => 0.7 * v + random(i + 3e6));
  const laid = laidOnto(asMap(first), asMap(second))!;
  const mean = (at: Float32Array, d: number) => at.filter((_, i) => i % 2 === d).reduce((a, b) => a + b, 0) / n;
  const [mx, my] = [mean(first, 0), mean(first, 1)];
  const spread = (at: Float32Array) => at.reduce((s, v, i) => s + (v - (i % 2 === 0 ? mx : my)) ** 2, 0);
  expect(spread(laid) / spread(first)).toBeCloseTo(1, 5);
  const off = (turn: number) => {
    let sum = 0;
    for (let r = 0; r < n; r++) {
      const [x, y] = [laid[2 * r]! - mx, laid[2 * r + 1]! - my];
      sum += (mx + Math.cos(turn) * x - Math.sin(turn) * y - first[2 * r]!) ** 2 + (my + Math.sin(turn) * x + Math.cos(turn) * y - first[2 * r + 1]!) ** 2;
    }
    return sum;
  };
  for (const turn of [-1, -0.05, 0.05, 1, 3]) expect(off(0)).toBeLessThan(off(turn));
});

test("the rows that moved most are found, among those that may be shown", () => {
  const first = cloud(1000, 2);
  const second = first.slice();
  for (const [row, far] of [[7, 3], [500, 5], [20, 4], [3, Number.NaN]] as const) second[2 * row]! += far;
  expect(mostMoved(first, second, 2, 2, () => true)).toEqual([20, 500]);
  expect(mostMoved(first, second, 2, 2, (row) => row !== 500)).toEqual([7, 20]);
  expect(mostMoved(first, second, 2, 100, () => true)).toEqual([7, 20, 500]);
});

test("names stand at the densest place, and none over another", () => {
  const n = 3000;
  const at = new Float32Array(n * 2);
  const codes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    codes[i] = i % 3;
    const stray = random(i) < 0.2;
    at[2 * i] = stray ? random(i + n) * 2 - 1 : (codes[i]! - 1) * 0.7 + 0.02 * random(i + n);
    at[2 * i + 1] = stray ? random(i + 2 * n) * 2 - 1 : 0.02 * random(i + 2 * n);
  }
  const labels = densest(at, 2, codes, ["a", "b", "c"]);
  expect(labels).toHaveLength(3);
  for (const l of labels) {
    expect(Math.abs(l.at[0] - (l.code - 1) * 0.7)).toBeLessThan(0.06);
    expect(Math.abs(l.at[1])).toBeLessThan(0.06);
  }
  const many = Array.from({ length: 200 }, (_, i) => ({ code: i, text: "name", count: 200 - i, at: [random(i) * 400, random(i + 500) * 300, 0] as [number, number, number] }));
  const done = placed(many, (p) => p, () => 40, 18, { width: 400, height: 300 });
  expect(done.length).toBeGreaterThan(20);
  expect(done[0]!.label.code).toBe(0);
  for (const a of done) for (const b of done) if (a !== b) expect(Math.abs(a.x - b.x) >= 40 || Math.abs(a.y - b.y) >= 18).toBe(true);
});

test("stamps cover the area of their disc, wherever in a pixel it lies", () => {
  for (const d of [1.5, 2.4, 3.7, 6, 9.5]) {
    const { side, cover } = stamps(d, 0);
    for (let s = 0; s < 16; s++) {
      const sum = cover.subarray(s * side * side, (s + 1) * side * side).reduce((a, b) => a + b, 0) / 256;
      expect(sum / (Math.PI * (d / 2) ** 2)).toBeGreaterThan(0.86);
      expect(sum / (Math.PI * (d / 2) ** 2)).toBeLessThan(1.3);
    }
  }
  const [disc, ring] = [stamps(8, 0), stamps(8, 1.2)];
  const middle = 4 * disc.side + 4;
  expect(ring.cover[middle]!).toBeLessThan(0.3 * disc.cover[middle]!);
});

/** How far two colors are apart for an eye without red or green cones (Viénot, Brettel, Mollon 1999, in linear light). */
function seen(rgb: Rgb, kind: "red" | "green" | "all"): [number, number, number] {
  if (kind === "all") return oklab(rgb);
  const lin = rgb.map((c) => (c / 255) ** 2.2) as Rgb;
  const m = kind === "red" ? [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]] : [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]];
  return oklab(m.map((row) => 255 * Math.max(0, Math.min(1, row.reduce((s, v, i) => s + v * lin[i]!, 0))) ** (1 / 2.2)) as Rgb);
}

for (const theme of THEMES) {
  test(`colors of categories stand out from the ${theme} map and from each other`, () => {
    const colors = Array.from({ length: N_COLORS }, (_, i) => category(theme, i));
    for (const c of colors) expect(contrast(c, CANVAS[theme])).toBeGreaterThan(1.55);
    for (const c of colors.slice(0, 7)) expect(contrast(c, CANVAS[theme])).toBeGreaterThan(1.75);
    for (const kind of ["all", "red", "green"] as const) {
      let least = Infinity;
      for (let i = 0; i < 7; i++)
        for (let j = 0; j < i; j++) least = Math.min(least, Math.hypot(...seen(colors[i]!, kind).map((v, k) => v - seen(colors[j]!, kind)[k]!)));
      expect(least, kind).toBeGreaterThan(kind === "all" ? 0.095 : 0.045);
    }
    for (const [i, c] of colors.entries()) for (const d of colors.slice(0, i)) expect(Math.hypot(...oklab(c).map((v, k) => v - oklab(d)[k]!)), `${c} ${d}`).toBeGreaterThan(0.06);
    expect(category(theme, N_COLORS)).toEqual(category(theme, 999));
  });
  test(`the ramp grows lighter all the way and stays visible on the ${theme} map`, () => {
    const light = Array.from({ length: 21 }, (_, i) => oklab(ramp(theme, i / 20))[0]);
    for (let i = 1; i < light.length; i++) expect(light[i]!).toBeGreaterThan(light[i - 1]!);
    for (let i = 0; i <= 20; i++) expect(contrast(ramp(theme, i / 20), CANVAS[theme])).toBeGreaterThan(1.35);
  });
}

test("points grow smaller and fainter with their number, and stay 60 to 82 % opaque", () => {
  const looks = [100, 1e3, 1e4, 1e5, 1e6, 5e6].map((n) => pointLook(n, 1));
  for (let i = 1; i < looks.length; i++) {
    expect(looks[i]!.size).toBeLessThanOrEqual(looks[i - 1]!.size);
    expect(looks[i]!.opacity).toBeLessThanOrEqual(looks[i - 1]!.opacity);
  }
  for (const l of looks) {
    expect(l.opacity).toBeGreaterThanOrEqual(0.6);
    expect(l.opacity).toBeLessThanOrEqual(0.82);
  }
});

test("ticks of an axis are round, within its range, and no more than asked for", () => {
  expect(ticks(-0.3, 2.2, 6)).toEqual([0, 0.5, 1, 1.5, 2]);
  expect(ticks(1788, 2016, 5)).toEqual([1800, 1850, 1900, 1950, 2000]);
  expect(ticks(1e7, 1e7 + 0.35, 4)).toEqual([1e7, 1e7 + 0.1, 1e7 + 0.2, 1e7 + 0.3]);
  expect(ticks(-0.1, 0.1, 4)).toEqual([-0.1, -0.05, 0, 0.05, 0.1]);
  expect(ticks(1, 1, 4)).toEqual([]);
  expect(ticks(0, Infinity, 4)).toEqual([]);
});
