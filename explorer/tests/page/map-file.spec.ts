// A map without a server: in one file, and in a folder that any web server serves.
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import { curve } from "../../src/data/bundle.ts";
import { page as pageWith } from "./embed.ts";
import { SERVER } from "./harness.ts";

test.skip(SERVER !== null, "needs the built file");

const N = 60;
const K = 3;
/** A row's picture: 2 x 2, red by its number. */
const pixels = (row: number) => [row * 4, 0, 0, 0, row * 4, 0, 0, 0, row * 4, 9, 9, 9];

/** The bytes that the program writes of a small map with pictures and distances. */
function bundle(): Buffer {
  const steps = [0, 1].map((d) => Uint16Array.from({ length: N }, (_, row) => 32_768 + 30_000 * (d === 0 ? Math.cos(row) : Math.sin(row))));
  const columns = [{ info: { id: "metadata:0", name: "kind", type: "category", origin: "metadata", min: 0, max: 0, missing: 0, categories: [{ label: "even", count: N / 2 }, { label: "odd", count: N / 2 }] }, coding: "u8", offset: 0 },
    { info: { id: "metadata:1", name: "at", type: "date", origin: "metadata", min: 19_000, max: 19_001, missing: 0, categories: [] }, coding: "f64", offset: 0 }];
  const state = {
    name: "pictures", rows: N, columns: 12, kind: "images", phase: "done", message: "", step: 0, n_steps: 0, loss: null, loss_name: null, seconds_left: null, seconds: 1, method: "", title: "60 rows", params: {}, seed: 0,
    map: { version: 1, dims: 2 }, axes: [], map_id: 1, maps_version: 1, grid: null, again: null, sweep: null, sweep_version: 0, fields: [{ index: 0, name: "kind", type: "category", categories: columns[0]!.info.categories, missing: 0 }, { index: 1, name: "at", type: "date", min: 19_000, max: 19_001, missing: 0 }], column_names: null,
    picture: { width: 2, height: 2, pixelated: true }, curve: false, n_neighbors: K, measures: null, estimated: {}, sentences: [], trust_version: 1, warnings: [], preparation: [], can: [], search_by_meaning: false, annotations: { version: 0, columns: [], file: null }, error: null,
  };
  const map = { id: 1, dims: 2, method: "", title: "60 rows", params: {}, axes: [], seed: 0, seconds: 1, phase: "done", measures: null, estimated: {}, sentences: [], warnings: [], learned: false, space: false, groups: null, stability: null };
  const header = Buffer.from(JSON.stringify({ state, map, methods: [], dims: 2, center: [0, 0, 0], radius: 1, trust: true, pictures: { width: 2, height: 2, channels: 3 }, distances: true, columns, texts: [], ids: null, search: { k: K, metric: "euclidean", columns: 12, metrics: [] } }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const bytes = (cells: ArrayBufferView) => Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength);
  const order = curve(steps);
  const position = new Map([...order].map((row, at) => [row, at]));
  const near: number[] = [];
  for (const row of order)
    for (let i = 1; i <= K; i++) {
      const difference = position.get((row + i) % N)! - position.get(row)!;
      let code = difference < 0 ? -2 * difference - 1 : 2 * difference;
      for (; code >= 0x80; code = Math.floor(code / 128)) near.push((code % 128) | 0x80);
      near.push(code);
    }
  return deflateRawSync(
    Buffer.concat([
      length,
      header,
      ...steps.map(bytes),
      Buffer.alloc(N, 2),
      Buffer.from(Array.from({ length: N }, (_, row) => row % 2)),
      bytes(Float64Array.from({ length: N }, (_, row) => 19_000 + row / 86_400)),
      Buffer.from(Array.from({ length: N }, (_, row) => pixels(row)).flat()),
      bytes(Float32Array.from({ length: N * K }, (_, i) => 0.5 + (i % K) + Math.floor(i / K) / 100)),
      Buffer.from(near),
    ]),
  );
}

/** What both show. */
async function look(page: Page): Promise<void> {
  await page.waitForFunction(() => window.explorer?.version > 0);
  await page.locator("#search").fill("20");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.explorer.row)).toBe(20);
  const info = await page.evaluate(() => window.explorer.info(20));
  expect(info.neighbors.map((n: { row: number; distance: number }) => [n.row, n.distance.toFixed(1)])).toEqual([[21, "0.7"], [22, "1.7"], [23, "2.7"]]);
  expect(info.fields).toEqual({ kind: "even", at: "2022-01-08T00:00:20Z" });
  const red = await page.locator("aside.right img").first().evaluate(async (img: HTMLImageElement) => {
    await img.decode();
    const pen = new OffscreenCanvas(2, 2).getContext("2d")!;
    pen.drawImage(img, 0, 0);
    return [...pen.getImageData(0, 0, 2, 2).data.filter((_, i) => i % 4 < 3)];
  });
  expect(red).toEqual(pixels(20));
  // Labels are given here, too.
  await page.getByLabel("Label for row 20").fill("mine");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Kept while this page is open.")).toBeVisible();
}

test("one file holds pictures and distances, and takes labels", async ({ page }, info) => {
  const path = info.outputPath("map.html");
  writeFileSync(path, pageWith({ map: bundle().toString("base64") }));
  const asked: string[] = [];
  page.on("request", (r) => !/^(data|blob):/.test(r.url()) && asked.push(r.url()));
  await page.goto(pathToFileURL(path).href);
  await look(page);
  expect(asked.length).toBe(1);
});

test("a folder shows the same from any web server", async ({ page }) => {
  const files: Record<string, Buffer> = { "/": Buffer.from(pageWith({ map: { file: "map.bin" } }).replace("font-src data:", "font-src data:; connect-src 'self'")), "/map.bin": bundle() };
  const server = createServer((q, a) => {
    const file = files[q.url!];
    if (!file) return void a.writeHead(404).end();
    a.writeHead(200, { "Content-Type": q.url === "/" ? "text/html" : "application/octet-stream" }).end(file);
  });
  await new Promise<void>((done) => server.listen(0, done));
  const address = server.address() as { port: number };
  try {
    await page.goto(`http://localhost:${address.port}/`);
    await look(page);
    delete files["/map.bin"];
    await page.reload();
    await expect(page.locator("b", { hasText: "The server does not have map.bin (404)." })).toBeVisible();
  } finally {
    server.close();
  }
});
