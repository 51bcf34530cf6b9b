import { expect, test } from "@playwright/test";
import { BELOW, FILTERED, HIDDEN, PLAIN, shadeByte } from "../../src/scatter/back.ts";
import { crowding, pixels } from "../../src/scatter/density.ts";
import { Grid } from "../../src/scatter/grid.ts";
import { contoursOf, ENCLOSED } from "../../src/scatter/layers/contours.ts";
import { Levels, placed, ranked } from "../../src/scatter/labels.ts";
import { mix32, shuffled } from "../../src/scatter/order.ts";
import { ramp, type Rgb } from "../../src/scatter/palette.ts";

const random = (i: number) => mix32(i) / 4294967296;
const WHITE: Rgb = [255, 255, 255];
const GREY: Rgb = [128, 128, 128];

/** Two places: `many` points left below, one right above. */
function twoPlaces(many: number) {
  const at = new Float32Array(2 * (many + 1));
  at.set([1, 1], 2 * many);
  return new Grid(at, 2);
}
const inkOf = (colors: [number, number, number, number][]) => Uint8Array.from(colors.flat());

test("density is stronger where points are more, and mixes their colors", () => {
  const many = 30;
  const grid = twoPlaces(many);
  const ink = inkOf(Array.from({ length: many + 1 }, (_, i) => (i % 2 ? [255, 0, 0, PLAIN] : [0, 0, 255, PLAIN])));
  const found = pixels(grid, { ink, background: WHITE, grey: GREY, ramp: null, rowOf: shuffled(many + 1).rowOf });
  const [dense, single] = [found[0]!, found.at(-1)!];
  expect(found.filter((p) => p !== 0).length).toBe(2);
  expect(dense >>> 24).toBeGreaterThan(240);
  expect(single >>> 24).toBeLessThan(80);
  expect(single & 0xffffff).toBe(0xff0000); // blue
  // Half of the light is red, half blue: 187 of 255 in sRGB.
  expect([dense & 255, (dense >>> 8) & 255, (dense >>> 16) & 255]).toEqual([187, 0, 187]);
});

test("density of numbers is the color of their mean; rows that are filtered away or without a value do not change it", () => {
  const grid = twoPlaces(4);
  const table = Array.from({ length: 256 }, (_, i) => ramp("light", (i - 1) / 254));
  const { rowOf, slotOf } = shuffled(5);
  const steps = new Uint8Array(5);
  for (const [slot, step] of [[0, 51], [1, 151], [2, 255], [3, 0], [4, 1]] as const) steps[rowOf[slot]!] = step;
  expect(slotOf.length).toBe(5);
  const ink = inkOf([[0, 0, 0, PLAIN], [0, 0, 0, PLAIN], [9, 9, 9, FILTERED], [...table[101]!, BELOW], [0, 0, 0, PLAIN]]);
  const found = pixels(grid, { ink, background: WHITE, grey: GREY, ramp: { steps, table }, rowOf });
  const mean = table[101]!;
  for (const [c, channel] of [found[0]! & 255, (found[0]! >>> 8) & 255, (found[0]! >>> 16) & 255].entries()) expect(Math.abs(channel - mean[c]!)).toBeLessThanOrEqual(1);
  // A place where all are filtered away is grey and faint; one whose rows lost their neighbors is paler.
  const away = pixels(grid, { ink: inkOf([[1, 2, 3, PLAIN], [1, 2, 3, PLAIN], [1, 2, 3, PLAIN], [1, 2, 3, PLAIN], [1, 2, 3, FILTERED]]), background: WHITE, grey: GREY, ramp: null, rowOf });
  expect(away.at(-1)! & 255).toBe(128);
  expect(away.at(-1)! >>> 24).toBeLessThan(30);
  const none = pixels(grid, { ink: inkOf([[1, 2, 3, PLAIN], [1, 2, 3, HIDDEN], [1, 2, 3, HIDDEN], [1, 2, 3, HIDDEN], [1, 2, 3, HIDDEN]]), background: WHITE, grey: GREY, ramp: null, rowOf });
  expect(none.at(-1)).toBe(0);
  const lost = pixels(grid, { ink: inkOf(Array.from({ length: 5 }, () => [0, 0, 0, shadeByte(0)])), background: WHITE, grey: GREY, ramp: null, rowOf });
  expect(lost[0]! & 255).toBeGreaterThan(200);
});

test("crowding is that around an average point: of an even square, its points over its area", () => {
  const n = 40_000;
  const at = Float32Array.from({ length: 2 * n }, (_, i) => random(i) * 2 - 1);
  const even = crowding(new Grid(at, 2));
  expect(even / (n / 4)).toBeGreaterThan(0.9);
  expect(even / (n / 4)).toBeLessThan(1.1);
  const half = crowding(new Grid(at.map((x, i) => (i % 4 < 2 ? x : x * 0.1)), 2));
  expect(half).toBeGreaterThan(10 * even); // of half of the points, in a hundredth of the area
  expect(crowding(new Grid(new Float32Array(2), 2))).toBe(0);
  expect(crowding(new Grid(new Float32Array(0), 2))).toBe(0);
});

test("contours enclose as large a share of the points as they say, of those that count", () => {
  const n = 40_000;
  const normal = (i: number) => Math.sqrt(-2 * Math.log(1 - random(2 * i))) * Math.cos(2 * Math.PI * random(2 * i + 1));
  const at = new Float32Array(2 * n);
  // Half around one place, half around another that does not count.
  for (let s = 0; s < n; s++) {
    at[2 * s] = 0.1 * normal(2 * s) + (s % 2 ? 0.7 : 0);
    at[2 * s + 1] = 0.2 * normal(2 * s + 1);
  }
  const lines = contoursOf(at, 2, (slot) => slot % 2 === 0);
  expect(lines.map((line) => line.enclosed)).toEqual([...ENCLOSED]);
  for (const { enclosed, segments } of lines) {
    // The line is an ellipse: a point lies within if it is nearer than the mean of the line, measured in standard deviations.
    let radius = 0;
    for (let k = 0; k < segments.length; k += 2) radius += Math.hypot(segments[k]! / 0.1, segments[k + 1]! / 0.2) / (segments.length / 2);
    // The share of a normal distribution within that radius; smoothing widens it a little.
    expect(1 - Math.exp(-(radius ** 2) / 2)).toBeGreaterThan(enclosed - 0.04);
    expect(1 - Math.exp(-(radius ** 2) / 2)).toBeLessThan(enclosed + 0.06);
  }
  expect(contoursOf(at.slice(0, 20), 2, null)).toEqual([]);
  expect(contoursOf(new Float32Array(200), 2, null)).toEqual([]);
  // Lines are closed: each end is where another segment begins or ends.
  const { segments } = lines[1]!;
  const ends = Array.from({ length: segments.length / 2 }, (_, k) => [segments[2 * k]!, segments[2 * k + 1]!] as const);
  expect(ends.every(([x, y]) => ends.filter(([u, v]) => Math.hypot(x - u, y - v) < 1e-5).length % 2 === 0)).toBe(true);
});

test("names of rows keep apart at each zoom, the first in rank first, and stay when one looks closer", () => {
  const n = 100_000;
  const at = Float32Array.from({ length: 2 * n }, (_, i) => random(i) * 2 - 1);
  const levels = new Levels(at, [100, 40]);
  let before = new Set<number>();
  for (const scale of [300, 424, 800, 2000, 9000]) {
    const found = levels.of(scale);
    expect(found[0]).toBe(0);
    const inside = [...found].filter((i) => Math.abs(at[2 * i]!) < 0.3 && Math.abs(at[2 * i + 1]!) < 0.3);
    const apart = (i: number, j: number) => i === j || Math.abs(at[2 * i]! - at[2 * j]!) * scale >= 100 - 1e-3 || Math.abs(at[2 * i + 1]! - at[2 * j + 1]!) * scale >= 40 - 1e-3;
    expect(inside.slice(0, 200).every((i) => inside.every((j) => apart(i, j)))).toBe(true);
    const now = new Set(found);
    expect([...before].every((i) => now.has(i))).toBe(true);
    expect(now.size).toBeGreaterThan(before.size);
    before = now;
  }
  expect(before.size).toBeGreaterThan(10_000);
  expect(new Levels(Float32Array.from([Number.NaN, 0, 1, 1]), [10, 10]).of(5)).toEqual(Uint32Array.from([1]));
});

test("rows are ranked by a column, those without a number and those that are not shown left out", () => {
  const { rowOf } = shuffled(1000);
  const values = Float32Array.from({ length: 1000 }, (_, row) => (row % 10 === 0 ? Number.NaN : random(row)));
  const first = ranked(rowOf, values, (row) => row % 2 === 1, 20);
  const rows = [...first].map((slot) => rowOf[slot]!);
  const wanted = Array.from({ length: 1000 }, (_, row) => row).filter((row) => row % 2 === 1 && row % 10 !== 0).sort((a, b) => values[b]! - values[a]!).slice(0, 20);
  expect(rows).toEqual(wanted);
  expect([...ranked(rowOf, null, null, 5)]).toEqual([0, 1, 2, 3, 4]);
  expect(ranked(rowOf, null, (row) => row === 7, 5).length).toBe(1);
});

test("the name of a row stands above its point or nowhere, below those of categories", () => {
  const label = (code: number, x: number, above?: number) => ({ code, text: "name", count: 1, at: [x, 50, 0] as [number, number, number], ...(above === undefined ? {} : { above }) });
  const done = placed([label(0, 50), label(1, 52, 2), label(2, 150, 10)], (p) => p, () => 40, 18, { width: 400, height: 300 });
  expect(done.map((name) => [name.label.code, name.x, name.y])).toEqual([[0, 50, 50], [2, 150, 40]]);
});
