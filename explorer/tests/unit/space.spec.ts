import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { encode, parseSpace, spaceMap, type Rows } from "../../src/data/space.ts";

const testdata = join(import.meta.dirname, "../../../crates/latentspace/testdata");
const golden = readdirSync(testdata).flatMap((version) => readdirSync(join(testdata, version)).filter((name) => name.endsWith(".latent")).map((name) => join(testdata, version, name)));

const read = (path: string): ArrayBuffer => new Uint8Array(readFileSync(path)).buffer;

/** The numbers of a .npy file. */
function npy(path: string): Rows & { rows: number } {
  const bytes = read(path);
  const from = 10 + new DataView(bytes).getUint16(8, true);
  const head = new TextDecoder().decode(bytes.slice(10, from));
  const values = head.includes("|u1") ? new Uint8Array(bytes, from) : new Float32Array(bytes.slice(from));
  return { rows: Number(/\((\d+),/.exec(head)![1]), values };
}

function csv(path: string): Rows {
  const [head, ...rows] = readFileSync(path, "utf8").trimEnd().split("\n").map((line) => line.split(","));
  return new Map(head!.map((name, at) => [name, rows.map((row) => row[at]!)]));
}

function expectNear(found: ArrayLike<number>, path: string): void {
  const wanted = npy(path) as { values: ArrayLike<number> };
  expect(found.length).toBe(wanted.values.length);
  for (let i = 0; i < found.length; i++) expect(Math.abs(found[i]! - wanted.values[i]!) / Math.max(1, Math.abs(wanted.values[i]!))).toBeLessThanOrEqual(1e-6);
}

test("every golden space opens, and gives the codes that are stored beside it", () => {
  expect(golden.length).toBeGreaterThan(0);
  let encoded = 0;
  let maps = 0;
  for (const path of golden) {
    const space = parseSpace(read(path));
    const beside = (what: string) => path.replace(/latent$/, what);
    const map = spaceMap(space);
    if (map !== null) {
      maps += 1;
      expectNear(map.codes.values, beside("map.npy"));
      for (const cells of map.columns.values()) expect(cells.length).toBe(map.codes.shape[0]);
      if (map.columns.has("id")) {
        expect(map.columns.get("id")![7]).toBe("tree 7");
        expect(map.columns.get("label")!.slice(0, 3)).toEqual(["a", "b", "c"]);
        expect(map.columns.get("age")!.slice(8, 11)).toEqual([18, null, 20]);
      }
    }
    // Of text the page knows no words.
    const isText = existsSync(beside("rows.txt"));
    const rows = existsSync(beside("rows.csv")) ? csv(beside("rows.csv")) : isText ? new Map() : npy(beside("rows.npy"));
    if (space.document.method === "pca") {
      expectNear(encode(space, rows), beside("codes.npy"));
      encoded += 1;
    } else {
      expect(() => encode(space, rows)).toThrow(/does not encode by/);
    }
  }
  expect([encoded, maps].every((count) => count > 0)).toBe(true);
});

/** A golden map with another header, document or body. */
function other(change: (header: Record<string, Record<string, unknown>>, body: Uint8Array) => Uint8Array | undefined, text?: string): ArrayBuffer {
  const whole = new Uint8Array(read(golden.find((path) => spaceMap(parseSpace(read(path))) !== null)!));
  const length = Number(new DataView(whole.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(8, 8 + length)));
  const body = change(header, whole.slice(8 + length)) ?? whole.slice(8 + length);
  const head = new TextEncoder().encode(text ?? JSON.stringify(header));
  const bytes = new Uint8Array(8 + head.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  bytes.set(body, 8 + head.length);
  return bytes.buffer;
}

test("a broken, hostile or newer space is refused with a sentence", () => {
  const newer = other((header) => {
    header.__metadata__!.latentspace = (header.__metadata__!.latentspace as string).replace('"format":1,', '"format":2,');
    return undefined;
  });
  expect(() => parseSpace(newer)).toThrow(/format 2; this page reads format 1/);
  const tensor = (changed: Record<string, unknown>) =>
    other((header) => {
      Object.assign(header.map!, changed);
      return undefined;
    });
  expect(() => parseSpace(new ArrayBuffer(0))).toThrow(/header of 0 bytes/);
  expect(() => parseSpace(new Uint8Array(8).fill(255).buffer)).toThrow(/promise a header/);
  expect(() => parseSpace(other(() => undefined, "[".repeat(100_000)))).toThrow(/cannot be read/);
  expect(() => parseSpace(other(() => undefined, "{}"))).toThrow(/cannot be read/);
  expect(() => parseSpace(other((_, body) => body.slice(0, -1)))).toThrow(/bytes of numbers, and/);
  expect(() => parseSpace(tensor({ shape: [2 ** 40, 2 ** 40] }))).toThrow(/its shape needs/);
  expect(() => parseSpace(tensor({ shape: [-1, -120] }))).toThrow(/no shape or no place/);
  expect(() => parseSpace(tensor({ dtype: "toString" }))).toThrow(/the type toString/);
  const beside = other((header) => {
    const map = header.map as { data_offsets: [number, number] };
    map.data_offsets = map.data_offsets.map((offset) => offset + 8) as [number, number];
    return undefined;
  });
  expect(() => parseSpace(beside)).toThrow(/overlap or leave gaps/);
  expect(() => parseSpace(other((_, body) => body.fill(255, 0, 8)))).toThrow(/NaN or infinity/);
});

test("whatever byte of the metadata is another, columns or a refusal come of it", () => {
  const space = parseSpace(other(() => undefined));
  const metadata = space.tensors.get("metadata")!;
  for (let at = 0; at < metadata.values.length; at++) {
    const values = metadata.values.slice();
    values[at] = values[at]! ^ 255;
    try {
      const map = spaceMap({ ...space, tensors: new Map([...space.tensors, ["metadata", { ...metadata, values }]]) });
      if ([...map!.columns.values()].some((cells) => cells.length !== 60)) throw new Error(`byte ${at}`);
    } catch (error) {
      expect(String(error)).toContain("no Arrow stream");
    }
  }
});

test("rows that do not fit are refused with a sentence", () => {
  const path = golden.find((path) => path.endsWith("/pca.latent"))!;
  const space = parseSpace(read(path));
  const rows = csv(path.replace(/latent$/, "rows.csv")) as Map<string, string[]>;
  const leaf = rows.get("leaf")!;
  expect(() => encode(space, new Map([...rows, ["leaf", ["oak", ...leaf.slice(1)]]]))).toThrow(/row 1, leaf: the level 'oak'/);
  expect(() => encode(space, new Map([...rows].filter(([name]) => name !== "mass")))).toThrow(/no column 'mass'/);
  expect(() => encode(space, { rows: 2, values: [1, 2, 3] })).toThrow(/does not fit its tensors, or the rows/);
  const { preparation } = space.document;
  for (const changed of [{ columns: 1e15 }, { spreads: ["1"] }, { names: null }, { categories: [] }]) {
    const document = { ...space.document, preparation: { ...preparation, ...changed } };
    expect(() => encode({ ...space, document }, rows)).toThrow(/preparation/);
  }
});
