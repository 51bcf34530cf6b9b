// The order of the table: numbers, categories, ranks; missing cells last, equal ones in row order.
import { expect, test } from "@playwright/test";
import { byLabel, ofRanks, sorted } from "../../src/core/sort.ts";
import { MISSING } from "../../src/data/types.ts";
import { mix32 } from "../../src/scatter/order.ts";

const all = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

test("numbers are sorted by value in both directions, missing ones last", () => {
  const cells = Float64Array.of(3, Number.NaN, -1, -0, 0, Infinity, -Infinity, 1e-310, -2.5, 3);
  expect([...sorted(all(10), cells, false)]).toEqual([6, 8, 2, 3, 4, 7, 0, 9, 5, 1]);
  expect([...sorted(all(10), cells, true)]).toEqual([5, 0, 9, 7, 3, 4, 2, 8, 6, 1]);
  expect([...sorted(Uint32Array.of(0, 2, 9), cells, true)]).toEqual([0, 9, 2]); // some rows alone
  expect([...sorted(new Uint32Array(0), cells, true)]).toEqual([]);
  expect([...sorted(all(3), Float32Array.of(Number.NaN, Number.NaN, Number.NaN), true)]).toEqual([0, 1, 2]);
});

test("the order is that of a comparison sort, whatever the numbers", () => {
  const n = 5000;
  const cells = Float32Array.from({ length: n }, (_, i) => (i % 11 === 0 ? Number.NaN : ((mix32(i) % 2000) - 1000) / 8));
  for (const descending of [false, true]) {
    const expected = Array.from(all(n)).sort((a, b) => {
      const [x, y] = [cells[a]!, cells[b]!];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
      return (descending ? y - x : x - y) || a - b;
    });
    expect([...sorted(all(n), cells, descending)]).toEqual(expected);
  }
});

test("categories are sorted by their labels: numbers by value, texts alphabetically", () => {
  const categories = ["10", "9", "b", "a"].map((label) => ({ label, count: 1 }));
  const codes = Uint32Array.of(0, 1, 2, 3, MISSING);
  expect([...sorted(all(5), byLabel(codes, categories), false)]).toEqual([1, 0, 3, 2, 4]);
  expect([...ofRanks(Uint32Array.of(2, MISSING, 0))]).toEqual([2, Number.NaN, 0]);
});

test("a million rows are sorted at once", () => {
  const n = 1_000_000;
  const cells = Float32Array.from({ length: n }, (_, i) => mix32(i) / 7);
  const rows = all(n);
  sorted(rows, cells, false);
  const begun = performance.now();
  const order = sorted(rows, cells, true);
  const took = performance.now() - begun;
  expect(took).toBeLessThan(2000);
  for (let i = 1; i < n; i++) if (cells[order[i - 1]!]! < cells[order[i]!]!) throw new Error(`row ${i} is out of order`);
});
