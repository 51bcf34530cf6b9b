// Curves: units in names, ticks, lines.
import { expect, test } from "@playwright/test";
import { bandPath, dateText, dateTicks, linePath, placed, positionTold, quantities, tickText, ticks, titled } from "../../src/core/observation/axis.ts";
import { quantity, withUnit } from "../../src/core/observation/units.ts";
import { bundleSource } from "../../src/data/bundle.ts";
import { largestOf } from "../../src/data/file.ts";

test("units are read from names, and words are no units", () => {
  const told = (name: string) => Object.values(quantity(name)).join("|");
  expect(["wavelength_nm", "flux [mJy]", "body_mass_g", "flipper length mm", "temp (°C)", "share (%)", "speed [m/s]"].map(told)).toEqual(["wavelength|nm", "flux|mJy", "body_mass|g", "flipper length|mm", "temp|°C", "share|%", "speed|m/s"]);
  expect(["stroke width", "group_a", "size_m", "price", "score (z)", "vitamin_c", "", "nm"].map(told)).toEqual(["stroke width|", "group_a|", "size_m|", "price|", "score (z)|", "vitamin_c|", "|", "|nm"]);
  expect(withUnit("3", "nm")).toBe("3\u202fnm");
});

test("what stands around the numbers in names is a quantity and its unit", () => {
  const axis = (before: string, after: string) => ({ positions: [400, 402], dates: false, before, after });
  const told = (before: string, after: string) => [quantities(axis(before, after))].map(({ x, y }) => `${titled(x)}; ${titled(y)}`)[0];
  expect(told("wavelength_", " nm")).toBe("wavelength (nm); ");
  expect(told("wavelength_nm_", "")).toBe("wavelength (nm); ");
  expect(told("", "nm")).toBe("nm; ");
  expect(told("", " [cm-1]")).toBe("cm-1; ");
  expect(told("flux [mJy] ", " nm")).toBe("nm; flux (mJy)");
  expect(told("", "")).toBe("; ");
  expect(positionTold(axis("wavelength_", " nm"), 1)).toBe("wavelength 402\u202fnm");
  expect(positionTold({ positions: [0, 1, 2], dates: false, before: "", after: "" }, 2)).toBe("column 2");
  expect(positionTold({ positions: [1990, 1991], dates: false, before: "", after: "" }, 1)).toBe("1991");
  expect(positionTold({ positions: [18_262, 18_263, 18_300], dates: true, before: "", after: "" }, 1)).toBe("2020-01-02");
  expect(positionTold(null, 3)).toBe("column 3");
});

test("ticks are round, in the range, and written alike", () => {
  expect(ticks(-1.3, 2.2, 4)).toEqual([-1, 0, 1, 2]);
  expect(tickText(ticks(-1.3, 2.2, 4))).toEqual(["−1", "0", "1", "2"]);
  expect(tickText(ticks(0, 0.9, 4))).toEqual(["0.00", "0.25", "0.50", "0.75"]);
  expect(tickText(ticks(0.1, 0.22, 3))).toEqual(["0.10", "0.15", "0.20"]);
  expect(tickText(ticks(400, 1000, 3))).toEqual(["400", "600", "800", "1,000"]);
  expect(tickText(ticks(1990, 2010, 4))).toEqual(["1990", "1995", "2000", "2005", "2010"]);
  expect(tickText([0, 2e7])).toEqual(["0", "2e7"]);
  expect(ticks(5, 5, 4)).toEqual([5]);
  expect(ticks(Number.NaN, 1, 4)).toEqual([]);
  const days = dateTicks(18_262, 18_262 + 300, 4);
  expect(days.map((day) => dateText(day, days[1]! - days[0]!))).toEqual(["2020-01", "2020-04", "2020-07", "2020-10"]);
  const years = dateTicks(0, 18_262, 4);
  expect(years.map((day) => dateText(day, years[1]! - years[0]!))).toEqual(["1980", "2000", "2020"]);
  const hours = dateTicks(18_262, 18_263, 4);
  expect(hours.map((day) => dateText(day, hours[1]! - hours[0]!))).toEqual(["01-01", "06:00", "12:00", "18:00", "01-02"]);
});

test("a line breaks where values are missing, and holds the least and the largest of a pixel", () => {
  const y = (v: number) => v;
  const x = placed({ positions: [0, 10, 40], dates: false, before: "", after: "" }, 3, 80);
  expect([...x]).toEqual([0, 20, 80]);
  expect([...placed({ positions: [30, 20, 0], dates: false, before: "", after: "" }, 3, 90)]).toEqual([0, 30, 90]); // in the order of the columns
  expect(linePath([1, 2, 3], x, y)).toBe("M0.0 1.0L20.0 2.0L80.0 3.0");
  expect(linePath([1, Number.NaN, 3], x, y)).toBe("M0.0 1.0h.1M80.0 3.0h.1");
  const many = Float64Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 0 : 9));
  const path = linePath(many, placed(null, 1000, 10), y);
  expect(path.split(/[ML]/).length - 1).toBeLessThanOrEqual(22);
  expect(path).toContain(" 9.0");
  expect(bandPath([1, 2], [0.5, 1], [0, 10], y)).toBe("M0.0 1.5L10.0 3.0L10.0 1.0L0.0 0.5Z");
});

test("the largest values of a row are those by magnitude, with their names", () => {
  const found = largestOf(Float32Array.of(0, -3, 2, Number.NaN, 3), (column) => `c${column}`, 2);
  expect(found).toEqual({ nonzero: 3, values: [{ name: "c1", value: -3 }, { name: "c4", value: 3 }] });
});

test("a map's file tells the x axis of its curves, their values and the largest of them", async () => {
  const axis = { positions: [400, 410], dates: false, before: "", after: " nm" };
  const column = (i: number) => ({ info: { id: `observed:${i}`, name: `${400 + 10 * i} nm`, type: "number", origin: "observed", min: 0, max: 1, missing: 0, categories: [] }, coding: "f32", offset: 0 });
  const header = { state: { rows: 2, curve: true, fields: [] }, dims: 2, center: [0, 0, 0], radius: 1, trust: false, pictures: null, distances: false, columns: [column(0), column(1)], texts: [], ids: null, axis, search: { k: 0 } };
  const told = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + told.length + 8 + 16);
  new DataView(bytes.buffer).setUint32(0, told.length, true);
  bytes.set(told, 4);
  bytes.set(new Uint8Array(Float32Array.of(1, 2, -3, 0).buffer), 4 + told.length + 8); // by column, behind the coordinates
  const source = bundleSource(Promise.resolve(bytes.buffer));
  expect(await source.curve()).toEqual(axis);
  expect([...(await source.values(0))]).toEqual([1, -3]);
  expect(await source.largest(0, 1)).toEqual({ nonzero: 2, values: [{ name: "410 nm", value: -3 }] });
  expect((await source.largest(1, 5)).nonzero).toBe(1);
});
