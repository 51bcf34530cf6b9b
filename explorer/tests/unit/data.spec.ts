import { expect, test } from "@playwright/test";
import { readPlace, writePlace, type Place } from "../../src/core/address.ts";
import { HEADER_BYTES, packMap, parseMap } from "../../src/data/header.ts";
import { MISSING, type Field } from "../../src/data/types.ts";
import { makeInk, shareRange, smoothed, smoothTrust } from "../../src/ink.ts";
import { formFields, mapFields, readField } from "../../src/schema.ts";
import { BELOW, FILTERED, HIDDEN } from "../../src/scatter/back.ts";
import { shuffled } from "../../src/scatter/order.ts";
import { category, GREY, ramp } from "../../src/scatter/palette.ts";
import { chief, dated, distance, figure, headed, learning, numberIn, of100, pointSays, seconds } from "../../src/words.ts";

const map = { dims: 2 as const, rows: 3, version: 12, center: [1e7, -1e7, 0] as [number, number, number], radius: 0.5, coords: new Float32Array([0.25, -0.5, 0.125, 0.5, 0, 0]) };

test("a map is read as it was written, with its center in f64", () => {
  const read = parseMap(packMap(map));
  expect(read).toEqual(map);
  expect(packMap(map).byteLength).toBe(HEADER_BYTES + 24);
});

test("a map that is cut off, too long, of another kind or of wrong dimensions is refused with a sentence", () => {
  const bytes = packMap(map);
  expect(() => parseMap(bytes.slice(0, 40))).toThrow(/40 bytes/);
  expect(() => parseMap(bytes.slice(0, bytes.byteLength - 4))).toThrow(/3 rows need 88/);
  const other = bytes.slice(0);
  new Uint8Array(other)[0] = 65;
  expect(() => parseMap(other)).toThrow(/LSM1/);
  const flat = bytes.slice(0);
  new DataView(flat).setUint32(4, 7, true);
  expect(() => parseMap(flat)).toThrow(/7 dimensions/);
  const huge = bytes.slice(0);
  new DataView(huge).setBigUint64(8, 2n ** 60n, true);
  expect(() => parseMap(huge)).toThrow(/rows need/);
});

test("a radius that is zero or no number becomes 1", () => {
  for (const radius of [0, Number.NaN, -1]) expect(parseMap(packMap({ ...map, radius })).radius).toBe(1);
});

test("the address holds what was chosen, and nonsense in it is left out", () => {
  const place: Place = { by: "<b>a&b=c</b>", only: [{ by: "<b>a&b=c</b>", codes: new Set([1, 5, MISSING]) }, { by: "a: b", range: [-1.5, Infinity], missing: true }, { by: "@kept", range: null, missing: true }, { by: "year", range: [1790, 1800], missing: false }, { by: "@rows", rows: [3, 7] }], isolated: true, name: "", shade: true, row: 17, rows: [1, 2], lasso: null, view: { x: 0.5, y: -1, span: 2, yaw: 0.25, pitch: -0.125 }, flat: true, near: { k: 30, metric: "cosine" }, map: 3, page: "a&b" };
  const read = (hash: string) => readPlace(new URLSearchParams(hash));
  expect(read(writePlace(place).toString())).toEqual(place);
  const drawn: Place = { ...place, rows: null, lasso: [[0, 1], [2, 3], [4, 5]] };
  expect(readPlace(writePlace(drawn))).toEqual(drawn);
  const bad = read("row=-3&only=a.b&only=1.2&only=a:b&only=a:1_x&only=a:&view=1_2_0_0_0&lasso=1_2_3&shade=yes&rows=1.x&map=-1&only=@rows:1.x");
  expect(bad).toEqual({ by: null, only: [], isolated: false, name: null, shade: false, row: null, rows: null, lasso: null, view: null, flat: false, near: {}, map: null, page: null });
  expect(writePlace({ ...place, rows: Array.from({ length: 5000 }, (_, i) => i) }).toString().length).toBeLessThan(400);
});

const digit: Field = { index: 0, name: "digit", type: "category", categories: [{ label: "a", count: 2 }, { label: "b", count: 1 }], missing: 1 };

test("each point has the ink of its category, its trust, or none when filtered away", () => {
  const order = shuffled(4);
  const column = new Uint32Array([0, 1, MISSING, 0]);
  const trust = new Float32Array([0, 1, 0.5, Number.NaN]);
  const choice = { theme: "light" as const, field: digit, column, shares: null, trust, shade: true, scale: { low: 0, high: 1, log: false }, colors: [category("light", 0), category("light", 1)], shown: null, lit: null };
  const { bytes: ink, below } = makeInk(order, choice, null);
  expect(below).toBe(true); // the row without a value
  const at = (row: number) => [...ink.slice(4 * order.slotOf[row]!, 4 * order.slotOf[row]! + 4)];
  expect(at(0)).toEqual([...category("light", 0), 3]);
  expect(at(1)).toEqual([...category("light", 1), 254]);
  expect(at(2)).toEqual([...GREY.light, BELOW]);
  expect(at(3)[3]).toBe(255);
  // Shares have colors whatever the trust is.
  const shares = makeInk(order, { ...choice, field: "@seeds", column: null, shares: new Float32Array([0, 1, 0.5, Number.NaN]) }, null);
  const stable = shares.bytes;
  expect([...shares.ramp!.steps]).toEqual([1, 255, 128, 0]);
  expect([0, 1].map((row) => [...stable.slice(4 * order.slotOf[row]!, 4 * order.slotOf[row]! + 3)])).toEqual([[...ramp("light", 0)], [...ramp("light", 1)]]);
  expect([...stable.slice(4 * order.slotOf[3]!, 4 * order.slotOf[3]! + 4)]).toEqual([...GREY.light, BELOW]);
  const seen = (more: object) => {
    const part = makeInk(order, { ...choice, ...more }, null).bytes;
    return [0, 1, 2, 3].map((row) => part[4 * order.slotOf[row]! + 3]! > FILTERED);
  };
  expect(seen({ shown: Uint8Array.from([0, 1, 0, 0]) })).toEqual([false, true, false, false]);
  expect(seen({ lit: 0 })).toEqual([true, false, false, true]);
  expect(seen({ lit: MISSING })).toEqual([false, false, true, false]);
  // Selected rows keep their ink while the others fade; in 3-D toward the canvas, since what is filtered away cannot be pointed at.
  const faded = makeInk(order, { ...choice, shade: false, selected: new Uint8Array([0, 1, 0, 0]) }, null).bytes;
  const of = (ink: Uint8Array, row: number) => [...ink.slice(4 * order.slotOf[row]!, 4 * order.slotOf[row]! + 4)];
  expect(of(faded, 1)).toEqual([...category("light", 1), 255]);
  expect([0, 2, 3].map((row) => of(faded, row)[3])).toEqual([FILTERED, FILTERED, FILTERED]);
  // What is isolated hides the others, but of those shown the selection only fades the rest.
  const alone = makeInk(order, { ...choice, shade: false, shown: new Uint8Array([1, 1, 0, 0]), isolated: true, selected: new Uint8Array([0, 1, 0, 0]) }, null).bytes;
  expect([0, 1, 2, 3].map((row) => of(alone, row)[3])).toEqual([FILTERED, 255, HIDDEN, HIDDEN]);
  const deep = makeInk(order, { ...choice, shade: false, selected: new Uint8Array([0, 1, 0, 0]), deep: true }, null).bytes;
  expect(of(deep, 1)).toEqual([...category("light", 1), 255]);
  expect(of(deep, 0)[3]).toBe(255);
  expect(of(deep, 2)[3]).toBe(BELOW);
  expect(Math.min(...of(deep, 0))).toBeGreaterThan(190);
});

test("trust is averaged over places only where points are many, and what was not measured stays so", () => {
  expect(smoothed(3000)).toBe(0);
  expect(smoothed(1e6)).toBeLessThanOrEqual(0.75);
  const n = 50_000;
  const order = shuffled(n);
  const trust = Float32Array.from({ length: n }, (_, i) => (i === 5 ? Number.NaN : i % 2));
  const at = Float32Array.from({ length: 2 * n }, (_, s) => (order.rowOf[Math.floor(s / 2)]! < n / 2 ? -0.5 : 0.5));
  const smooth = smoothTrust(trust, order, at, 2);
  expect(smooth[5]).toBeNaN();
  expect(smooth[0]!).toBeGreaterThan(0.2);
  expect(smooth[0]!).toBeLessThan(smooth[1]!);
  expect((smooth[0]! + smooth[1]!) / 2).toBeCloseTo(0.5, 2);
});

test("the ends of the ramp for trust leave out what is rare", () => {
  expect(shareRange(new Float32Array([Number.NaN]))).toEqual([0, 1]);
  const [low, high] = shareRange(Float32Array.from({ length: 1000 }, (_, i) => (i < 5 ? 0 : i > 995 ? 1 : 0.3 + 0.0003 * i)));
  expect(low).toBeCloseTo(0.3, 2);
  expect(high).toBeCloseTo(0.6, 2);
});

test("figures are short and never NaN", () => {
  expect([figure(0.9684), figure(12.345), figure(1240.4), figure(0), figure(null), figure(Number.NaN), figure(-0.5)]).toEqual(["0.968", "12.35", "1,240", "0", "–", "–", "−0.5"]);
  expect([of100(0.0003), of100(0), of100(1), of100(0.032)]).toEqual(["0.03", "0", "100", "3.2"]);
  expect([distance(1), distance(12.345), distance(0)]).toEqual(["1.00", "12.3", "0"]);
  expect([dated(0), dated(19723), dated(Number.NaN)]).toEqual(["1970-01-01", "2024-01-01", "–"]);
  expect(seconds(75)).toBe("1\u202fmin 15\u202fs");
  const learned = [learning({ seconds: 21.4, seed: 3 }), learning({ seconds: 0.04, seed: 3 }), learning({ seconds: 0, seed: 0 })];
  expect(learned).toEqual([" · learned in 21\u202fs, seed 3", " · seed 3", ""]);
});

test("a map is told from others by its first parameter and by what is otherwise in them", () => {
  const map = (method: string, params: Record<string, unknown>, dims = 2, phase: "done" | "stopped" = "done") => ({ method, params, dims, phase });
  const tsne = map("tsne", { n_components: 2, perplexity: 30, init: "pca" });
  const title = (name: string) => ({ densmap: "densMAP", n_neighbors: "neighbors" })[name] ?? name;
  expect(chief(tsne, [tsne, map("pca", { n_components: 2, whiten: true })], title, "n_components")).toBe("perplexity 30");
  expect(chief(tsne, [tsne, map("tsne", { ...tsne.params, init: "random" })], title, "n_components")).toBe("perplexity 30, init pca");
  expect(chief(map("umap", { n_neighbors: 15 }, 3, "stopped"), [], title, "n_components")).toBe("neighbors 15, 3-D, stopped early");
  const umap = map("umap", { n_neighbors: 15, densmap: true });
  expect(chief(umap, [umap, map("umap", { n_neighbors: 15, densmap: false })], title, "n_components")).toBe("neighbors 15, densMAP");
  expect(chief(map("pca", { n_components: 2 }), [], title, "n_components")).toBe("");
  expect(["neighbors", "densMAP", "PCA components", "min dist"].map(headed)).toEqual(["Neighbors", "densMAP", "PCA components", "Min dist"]);
});

test("a form follows the schema: references, choices, words beside numbers, ranges", () => {
  const fields = formFields({
    $defs: { Init: { oneOf: [{ const: "pca", description: "axes" }, { const: "random" }] }, Rate: { anyOf: [{ type: "string", enum: ["auto"] }, { type: "number", exclusiveMinimum: 0 }] } },
    properties: {
      n_components: { role: "dimensions", type: "integer", minimum: 2, maximum: 3, default: 2 },
      init: { $ref: "#/$defs/Init", default: "pca", description: "start" },
      rate: { allOf: [{ $ref: "#/$defs/Rate" }], default: "auto" },
      whiten: { type: "boolean", default: false },
      metric: { type: "string", enum: ["euclidean", "cosine"], default: "cosine" },
      seed: { type: ["integer", "null"] },
      file: { type: "string" },
      target: { title: "labels", role: "labels", anyOf: [{ const: "none" }, { type: "string" }], default: "none" },
    },
  });
  expect(fields.map((f) => [f.name, f.kind])).toEqual([["n_components", "integer"], ["init", "choice"], ["rate", "number"], ["whiten", "switch"], ["metric", "choice"], ["seed", "integer"], ["file", "text"], ["target", "column"]]);
  expect(fields.at(-1)).toMatchObject({ title: "labels", words: ["none"], initial: "none" });
  expect(readField(fields.at(-1)!, "kind")).toEqual({ value: "kind" });
  // A map has 2 or 3 dimensions, whatever a method calls the usual.
  const [shown] = mapFields({ properties: { n_components: { role: "dimensions", anyOf: [{ type: "integer", minimum: 1 }, { const: "auto" }], default: "auto" } } });
  expect(shown).toMatchObject({ kind: "integer", least: 2, most: 3, words: [], initial: 2 });
  const [dims, init, rate, , , seed] = fields;
  expect(init).toMatchObject({ help: "start", initial: "pca", choices: [{ value: "pca", help: "axes" }, { value: "random", help: "" }] });
  expect(readField(dims!, "3")).toEqual({ value: 3 });
  expect(readField(dims!, "4")).toEqual({ wrong: "n_components: 4 was given; it can be a whole number from 2 to 3." });
  expect(readField(dims!, "2.5")).toHaveProperty("wrong");
  expect(readField(dims!, "")).toHaveProperty("wrong");
  expect(readField(rate!, "auto")).toEqual({ value: "auto" });
  expect(readField(rate!, "0.5")).toEqual({ value: 0.5 });
  expect(readField(rate!, "fast")).toHaveProperty("wrong");
  expect(readField(seed!, "")).toEqual({ value: null });
});

test("a year has no thousands separator, other numbers keep it", () => {
  expect(numberIn("year", 1790)).toBe("1790");
  expect(numberIn("Year of release", 2024)).toBe("2024");
  expect(numberIn("birthYear", 1984)).toBe("1984");
  expect(numberIn("population", 1790)).toBe("1,790");
  expect(numberIn("light years", 12_500)).toBe("12,500");
  expect(numberIn("pub_yr", 1999)).toBe("1999");
  expect(numberIn("byrd", 1999)).toBe("1,999");
});

test("what a point is, is told by the kind of data", () => {
  const of = (kind: string, curve = false) => pointSays({ kind, curve, rows: 60_000 });
  expect(of("images")).toBe("Each point is one of 60,000 pictures; click one to see its nearest.");
  expect(of("text")).toContain("60,000 documents");
  expect(of("table")).toContain("60,000 rows");
  expect(of("array", true)).toContain("60,000 curves");
});
