// How columns are shown: ramps, histograms, and colors of many categories.
import { expect, test } from "@playwright/test";
import { guess } from "../../src/core/row-names.svelte.ts";
import type { Field } from "../../src/data/types.ts";
import { areYears, atAxis, histogram, onAxis, onRamp, scaleOf, stepWithin } from "../../src/scale.ts";
import { neighborColors } from "../../src/scatter/coloring.ts";
import { densest } from "../../src/scatter/labels.ts";
import { mix32 } from "../../src/scatter/order.ts";
import { N_COLORS } from "../../src/scatter/palette.ts";
import { dated } from "../../src/words.ts";

const random = (i: number) => mix32(i) / 4294967296;
const normal = (i: number) => Math.sqrt(-2 * Math.log(1 - random(2 * i))) * Math.cos(2 * Math.PI * random(2 * i + 1));

test("a ramp runs from the 2nd to the 98th percentile, whatever a few cells hold", () => {
  const n = 20_000;
  const values = Float32Array.from({ length: n }, (_, i) => (i === 7 ? 1e9 : i < 20 && i > 7 ? Number.NaN : random(i)));
  const scale = scaleOf(values);
  expect([scale.missing, scale.most, scale.log, scale.whole]).toEqual([12, 1e9, false, false]);
  expect(Math.abs(scale.low - 0.02)).toBeLessThan(0.005);
  expect(Math.abs(scale.high - 0.98)).toBeLessThan(0.005);
  expect([onRamp(scale, scale.low), onRamp(scale, scale.high)]).toEqual([0, 1]);
  const bins = histogram(values, scale);
  expect(bins.reduce((a, b) => a + b, 0)).toBe(n - 12);
  const shown = Uint8Array.from({ length: n }, (_, i) => i % 2);
  expect(histogram(values, scale, shown).reduce((a, b) => a + b, 0)).toBe(n / 2 - 6);
  for (const t of [0, 0.3, 1]) expect(onAxis(scale, atAxis(scale, t))).toBeCloseTo(t, 6);
});

test("positive skewed numbers have a logarithmic ramp; symmetric, negative and narrow ones do not", () => {
  const of = (value: (i: number) => number) => scaleOf(Float32Array.from({ length: 5000 }, (_, i) => value(i)));
  expect(of((i) => Math.exp(5 + 1.2 * normal(i))).log).toBe(true);
  expect(of((i) => (1 - random(i)) ** -1.5).log).toBe(true);
  expect(of((i) => 100 + 10 * normal(i)).log).toBe(false);
  expect(of((i) => random(i) * 1000 + 1).log).toBe(false);
  expect(of((i) => Math.exp(1.2 * normal(i)) - 0.1).log, "it holds negative numbers").toBe(false);
  // One outlier makes nothing skewed.
  expect(of((i) => (i === 0 ? 1e12 : 1 + 8 * random(i))).log).toBe(false);
  const scale = of((i) => Math.exp(5 + 1.2 * normal(i)));
  expect(onRamp(scale, Math.sqrt(scale.low * scale.high))).toBeCloseTo(0.5, 6);
  for (const t of [0, 0.25, 1]) expect(onAxis(scale, atAxis(scale, t))).toBeCloseTo(t, 6);
});

test("numbers of a few steps have a bin each, and odd columns a scale", () => {
  const shares = scaleOf(Float32Array.from({ length: 3000 }, (_, i) => (i % 16) / 15));
  expect(shares.edges.length - 1).toBe(16);
  expect([...histogram(Float32Array.from({ length: 3200 }, (_, i) => (i % 16) / 15), shares)]).toEqual(Array(16).fill(200));
  const years = scaleOf(Float32Array.from({ length: 10_000 }, (_, i) => 1790 + (i % 230)));
  expect([years.whole, areYears(years.least, years.most)]).toEqual([true, true]);
  expect([...histogram(Float32Array.from({ length: 230 }, (_, i) => 1790 + i), years)].slice(1, -1).every((count) => count === 5)).toBe(true);
  expect([stepWithin(years, 1849.5, true), stepWithin(years, 1850, true), stepWithin(years, 1899.5, false), stepWithin(years, Infinity, false)]).toEqual([1850, 1850, 1899, Infinity]);
  expect(stepWithin(shares, 0.3666666, false)).toBeCloseTo(1 / 3, 6);
  expect(areYears(0, 2020)).toBe(false);
  expect(scaleOf(new Float32Array([Number.NaN, Number.NaN]))).toMatchObject({ missing: 2, low: 0, high: 0 });
  const same = scaleOf(new Float32Array(5).fill(3));
  expect(onRamp(same, 3)).toBe(0.5);
  expect([...histogram(new Float32Array(5).fill(3), same)]).toEqual([5]);
  // Nearly all cells are 0.
  const rare = scaleOf(Float32Array.from({ length: 1000 }, (_, i) => (i < 5 ? 4 : 0)));
  expect([rare.low, rare.high]).toEqual([0, 4]);
  expect([dated(19_723.5), dated(19_723.5, 0.8)]).toEqual(["2024-01-01", "2024-01-01 12:00"]);
  expect(dated(19_723 + 3725 / 86_400, 0.1)).toBe("2024-01-01 01:02:05");
});

test("of many categories, neighbors on the map have different colors, the same ones every time", () => {
  const k = 100;
  const n = 40_000;
  const at = new Float32Array(2 * n);
  const codes = new Int32Array(n);
  // A board of ten by ten fields, in an order that is not that of their neighbors.
  for (let i = 0; i < n; i++) {
    const [x, y] = [random(i), random(i + n)];
    [at[2 * i], at[2 * i + 1]] = [2 * x - 1, 2 * y - 1];
    codes[i] = i % 50 === 0 ? -1 : (7 * (Math.floor(10 * x) + 10 * Math.floor(10 * y))) % k;
  }
  const colors = neighborColors(at, 2, codes, k);
  expect(neighborColors(at, 2, codes, k)).toEqual(colors);
  expect(new Set(colors).size).toBeGreaterThan(15);
  const color = (x: number, y: number) => colors[(7 * (x + 10 * y)) % k];
  for (let x = 0; x < 10; x++)
    for (let y = 0; y < 10; y++)
      for (const [dx, dy] of [[1, 0], [0, 1], [1, 1]] as const) if (x + dx < 10 && y + dy < 10) expect(color(x, y), `${x} ${y} ${dx} ${dy}`).not.toBe(color(x + dx, y + dy));
  // As many categories as colors keep their own; places without a number do no harm.
  expect([...neighborColors(at, 2, codes, N_COLORS)]).toEqual(Array.from({ length: N_COLORS }, (_, i) => i));
  const hollow = at.map((v, i) => (i % 6 === 0 ? Number.NaN : v));
  expect(Math.max(...neighborColors(hollow, 2, codes, k))).toBeLessThan(N_COLORS);
});

test("a name stands on a point of its own, also of rings and of groups at opposite edges", () => {
  const n = 6000;
  const at = new Float32Array(2 * n);
  const codes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    codes[i] = i % 2;
    const turn = 2 * Math.PI * random(i);
    // A ring, and a category at the left and the right edge, at heights that are cells side by side in memory.
    if (codes[i] === 0) [at[2 * i], at[2 * i + 1]] = [0.3 * Math.cos(turn), 0.3 * Math.sin(turn)];
    else [at[2 * i], at[2 * i + 1]] = [i % 4 === 1 ? -1 + 0.01 * random(i + n) : 1 - 0.01 * random(i + n), 0.02 * random(i + 2 * n)];
  }
  for (const { code, at: [x, y] } of densest(at, 2, codes, ["ring", "edges"])) {
    let own = false;
    for (let i = 0; i < n; i++) own ||= codes[i] === code && at[2 * i] === x && at[2 * i + 1] === y;
    expect(own, ["ring", "edges"][code]).toBe(true);
  }
});

test("rows are named by what is called a title, then by texts, then by their id", () => {
  const text = (name: string, index = 0): Field => ({ index, name, type: "text" });
  const category = (name: string, many: number): Field => ({ index: 0, name, type: "category", categories: Array.from({ length: many }, (_, i) => ({ label: String(i), count: 2 })), missing: 0 });
  expect(guess([text("abstract"), text("Title")], false)).toBe("Title");
  expect(guess([text("url"), text("short_name"), text("movie title")], false)).toBe("movie title");
  expect(guess([category("label", 10), text("comment")], false)).toBe("comment");
  expect(guess([category("name", 500), text("comment")], false)).toBe("name");
  expect(guess([{ index: 0, name: "name", type: "id" }, text("comment")], false)).toBe("");
  expect(guess([category("label", 10)], false)).toBe("");
  expect(guess([text("party")], true)).toBe("@observed:0");
});
