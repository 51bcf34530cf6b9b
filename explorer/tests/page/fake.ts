// A server that speaks docs/http-api.md about a few hundred made-up rows, and serves the page as it is shipped.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { deflateSync } from "node:zlib";
import { KeptAnnotations } from "../../src/data/annotations.ts";
import { packMap } from "../../src/data/header.ts";
import type { Groups, State } from "../../src/data/types.ts";
import { demoTopics } from "../../src/rooms/topics/demo.ts";
import { answerTopics } from "../../src/rooms/topics/source.ts";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'";
const TYPES: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const N = 300;
const K = 15;
const center: [number, number, number] = [1e7, -1e7, 0];

/** A grey picture as a PNG, by hand. */
function png(width: number, height: number, grey: (x: number, y: number) => number): Buffer {
  const raw = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw[y * (width + 1) + 1 + x] = grey(x, y);
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    let crc = 0xffffffff;
    for (const b of body) crc = table[(crc ^ b) & 255]! ^ (crc >>> 8);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(raw)), chunk("IEND", Buffer.alloc(0))]);
}

export interface Fake {
  url: string;
  state: State;
  asked: string[];
  /** The grid that was asked for. */
  grid: Record<string, unknown> | null;
  /** The map that was to be made again. */
  again: Record<string, unknown> | null;
  /** The rows that are selected, by whomever. */
  selected: number[];
  /** What is shown, by whomever. */
  view: { place: string; sets: Record<string, number[]> };
  /** The size of the last picture, in bytes. */
  pictured: number;
  /** Shows something as a program does. */
  show(view: Partial<Fake["view"]>): void;
  /** Selects rows as a program does. */
  select(rows: number[]): void;
  /** Tells every open page of the state as it is now. */
  tell(): void;
  /** Makes a newer map and tells of it. */
  move(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function fakeServer(dist: string): Promise<Fake> {
  const pages = new Set<ServerResponse>();
  let turn = 0;
  const place = (i: number): [number, number] => [Math.cos(i * 2.4 + turn) * Math.sqrt(i + 1), Math.sin(i * 2.4 + turn) * Math.sqrt(i + 1)];
  const label = (i: number) => ["a", "<b>b</b>", "c"][i % 3]!;
  const price = (i: number) => (i * 7919) % 100;
  const notes = new KeptAnnotations(N, () => false);
  const state: State = {
    name: "rows.csv", rows: N, columns: 4, kind: "images", phase: "done", message: "", step: 10, n_steps: 10, loss: 1.5, loss_name: "kl", seconds_left: null, seconds: 1,
    method: "tsne", title: `t-SNE of ${N} x 4, perplexity 30`, params: { perplexity: 30 }, axes: [], seed: 0, map: { version: 1, dims: 2 }, can: [], map_id: 2, maps_version: 2, grid: null, again: null, sweep: null, sweep_version: 0,
    fields: [
      { index: 0, name: "label", type: "category", categories: ["a", "<b>b</b>", "c"].map((l) => ({ label: l, count: N / 3 })), missing: 0 },
      { index: 1, name: "price", type: "number", min: 0, max: 99, missing: 0, integer: true },
      { index: 2, name: "title", type: "text" },
      { index: 3, name: "since", type: "date", min: 19723, max: 19723 + N - 1, missing: 0 },
    ],
    column_names: null, picture: { width: 8, height: 8, pixelated: true }, curve: false, n_neighbors: K, estimated: { recall: "1,000 rows" },
    measures: { recall: { value: 0.4, low: 0.38, high: 0.42, null: 0.05 }, trustworthiness: { value: 0.9, low: 0.9, high: 0.9, null: 0.5 }, continuity: { value: 0.9, low: 0.9, high: 0.9, null: 0.5 }, distance_correlation: { value: 0.6, low: 0.6, high: 0.6, null: 0 } },
    sentences: [{ kind: "verdict", text: "Fair for neighborhoods and for far distances." }, { kind: "note", text: "Keeps 40 of 100 neighbors (random: 5.0)." }, { kind: "warning", text: "Many rows that are near on the map are far apart in the data." }], trust_version: 1, warnings: ["Distances far apart are not to be read."], preparation: ["Columns are standardized."], search_by_meaning: false, annotations: notes.state, error: null,
  };
  const cells = (i: number) => ({ label: label(i), price: price(i), title: `title ${i}` });
  const near = (i: number) => Array.from({ length: K }, (_, k) => ({ row: (i + k + 1) % N, id: `r${(i + k + 1) % N}`, distance: 0.5 * (k + 1), kept: k % 2 === 0, label: label((i + k + 1) % N) }));
  const columns = [
    ...state.fields.map((f) => ({ id: `metadata:${f.index}`, name: f.name, type: f.type as string, origin: "metadata" })),
    ...["height", "<b>wide</b>", "age", "mass"].map((name, i) => ({ id: `observed:${i}`, name, type: "number", origin: "observed" })),
  ];
  const asked: string[] = [];
  const topics = demoTopics(9, N, (i) => i % 3);

  async function body(q: IncomingMessage): Promise<Record<string, unknown>> {
    let text = "";
    for await (const part of q) text += part;
    return JSON.parse(text || "{}");
  }
  async function answer(q: IncomingMessage, a: ServerResponse): Promise<void> {
    const url = new URL(q.url!, "http://here");
    const path = url.pathname;
    asked.push(`${q.method} ${path}${url.search}`);
    const json = (value: unknown, status = 200) => a.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    const bytes = (value: ArrayBuffer) => a.writeHead(200, { "Content-Type": "application/octet-stream" }).end(Buffer.from(value));
    const said = state.can.includes("topics") ? answerTopics(topics, path.slice("/api/".length), Object.fromEntries(url.searchParams)) : undefined;
    if (said) return void json(await said);
    const row = Number(/^\/api\/rows\/(\d+)/.exec(path)?.[1] ?? -1);
    if (path === "/api/state") return void json(state);
    if (path === "/api/events") {
      a.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      a.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
      pages.add(a);
      q.on("close", () => pages.delete(a));
      return;
    }
    if (path === "/api/map") {
      const coords = Float32Array.from({ length: 2 * N }, (_, i) => place(i >> 1)[i & 1]!);
      return void bytes(packMap({ dims: 2, rows: N, version: state.map!.version, center, radius: Math.sqrt(N), coords }));
    }
    if (path === "/api/maps") {
      const { method, axes, seed, seconds, phase, measures, estimated, sentences, warnings } = state;
      const groups: Groups = { groups: [{ rows: 200, elsewhere: 0.1, null: 1 / 3, made_up: false, parts: [200] }, { rows: 100, elsewhere: 0.64, null: 2 / 3, made_up: true, parts: [100] }], split: [{ groups: [0, 1], share: 0.41, null: 0.33 }], parts: [N], summary: "2 separate groups; not all are as in the data: 1 made up, 1 split in two.", findings: [{ fault: "made_up", groups: [1], name: "100 rows", text: "64 % of their true neighbors are outside the group (random: 67 %)." }, { fault: "split", groups: [0, 1], name: "100 rows", text: "they belong with the 200, where 41 % of their true neighbors are (random: 33 %)." }] };
      const same = (value: number) => ({ value, low: value, high: value, null: 0.05 });
      const stability = fake.again ? { seeds: same(0.7), bootstrap: same(0.5), k: K, runs: [3, 3], sentences: [{ kind: "note", text: "Of the 15 nearest neighbors of a row, 10.5 stay the same with another seed." }] } : null;
      const kept = { dims: 2, method, axes, seed, seconds, phase, measures, estimated, sentences, warnings, learned: true, can: [], space: true, groups, stability: null };
      return void json([
        { ...kept, id: 1, title: `t-SNE of ${N} x 4, perplexity 10`, params: { perplexity: 10 }, measures: { ...measures, recall: { value: 0.2, low: 0.2, high: 0.2, null: 0.05 } } },
        { ...kept, id: 2, title: state.title, params: state.params, stability },
      ]);
    }
    const both = /^\/api\/maps\/(\d+)\/compare\/(\d+)$/.exec(path);
    if (both) {
      const measure = (value: number, nul: number) => ({ value, low: value, high: value, null: nul });
      return void json({ neighbors_shared: measure(0.25, 0.05), cka: measure(0.9, 0.01), cca: measure(0.95, 0.02), canonical_correlations: [measure(0.98, 0.03), measure(0.92, 0.01)], procrustes: measure(0.1, 0.99), distance_correlation: measure(0.8, 0), k: K, sentences: [{ kind: "note", text: "Of the 15 nearest neighbors of a row, 3.8 are the same in both." }] });
    }
    const more = /^\/api\/maps\/(\d+)\/(groups|stability)$/.exec(path);
    if (more) {
      if (more[2] === "groups") return void bytes(Uint32Array.from({ length: N }, (_, i) => (i < 100 ? 1 : 0)).buffer as ArrayBuffer);
      return void bytes(Float32Array.from({ length: 2 * N }, (_, i) => (i === N + 4 ? Number.NaN : (i % 10) / 10)).buffer as ArrayBuffer);
    }
    const ofMap = /^\/api\/maps\/(\d+)(\/trust)?$/.exec(path);
    if (ofMap) {
      if (Number(ofMap[1]) > 2) return void json({ error: `map ${ofMap[1]}: it is not kept (any more).`, hint: null }, 404);
      if (ofMap[2]) return void bytes(Float32Array.from({ length: N }, (_, i) => (i % 4) / 15).buffer as ArrayBuffer);
      // The other map is the same, seen in a mirror.
      const coords = Float32Array.from({ length: 2 * N }, (_, i) => place(i >> 1)[i & 1]! * (ofMap[1] === "1" && i % 2 === 0 ? -1 : 1));
      return void bytes(packMap({ dims: 2, rows: N, version: 1, center, radius: Math.sqrt(N), coords }));
    }
    if (path === "/api/fields/0") return void bytes(Uint32Array.from({ length: N }, (_, i) => i % 3).buffer as ArrayBuffer);
    if (path === "/api/fields/1") return void bytes(Float32Array.from({ length: N }, (_, i) => price(i)).buffer as ArrayBuffer);
    if (path === "/api/fields/3") return void bytes(Float32Array.from({ length: N }, (_, i) => 19723 + i - Number(url.searchParams.get("from") ?? 0)).buffer as ArrayBuffer);
    if (path === "/api/fields/2/ranks") return void bytes(Uint32Array.from({ length: N }, (_, i) => i).buffer as ArrayBuffer);
    if (path === "/api/columns") {
      const text = url.searchParams.get("q")!;
      const found = columns.filter((c) => c.name.includes(text));
      return void json({ total: found.length, columns: found.slice(0, Number(url.searchParams.get("limit"))) });
    }
    const column = /^\/api\/columns\/([^/]+)(\/values)?$/.exec(path);
    if (column) {
      const found = columns.find((c) => c.id === decodeURIComponent(column[1]!));
      if (!found) return void json({ error: `column ${column[1]}: there is none with numbers.`, hint: null }, 404);
      if (column[2]) return void bytes(Float32Array.from({ length: N }, (_, i) => i % 7).buffer as ArrayBuffer);
      return void json({ ...found, min: 0, max: 6, missing: 0, categories: [] });
    }
    if (path === "/api/trust") return void bytes(Float32Array.from({ length: N }, (_, i) => (i % 16) / 15).buffer as ArrayBuffer);
    if (path === "/api/view/picture") {
      for await (const part of q) fake.pictured += (part as Buffer).length;
      return void a.writeHead(204).end();
    }
    if (path.endsWith("/picture")) return void a.writeHead(200, { "Content-Type": "image/png" }).end(png(8, 8, (x, y) => (x * y * 4 + row) & 255));
    if (path === "/api/pictures") {
      const rows = url.searchParams.get("rows")!.split(",").map(Number);
      const columns = Math.ceil(Math.sqrt(rows.length));
      return void a.writeHead(200, { "Content-Type": "image/png" }).end(png(8 * columns, 8 * Math.ceil(rows.length / columns), (x, y) => ((x % 8) * (y % 8) * 4 + (rows[Math.floor(y / 8) * columns + Math.floor(x / 8)] ?? 0)) & 255));
    }
    if (path.endsWith("/values")) return void bytes(Float32Array.from([1, 2, 3, row]).buffer as ArrayBuffer);
    if (row >= N) return void json({ error: `row: ${row} was asked for; there are ${N}.`, hint: null }, 404);
    if (row >= 0) return void json({ row, id: `r${row}`, fields: cells(row), text: null, search: { k: Number(url.searchParams.get("k") ?? K), metric: url.searchParams.get("metric") ?? "euclidean", columns: 4, metrics: ["euclidean", "cosine", "manhattan"] }, kept: url.searchParams.get("map") === "1" ? 3 : 8, neighbors: near(row), invented: [{ row: (row + 100) % N, id: `r${(row + 100) % N}`, distance: 9, label: label(row + 100) }] });
    if (path === "/api/names") return void json({ names: url.searchParams.get("rows")!.split(",").map((r) => (url.searchParams.get("by") === "metadata:0" ? label(Number(r)) : `title ${r}`)) });
    if (path === "/api/search") {
      const text = url.searchParams.get("q")!;
      const hits = Array.from({ length: N }, (_, i) => i).filter((i) => `r${i}` === text || String(i) === text || `title ${i}`.includes(text));
      return void json({ total: hits.length, hits: hits.slice(0, Number(url.searchParams.get("limit"))).map((i) => ({ row: i, id: `r${i}`, field: "title", text: `title ${i}`, distance: null })) });
    }
    if (path === "/api/table") {
      const wanted = (await body(q)) as { rows: number[] | null; sort: number | null; descending: boolean; offset: number; limit: number };
      const rows = wanted.rows ?? Array.from({ length: N }, (_, i) => i);
      const key = (i: number) => (wanted.sort === 1 ? price(i) : wanted.sort === 0 ? label(i) : `title ${String(i).padStart(4, "0")}`);
      if (wanted.sort !== null) rows.sort((x, y) => (key(x) < key(y) ? -1 : key(x) > key(y) ? 1 : 0) * (wanted.descending ? -1 : 1) || x - y);
      return void json({ total: rows.length, rows: rows.slice(wanted.offset, wanted.offset + wanted.limit).map((i) => ({ row: i, id: `r${i}`, fields: cells(i) })) });
    }
    if (path === "/api/explain") {
      const { rows } = (await body(q)) as { rows: number[] };
      const side = (share: number) => ({ rows: rows.length, share, mean: null, quartiles: null });
      const kind = { id: "metadata:0", origin: "metadata", column: "label", level: "<b>b</b>", type: "category", effect: 0.5, p: 1e-9, inside: side(0.8), outside: side(0.3), range: null };
      const number = (share: number) => ({ rows: rows.length, share: null, mean: share, quartiles: [share - 1, share, share + 1] });
      const height = { ...kind, id: "observed:0", origin: "observed", column: "height", level: null, type: "number", inside: number(4), outside: number(2), range: [0, 6] };
      return void json({ rows: rows.length, against: N - rows.length, shared: 0, comparisons: 9, findings: [kind, height], warnings: [], total: 2, observed: 1, means: null });
    }
    if (path === "/api/rows/save") {
      const { rows, format } = (await body(q)) as { rows: number[]; format: string };
      return void a.writeHead(200, { "Content-Type": "text/csv", "Content-Disposition": `attachment; filename="rows.${format}"` }).end(`row,label\n${rows.map((i) => `${i},${label(i)}\n`).join("")}`);
    }
    if (path === "/api/methods") return void json([{ name: "tsne", title: "t-SNE", summary: "a map", family: "maps", takes: ["images"], parameters: { type: "object", properties: { perplexity: { role: "neighborhood", type: "number", default: 30, minimum: 2 } } } }]);
    if (path === "/api/fit") {
      const { params } = (await body(q)) as { params: Record<string, unknown> };
      if (Number(params.perplexity) > 100) return void json({ error: `perplexity: ${params.perplexity} is too large for ${N} rows; it is at most 99.`, hint: "Smaller values show finer structure." }, 400);
      Object.assign(state, { phase: "fitting", step: 1, params, measures: null });
      fake.tell();
      return void json({}, 202);
    }
    if (path === "/api/grid") {
      fake.grid = await body(q);
      state.grid = { method: "tsne", vary: "perplexity", values: [10, 30], ids: [1, 2], at: null };
      fake.tell();
      return void json({}, 202);
    }
    if (path === "/api/stability") {
      fake.again = await body(q);
      Object.assign(state, { phase: "measuring", again: { map: 2, at: 2, of: 6, seconds_left: 4 } });
      fake.tell();
      return void json({}, 202);
    }
    if (path === "/api/stop") {
      Object.assign(state, { phase: "stopped" });
      fake.tell();
      return void json({}, 202);
    }
    if (path === "/api/selection") {
      if (q.method === "POST") fake.selected = (await body(q)).rows as number[];
      return void json({ version: 1, rows: fake.selected });
    }
    if (path === "/api/view") {
      if (q.method === "POST") Object.assign(fake.view, await body(q));
      return void json({ version: 1, ...fake.view });
    }
    if (path.startsWith("/api/")) return void json({ error: "No such thing.", hint: null }, 404);
    const file = normalize(path === "/" ? "/index.html" : path);
    try {
      const data = readFileSync(join(dist, file));
      a.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": POLICY }).end(data);
    } catch {
      a.writeHead(404).end();
    }
  }

  let port = 0;
  let server = createServer();
  const fake: Fake = {
    url: "",
    state,
    asked,
    grid: null,
    again: null,
    selected: [],
    view: { place: "", sets: {} },
    pictured: 0,
    show(view) {
      Object.assign(fake.view, view);
      for (const p of pages) p.write(`event: view\ndata: {"version": 2}\n\n`);
    },
    select(rows) {
      fake.selected = rows;
      for (const p of pages) p.write(`event: selection\ndata: {"version": 2}\n\n`);
    },
    tell() {
      for (const p of pages) p.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
    },
    move() {
      turn += 0.5;
      state.map = { version: state.map!.version + 1, dims: 2 };
      for (const p of pages) p.write(`event: map\ndata: ${JSON.stringify({ ...state.map, step: 2 })}\n\n`);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
    async start() {
      server = createServer((q, a) => void answer(q, a));
      await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
      port = (server.address() as { port: number }).port;
      fake.url = `http://127.0.0.1:${port}/`;
    },
  };
  await fake.start();
  return fake;
}
