// Test data, made in the browser from the address alone: the same numbers every time, so that pictures and tests can
// rely on them. Never part of the page that is shipped.
//   ?source=demo & n=60000  rows          & dims=2|3      & kind=images|table|curve|text|counts
//   & takes=2   seconds of a fit that is asked for
//   & live=1   start fitting at once      & slow=1        a fit that takes a minute
//   & given=1   a map that was not learned here, with named axes
//   & offset=1e7   coordinates far out    & hostile=1     names that would like to be markup
//   & typed=1  columns of more types: skewed numbers, years, dates, categories with missing ones
//   & axis=wavelength|dates  what the columns of curves are; nothing: they have no names
//   and what the test data of rooms read from it
//   & sweep=1  numbers of dimensions can be swept
//   & cats=10  categories                 & phase=failed|reading|empty   stay there
import { KeptAnnotations } from "./annotations.ts";
import { contrastDemo, type DemoColumn } from "./demo-contrast.ts";
import { largestOf } from "./file.ts";
import { packMap, parseMap } from "./header.ts";
import { search, type Searched, searchRows } from "./search.ts";
import { columnsOf, type DataSource, type Listener, type Near, sheetOf, SourceError } from "./source.ts";
import type { Cells, Column, ColumnInfo, Columns, Comparison, Field, Groups, KeptMap, Method, Metric, Neighbor, Phase, RowInfo, Stable, State, Sweep, TableQuery } from "./types.ts";
import { MISSING } from "./types.ts";
import { dated, of100, whole } from "../words.ts";

const K = 15;
/** Columns of a curve. */
const CURVE = 300;
const HOSTILE = [
  "<script>window.pwned=1</script>",
  "<img src=x onerror=window.pwned=1>",
  "{@html 1}",
  "</title><b>bold</b>",
  "&amp; & \u202e rtl",
];

/** A number in [0, 1) that depends on its two arguments alone. */
function hash(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}
const normal = (a: number, b: number) =>
  Math.sqrt(-2 * Math.log(1 - hash(a, 2 * b))) * Math.cos(2 * Math.PI * hash(a, 2 * b + 1));

class World {
  readonly space: Float32Array; // [n, 5], what was "observed"
  readonly target: Float32Array; // [n, dims], where the map ends
  readonly cluster: Uint32Array;
  readonly home: Uint32Array; // the cluster among which the map put the row
  readonly cats: number;
  readonly n: number;
  readonly dims: 2 | 3;
  constructor(n: number, dims: 2 | 3, cats: number) {
    this.n = n;
    this.dims = dims;
    this.cats = cats;
    this.space = new Float32Array(n * 5);
    this.target = new Float32Array(n * dims);
    this.cluster = new Uint32Array(n);
    this.home = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const c = Math.floor(hash(i, 1) ** 1.15 * cats);
      this.cluster[i] = c;
      const q = [normal(i, 10), normal(i, 11), normal(i, 12), normal(i, 13) * 0.5].map((x) => x * 1.4);
      const x = 9 * Math.cos(c * 2.4) * Math.sqrt((c + 0.5) / cats);
      const y = 9 * Math.sin(c * 2.4) * Math.sqrt((c + 0.5) / cats);
      const z = 8 * (hash(c, 99) - 0.5);
      this.space.set([x + q[0]!, y + q[1]!, z + q[2]!, q[3]! * 0.7, normal(i, 14) * 0.4], i * 5);
      // A few rows land in a neighboring cluster: what a map gets wrong.
      const to = hash(i, 3) < 0.03 ? (c + 1) % cats : c;
      this.home[i] = to;
      const shape = 0.55 + hash(to, 5);
      const turn = 6.3 * hash(to, 6);
      const bend = 0.35 * (hash(to, 7) - 0.3);
      const size = 1.25 * Math.sqrt(10 / cats);
      const u = q[0]! * shape * size;
      const v = ((q[1]! + 0.25 * q[2]!) / (0.7 + shape)) * size + bend * u * u;
      const at = i * dims;
      this.target[at] = 9.5 * Math.cos(to * 2.4) * Math.sqrt((to + 0.6) / cats) + u * Math.cos(turn) - v * Math.sin(turn);
      this.target[at + 1] = 9.5 * Math.sin(to * 2.4) * Math.sqrt((to + 0.6) / cats) + u * Math.sin(turn) + v * Math.cos(turn);
      if (dims === 3) this.target[at + 2] = 14 * (hash(to, 99) - 0.5) + q[2]! * 0.9;
    }
  }

  /** Where a method's map ends: clusters as they are, tighter and in another order, or straight from the space. */
  end(method: string, params: Record<string, unknown>): Float32Array {
    const d = this.dims;
    if (method === "pca") return Float32Array.from({ length: this.n * d }, (_, i) => this.space[Math.floor(i / d) * 5 + (i % d)]!);
    const tight = method === "tsne" ? (30 / Number(params.perplexity ?? 30)) ** 0.3 : 0.55 * (15 / Number(params.n_neighbors ?? 15)) ** 0.3;
    const middle = new Float64Array(this.cats * d);
    const many = new Uint32Array(this.cats);
    for (let i = 0; i < this.n; i++) {
      many[this.home[i]!]!++;
      for (let a = 0; a < d; a++) middle[this.home[i]! * d + a]! += this.target[i * d + a]!;
    }
    for (let k = 0; k < middle.length; k++) middle[k]! /= Math.max(1, many[Math.floor(k / d)]!);
    const out = new Float32Array(this.n * d);
    // The others are turned and mirrored, and two groups have changed places.
    const [cos, sin] = method === "tsne" ? [1, 0] : [Math.cos(1.1), Math.sin(1.1)];
    for (let i = 0; i < this.n; i++) {
      const from = this.home[i]!;
      const to = method === "tsne" ? from : from === 1 ? 2 : from === 2 ? 1 : from;
      const p = Array.from({ length: d }, (_, a) => middle[to * d + a]! + tight * (this.target[i * d + a]! - middle[from * d + a]!));
      out.set(method === "tsne" ? p : [-(p[0]! * cos - p[1]! * sin), p[0]! * sin + p[1]! * cos, ...p.slice(2)], i * d);
    }
    return out;
  }

  /** The map after a share `t` of the fit, around `offset`. */
  coords(t: number, offset: number, end: Float32Array = this.target): { center: [number, number, number]; radius: number; coords: Float32Array } {
    const out = new Float32Array(this.target.length);
    const grown = t * t * (3 - 2 * t);
    const turn = (1 - grown) * 1.8;
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const d = this.dims;
    let radius = 0;
    for (let i = 0; i < this.n; i++) {
      const x = end[i * d]! * grown + (1 - grown) * normal(i, 20) * 0.8;
      const y = end[i * d + 1]! * grown + (1 - grown) * normal(i, 21) * 0.8;
      out[i * d] = x * cos - y * sin;
      out[i * d + 1] = x * sin + y * cos;
      if (d === 3) out[i * d + 2] = end[i * d + 2]! * grown;
      radius = Math.max(radius, Math.abs(out[i * d]!), Math.abs(out[i * d + 1]!));
    }
    return { center: [offset, -offset, 0], radius, coords: out };
  }

  nearest(from: Float32Array, dims: number, row: number, k: number): [number, number][] {
    const best: [number, number][] = [];
    for (let j = 0; j < this.n; j++) {
      if (j === row) continue;
      let s = 0;
      for (let a = 0; a < dims; a++) s += (from[j * dims + a]! - from[row * dims + a]!) ** 2;
      if (best.length === k && s >= best[k - 1]![1]) continue;
      let p = best.length;
      while (p > 0 && best[p - 1]![1] > s) p--;
      best.splice(p, 0, [j, s]);
      if (best.length > k) best.pop();
    }
    return best.map(([j, s]) => [j, Math.sqrt(s)]);
  }
}

/** The test data of a room, where the address asks for them. */
export interface DemoRoom {
  /** How many groups of rows suit it; null where it is not asked for. */
  groups(query: URLSearchParams): number | null;
  make(query: URLSearchParams, n: number, group: (row: number) => number, hostile: boolean): DemoPart;
}
export interface DemoPart {
  can: string;
  /** Derived columns of numbers, by `can` and their place. */
  columns?: { name: string; cells(): Float32Array }[];
  name: string;
  kind: State["kind"];
  /** A category of the rows, if it has one. */
  field: { name: string; categories: { label: string; count: number }[]; column: () => Uint32Array } | null;
  /** The answer to a path; undefined for what is not its own. */
  ask(path: string, query?: Record<string, string | number>): Promise<unknown> | undefined;
}

/** Columns of more types. */
function typedColumns(n: number, from: number, group: (row: number) => number): { field: Field; cells: Cells; cell(row: number): string | number | null }[] {
  const numbers = (name: string, type: "number" | "date", value: (row: number) => number, integer: boolean, text?: (v: number) => string) => {
    const cells = Float32Array.from({ length: n }, (_, row) => value(row));
    const known = cells.filter((v) => !Number.isNaN(v));
    const range = { min: known.reduce((a, b) => Math.min(a, b), Infinity), max: known.reduce((a, b) => Math.max(a, b), -Infinity), missing: n - known.length };
    const field: Field = type === "date" ? { index: 0, name, type, ...range } : { index: 0, name, type, ...range, integer };
    return { field, cells, cell: (row: number) => (Number.isNaN(cells[row]!) ? null : text ? text(cells[row]!) : cells[row]!) };
  };
  const grades = ["fair", "good", "poor"];
  const grade = Uint32Array.from({ length: n }, (_, row) => (hash(row, 83) < 0.1 ? MISSING : Math.floor(3 * hash(row, 84))));
  const categories = grades.map((label, code) => ({ label, count: grade.filter((c) => c === code).length }));
  const columns = [
    numbers("price", "number", (row) => Math.exp(4 + 1.3 * normal(row, 81)), false),
    numbers("year", "number", (row) => (hash(row, 85) < 0.02 ? Number.NaN : 1790 + Math.floor(200 * hash(row, 82) ** 0.7)), true),
    numbers("written", "date", (row) => 19_000 + 30 * group(row) + Math.floor(300 * hash(row, 86)), true, (day) => dated(day)),
    { field: { index: 0, name: "grade", type: "category" as const, categories, missing: grade.filter((c) => c === MISSING).length }, cells: grade, cell: (row: number) => (grade[row] === MISSING ? null : grades[grade[row]!]!) },
  ];
  columns.forEach((column, i) => (column.field.index = from + i));
  return columns;
}

export function demoSource(query: URLSearchParams, rooms: DemoRoom[]): DataSource {
  const n = Math.max(0, Number(query.get("n") ?? 3000));
  const asked = rooms.filter((room) => room.groups(query) !== null);
  const cats = Number(query.get("cats") ?? asked[0]?.groups(query) ?? 10);
  const offset = Number(query.get("offset") ?? 0);
  const hostile = query.get("hostile") === "1";
  let world = new World(n, query.get("dims") === "3" ? 3 : 2, cats);
  let end = world.target;
  let shown = world.coords(1, offset);
  const shelf: { told: KeptMap; version: number; map: ReturnType<World["coords"]>; trust: Float32Array; stable: Stable | null }[] = [];
  let ids = 0;
  const ofMap = (id: number) => {
    const found = shelf.find((k) => k.told.id === id);
    if (!found) throw new SourceError(`map ${id}: it is not kept (any more).`, null, 404);
    return found;
  };
  let listener: Listener | null = null;
  let timer = 0;

  const names = Array.from({ length: cats }, (_, c) => (hostile ? `${HOSTILE[c % HOSTILE.length]}${c}` : cats <= 10 ? String(c) : `class ${c + 1}`));
  const counts = new Array<number>(cats).fill(0);
  for (const c of world.cluster) counts[c]!++;
  const writer = (i: number) => (hostile ? `${HOSTILE[i % HOSTILE.length]}` : `writer ${Math.floor(hash(i, 8) * 250) + 1}`);
  const width = (i: number) => (hash(i, 9) < 0.01 ? Number.NaN : Math.fround(2 + 0.6 * normal(i, 15) + 0.12 * world.target[i * world.dims]!));
  const text = (i: number) => `Text ${i} says <b>little</b> of ${names[world.cluster[i]!]}. `.repeat(1 + (i % 30)).trim();
  const split = (i: number) => (hash(i, 16) < 0.8 ? 0 : 1);
  let low = Infinity;
  let high = -Infinity;
  let missing = 0;
  let trained = 0;
  for (let i = 0; i < n; i++) {
    const w = width(i);
    if (Number.isNaN(w)) missing++;
    else [low, high] = [Math.min(low, w), Math.max(high, w)];
    if (split(i) === 0) trained++;
  }
  const parts = asked.map((room) => room.make(query, n, (row) => world.cluster[row]!, hostile));
  const kind = query.get("kind") ?? parts[0]?.kind ?? "images";
  const columns = { table: 6, curve: CURVE, counts: 400 }[kind] ?? 784;
  const fields: Field[] = [
    { index: 0, name: hostile ? HOSTILE[0]! : "digit", type: "category", categories: names.map((label, c) => ({ label, count: counts[c]! })), missing: 0 },
    { index: 1, name: "stroke width", type: "number", min: low, max: high, missing, integer: false },
    { index: 2, name: "split", type: "category", categories: [{ label: "train", count: trained }, { label: "test", count: n - trained }], missing: 0 },
    { index: 3, name: "writer", type: "text" },
  ];
  const own = parts.flatMap((part) => part.field ?? []);
  own.forEach(({ name, categories }, i) => fields.push({ index: 4 + i, name, type: "category", categories, missing: 0 }));
  const typed = query.get("typed") === "1" ? typedColumns(n, fields.length, (row) => world.cluster[row]!) : [];
  fields.push(...typed.map((column) => column.field));
  const named: Column[] = fields.map((f): Column => ({ id: `metadata:${f.index}`, name: f.name, type: f.type, origin: "metadata" }));
  const columnNames = kind === "table" ? ["height", "width", "area", "density", "hue", "age"] : null;
  const all = (): Column[] => [...notes.state.columns, ...named, ...parts.flatMap((part) => (part.columns ?? []).map((c, i): Column => ({ id: `${part.can}:${i}`, name: c.name, type: "number", origin: "derived" }))), ...Array.from({ length: columnNames?.length ?? (kind === "images" ? 784 : 0) }, (_, i): Column => ({ id: `observed:${i}`, name: columnNames?.[i] ?? `pixel ${Math.floor(i / 28)}, ${i % 28}`, type: "number", origin: "observed" }))];
  const curve = (row: number, a: number) => Math.sin(a / 20 + world.cluster[row]!) + Math.exp(-((a - 20 * world.cluster[row]!) ** 2) / 60);
  const value = (row: number, column: number) => normal(row, 60 + column);
  const cells = (i: number) => ({ ...Object.fromEntries(notes.of(i)), [fields[0]!.name]: names[world.cluster[i]!]!, "stroke width": width(i), split: split(i) ? "test" : "train", writer: writer(i), ...Object.fromEntries(typed.map((column) => [column.field.name, column.cell(i)])) });

  let kept: Float32Array | null = null;
  /** Exact for small data; for large, told from how far the row lies from its own cluster. */
  const trust = () => {
    if (kept) return kept;
    kept = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      if (n <= 3000) kept[i] = info(i).kept! / K;
      else kept[i] = hash(i, 3) < 0.03 ? 0 : Math.round(K * Math.max(0, Math.min(1, 0.62 - 0.16 * Math.abs(world.space[i * 5 + 3]!) - 0.1 * Math.abs(world.space[i * 5 + 4]!) + 0.14 * normal(i, 30)))) / K;
    }
    return kept;
  };
  const given = query.get("given") === "1";
  const notes = new KeptAnnotations(n, (name) => fields.some((f) => f.name === name));
  const searched: Searched = {
    rows: n,
    id: String,
    texts: (row) => [[fields[0]!.name, names[world.cluster[row]!]!], ["writer", writer(row)], ...(kind === "text" ? [["text", text(row)] as [string, string]] : []), ...notes.of(row)],
  };
  const state: State = {
    name: hostile ? HOSTILE[3]! : (parts[0]?.name ?? "Handwritten digits"),
    rows: n,
    columns,
    kind: kind === "images" || kind === "text" || kind === "counts" ? kind : "table",
    can: [...parts.map((part) => part.can), ...(query.get("sweep") === "1" ? ["sweep"] : [])],
    phase: "done",
    message: "",
    step: 750,
    n_steps: 750,
    loss: 2.91,
    loss_name: "kl",
    seconds_left: null,
    seconds: 21.4,
    method: "tsne",
    title: `t-SNE of ${n.toLocaleString("en")} x ${columns}, perplexity 30`,
    params: { n_components: world.dims, perplexity: 30, init: "pca", learning_rate: "auto", n_iter: 500, early_exaggeration: 12 },
    seed: 0,
    map: { version: 1, dims: world.dims },
    axes: given ? ["longitude", "year"] : [],
    map_id: null,
    maps_version: 0,
    grid: null,
    again: null,
    sweep: null,
    sweep_version: 0,
    fields,
    column_names: columnNames,
    picture: kind === "images" ? { width: 28, height: 28, pixelated: true } : null,
    curve: kind === "curve",
    n_neighbors: K,
    measures: null,
    estimated: {},
    sentences: [],
    trust_version: 0,
    warnings: hostile ? [HOSTILE[1]!] : [],
    preparation: kind === "table" ? ["Columns are standardized: mean 0, standard deviation 1."] : [],
    search_by_meaning: kind === "text",
    annotations: notes.state,
    error: null,
  };
  const measured = () => {
    const share = trust().reduce((a, b) => a + b, 0) / Math.max(1, n);
    const wide = n > 10000 ? 0.004 : 0;
    const m = (value: number, nul: number) => ({ value, low: value - wide, high: value + wide, null: nul });
    state.measures = { recall: m(share, K / Math.max(K, n - 1)), trustworthiness: m(0.968, 0.5), continuity: m(0.955, 0.5), distance_correlation: m(0.45, 0) };
    const said = (text: string) => ({ kind: "note" as const, text });
    state.estimated = wide ? { recall: "1,000 rows", trustworthiness: "1,000 rows", continuity: "1,000 rows", distance_correlation: "20,000 pairs" } : {};
    state.sentences = [
      { kind: "verdict", text: "Good for neighborhoods, weak for far distances." },
      said(`Keeps ${of100(share)} of 100 neighbors (random: ${of100(K / Math.max(K, n - 1))}).`),
      said("Rows that are near on the map are near in the data, too (trustworthiness 0.97; random: 0.50)."),
      said("Distances on the map carry little information: do not compare gaps between groups (rank correlation 0.45)."),
    ];
    state.trust_version++;
  };
  /** The clusters as they were put, the largest first. */
  const order = () => {
    const rows = new Array<number>(cats).fill(0);
    for (const to of world.home) rows[to]!++;
    return { rows, of: rows.map((_, c) => c).sort((a, b) => rows[b]! - rows[a]!) };
  };
  /** What there might be to tell of a map: the smallest cluster made up, the largest split in two. */
  const groups = (): Groups => {
    const { rows, of } = order();
    const share = (c: number) => rows[c]! / n;
    return {
      groups: of.map((c, i) => ({ rows: rows[c]!, elsewhere: i === cats - 1 ? 0.62 : 0.04, null: 1 - share(c), made_up: i === cats - 1, parts: [rows[c]!] })),
      split: cats > 1 ? [{ groups: [0, 1], share: 0.31, null: share(of[0]!) }] : [],
      parts: [n],
      summary: cats > 1 ? `${cats} separate groups; not all are as in the data: 1 made up, 1 split in two.` : "No separate groups: the map is one piece.",
      findings: of.length === 0 ? [] : [
        { fault: "made_up", groups: [cats - 1], name: `${whole(rows[of[cats - 1]!]!)} rows`, text: `62 % of their true neighbors are outside the group (random: ${of100(1 - share(of[cats - 1]!))} %).` },
        ...(cats > 1 ? [{ fault: "split" as const, groups: [0, 1], name: `${whole(rows[of[1]!]!)} rows`, text: `they belong with the ${whole(rows[of[0]!]!)}, where 31 % of their true neighbors are (random: ${of100(share(of[0]!))} %).` }] : []),
      ],
    };
  };
  const keep = (phase: Phase) => {
    const { method, title, params, axes, seed, seconds, measures, estimated, sentences, warnings } = structuredClone(state);
    const again = shelf.findIndex((k) => phase === "done" && k.told.phase === "done" && k.told.method === method && JSON.stringify(k.told.params) === JSON.stringify(params));
    const old = again >= 0 ? shelf.splice(again, 1)[0]! : null;
    const id = old ? old.told.id : ++ids;
    state.maps_version++;
    shelf.push({ told: { id, dims: world.dims, method, title, params, axes, seed, seconds, phase, measures, estimated, sentences, warnings, learned: method !== "", space: false, can: [], groups: measures && groups(), stability: old?.told.stability ?? null }, version: state.map!.version, map: shown, trust: trust().slice(), stable: old?.stable ?? null });
    if (shelf.length > 16) shelf.shift();
    state.map_id = id;
  };
  const tell = () => listener?.state(structuredClone(state));
  const to = (phase: Phase, message: string) => {
    Object.assign(state, { phase, message });
    tell();
  };

  function start(seconds: number) {
    kept = null;
    Object.assign(state, { measures: null, axes: [], estimated: {}, sentences: [], map_id: null, trust_version: state.trust_version && state.trust_version + 1, step: 0, loss: 6.2, seconds: 0, error: null });
    to("fitting", "gradient, early exaggeration");
    const begun = performance.now();
    const advance = () => {
      const t = Math.min(1, (performance.now() - begun) / 1000 / seconds);
      shown = world.coords(t, offset, end);
      Object.assign(state, { step: Math.round(750 * t), loss: 2.91 + 3.3 * (1 - t) ** 2, seconds_left: seconds * (1 - t), seconds: seconds * t, map: { version: state.map!.version + 1, dims: world.dims } });
      if (t > 0.33) state.message = "gradient";
      tell();
      listener?.map(state.map!.version);
      if (t < 1) timer = window.setTimeout(advance, n > 200000 ? 700 : 160);
      else finish("done");
    };
    advance();
  }
  function finish(phase: Phase) {
    clearTimeout(timer);
    state.seconds_left = null;
    to("measuring", "neighbors kept");
    timer = window.setTimeout(() => {
      measured();
      keep(phase);
      const { grid } = state;
      if (grid && grid.at !== null) grid.ids[grid.at] = state.map_id;
      if (phase === "done" && nextOfGrid()) return;
      if (grid) grid.at = null;
      to(phase, "");
    }, 300);
  }

  const AGAIN = 6;
  /** A map made again: its figures come from how well the rows lie. */
  function again(id: number) {
    clearTimeout(timer);
    const before = state.phase;
    const found = ofMap(id);
    const advance = (at: number) => {
      state.again = at < AGAIN ? { map: id, at, of: AGAIN, seconds_left: at > 1 ? (AGAIN - at) * 0.3 : null } : null;
      if (at < AGAIN) {
        to("measuring", "gradient");
        timer = window.setTimeout(() => advance(at + 1), (300 * Number(query.get("takes") ?? 2)) / 2);
        return;
      }
      const share = (row: number, by: number) => Math.round(K * Math.max(0, Math.min(1, found.trust[row]! + 0.2 + 0.1 * normal(row, by)))) / K;
      found.stable = { seeds: Float32Array.from({ length: n }, (_, i) => share(i, 71)), draws: Float32Array.from({ length: n }, (_, i) => (hash(i, 73) < 0.05 ? Number.NaN : 0.8 * share(i, 72))) };
      const mean = (of: Float32Array) => of.reduce((s, v) => s + (v || 0), 0) / n;
      const measure = (value: number) => ({ value, low: value, high: value, null: K / (n - 1) });
      const [seeds, bootstrap] = [measure(mean(found.stable.seeds)), measure(mean(found.stable.draws))];
      found.told.stability = { seeds, bootstrap, k: K, runs: [3, 3], sentences: [{ kind: "note", text: `Of the ${K} nearest neighbors of a row, ${(K * seeds.value).toFixed(1)} stay the same with another seed, ${(K * bootstrap.value).toFixed(1)} on resampled rows (${((K * K) / n).toFixed(1)} expected by chance).` }] };
      state.maps_version++;
      to(before, "");
    };
    advance(1);
  }

  function info(row: number, map = shown, search: Near = {}): RowInfo {
    const metric = (search.metric ?? "euclidean") as Metric;
    const label = (j: number) => names[world.cluster[j]!]!;
    const k = search.k ?? K;
    const near = world.nearest(world.space, 5, row, k);
    const seen = new Set(world.nearest(map.coords, map.coords.length / n, row, k).map(([j]) => j));
    const known = new Set(near.map(([j]) => j));
    const neighbors: Neighbor[] = near.map(([j, distance]) => ({ row: j, id: String(j), distance, kept: seen.has(j), label: label(j) }));
    const far = (j: number) => Math.hypot(...[0, 1, 2, 3, 4].map((a) => world.space[j * 5 + a]! - world.space[row * 5 + a]!));
    return {
      row,
      id: String(row),
      fields: cells(row),
      text: kind === "text" ? text(row) : null,
      search: { k, metric, columns, metrics: ["euclidean", "cosine", "manhattan"] },
      kept: neighbors.filter((x) => x.kept).length,
      neighbors,
      invented: [...seen].filter((j) => !known.has(j)).slice(0, 10).map((j) => ({ row: j, id: String(j), distance: far(j), label: label(j) })),
    };
  }

  /** As `latent compare` tells it, of the first rows alone. */
  function compare(a: Float32Array, b: Float32Array): Comparison {
    const [da, db] = [a.length / n, b.length / n];
    const sums = (p: Float32Array, q: Float32Array, i: number, j: number) => {
      let s = 0;
      for (let r = 0; r < n; r++) s += p[(p.length / n) * r + i]! * q[(q.length / n) * r + j]!;
      return s;
    };
    const all = (p: Float32Array, q: Float32Array) => [0, 1].flatMap((i) => [0, 1].map((j) => sums(p, q, i, j)));
    const [aa, bb, ab] = [all(a, a), all(b, b), all(a, b)] as [number[], number[], number[]];
    const square = (m: number[]) => m.reduce((s, x) => s + x * x, 0);
    const trace = (m: number[]) => m[0]! + m[3]!;
    const common = Math.max(Math.hypot(ab[0]! + ab[3]!, ab[2]! - ab[1]!), Math.hypot(ab[0]! - ab[3]!, ab[1]! + ab[2]!));
    const rows = Array.from({ length: Math.min(n, 200) }, (_, i) => i);
    let shared = 0;
    for (const row of rows) {
      const near = new Set(world.nearest(a, da, row, K).map(([j]) => j));
      shared += world.nearest(b, db, row, K).filter(([j]) => near.has(j)).length / K / rows.length;
    }
    const measure = (value: number, nul: number, wide = 0) => ({ value, low: value - wide, high: value + wide, null: nul });
    const left = 1 - common ** 2 / (trace(aa) * trace(bb));
    return {
      neighbors_shared: measure(shared, K / (n - 1), 0.02),
      cka: measure(square(ab) / Math.sqrt(square(aa) * square(bb)), 2 / n),
      cca: measure(0.87, 2 / Math.sqrt(n), 0.01),
      canonical_correlations: [measure(0.93, 3 / Math.sqrt(n), 0.01), measure(0.81, 1 / Math.sqrt(n), 0.01)],
      procrustes: measure(left, 0.998),
      distance_correlation: measure(0.61, 0),
      k: K,
      rows: n, rows_asked: rows.length, sentences: [{ kind: "note", text: `Of the ${K} nearest neighbors of a row, ${(shared * K).toFixed(1)} are the same in both (rows in random order: ${((K * K) / (n - 1)).toFixed(1)}).` }, { kind: "note", text: `After alignment (Procrustes) they agree roughly: ${Math.round(100 * left)} % of the spread does not line up.` }],
    };
  }

  const pictures = new Map<number, string>();
  function picture(row: number): string {
    const old = pictures.get(row);
    if (old) return old;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 28;
    paintPicture(canvas.getContext("2d")!, row, 0, 0);
    const url = canvas.toDataURL();
    pictures.set(row, url);
    return url;
  }
  function paintPicture(g: CanvasRenderingContext2D, row: number, left: number, top: number): void {
    g.setTransform(1, 0, 0, 1, left, top);
    g.fillStyle = "#000";
    g.fillRect(0, 0, 28, 28);
    g.translate(14, 14.5);
    g.transform(1, 0.12 * normal(row, 41), 0.25 * normal(row, 40), 0.9 + 0.1 * hash(row, 42), 0, 0);
    g.font = `${18 + 5 * hash(row, 43)}px serif`;
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.fillStyle = g.strokeStyle = "#fff";
    g.lineWidth = Math.max(0.2, 0.5 * (width(row) || 1) - 0.6);
    const glyph = String(world.cluster[row]! % 10);
    g.fillText(glyph, 0, 0);
    g.strokeText(glyph, 0, 0);
  }

  const methodsSwept = [{ name: "pca", title: "PCA" }, { name: "factor-analysis", title: "Factor analysis" }];
  let swept: Sweep | null = null;
  /** Five directions, and noise. */
  function sweepOf(method: string, dims: number[]): Sweep {
    const held = (k: number) => 0.9 * Math.exp(-Math.min(k, 5) / 2.2) + 0.16 + 0.012 * Math.max(0, k - 5);
    const best = Math.min(...dims.map(held));
    const measure = (value: number, half: number, nul: number | null = 1) => ({ value, low: value - half, high: value + half, null: nul });
    return {
      method, rows: n, figure: "reconstruction_error", held_out: "5-fold cross-validation over random rows",
      dims: dims.map((k) => ({ dims: k, training: measure(0.9 * Math.exp(-k / 2.2) + 0.14 - 0.004 * k, 0.01), held_out: measure(held(k), 0.03), behind: measure(held(k) - best, 0.016, null), seconds: 0.1 })),
      recommended: 5, low: 4, high: 6,
      estimates: { parallel_analysis: 5, gavish_donoho: 5, marchenko_pastur: 6, directions_rows: n, intrinsic: { value: 4.6, low: 4.3, high: 4.9, null: null } },
      sentence: "5 dimensions are recommended: the fewest within one standard error of the best held-out score (0.25).",
      verdict: ["5 dimensions (4 to 6): the other estimates agree."],
    };
  }

  const plain = { given: [], sees: "rows", signs: "any", can: {}, axis: null, encodes: true, decodes: false, folds: false, live: true, limits: [] };
  const methods: Method[] = [
    {
      ...plain,
      name: "tsne",
      title: "t-SNE",
      summary: "a map that keeps near rows near",
      family: "maps",
      takes: ["table", "counts", "images"],
      parameters: {
        type: "object",
        properties: {
          n_components: { role: "dimensions", type: "integer", default: 2, minimum: 2, maximum: 3, description: "Dimensions of the map." },
          perplexity: { role: "neighborhood", type: "number", default: 30, minimum: 2, maximum: 1000, description: "About how many neighbors a row has." },
          init: { default: "pca", oneOf: [{ const: "pca", description: "Principal components." }, { const: "random" }, { const: "spectral" }], description: "Where the map starts." },
          learning_rate: { anyOf: [{ const: "auto" }, { type: "number", exclusiveMinimum: 0 }], default: "auto", description: "Step of the gradient." },
          n_iter: { type: "integer", default: 500, minimum: 1, maximum: 100000, description: "Steps after the early exaggeration." },
          early_exaggeration: { type: "number", default: 12, minimum: 1, description: "How strongly neighbors attract each other at first." },
        },
      },
    },
    {
      ...plain,
      name: "umap",
      title: "UMAP",
      summary: "a map of the neighbor graph",
      family: "maps",
      takes: ["table", "counts", "images"],
      parameters: {
        type: "object",
        properties: {
          n_components: { role: "dimensions", title: "components", type: "integer", default: 2, minimum: 2, maximum: 3, description: "Dimensions of the map." },
          n_neighbors: { role: "neighborhood", title: "neighbors", type: "integer", default: 15, minimum: 2, maximum: 200, description: "Neighbors of each row." },
          min_dist: { title: "min dist", type: "number", default: 0.1, minimum: 0, maximum: 1, description: "How close points may lie." },
          target: { title: "target", role: "labels", anyOf: [{ const: "auto" }, { const: "none" }, { type: "string" }], default: "auto", description: "The column of labels to learn from, too." },
          densmap: { title: "densMAP", type: "boolean", default: false, description: "Whether the map shows how dense rows lie, too." },
        },
      },
    },
    { ...plain, name: "pca", title: "PCA", summary: "the directions along which the rows differ most", family: "linear", takes: ["table", "counts", "images"], parameters: { type: "object", properties: { n_components: { role: "dimensions", anyOf: [{ type: "integer", minimum: 1 }, { const: "auto" }], default: "auto" }, whiten: { type: "boolean", default: false } } } },
  ];

  function begin(method: string, params: Record<string, unknown>) {
    if (Number(params.perplexity) > n / 3) throw new SourceError(`perplexity: ${params.perplexity} is too large for ${n} rows; it is at most ${Math.floor(n / 3)}.`, "Smaller values show finer structure.", 400);
    const dims = Number(params.n_components) === 3 ? 3 : 2;
    if (dims !== world.dims) world = new World(n, dims, cats);
    const known = methods.find((m) => m.name === method)!;
    const all = { ...Object.fromEntries(Object.entries(known.parameters.properties!).map(([name, p]) => [name, p.default])), n_components: dims, ...params };
    end = world.end(method, all);
    const first = Object.entries(all).find(([name, value]) => name !== "n_components" && typeof value === "number");
    Object.assign(state, { method, params: all, title: `${known.title} of ${n.toLocaleString("en")} x ${columns}${first ? `, ${known.parameters.properties![first[0]]?.title ?? first[0]} ${first[1]}` : ""}` });
    start(query.get("slow") === "1" ? 60 : Number(query.get("takes") ?? 2));
  }
  let gridParams: Record<string, unknown> = {};
  /** Begins with the next value of the grid that has no map; false where there is none. */
  function nextOfGrid(): boolean {
    const { grid } = state;
    const at = grid?.at === null || !grid ? 0 : grid.at + 1;
    if (!grid || at >= grid.values.length || grid.ids.every((id) => id !== null)) return false;
    grid.at = at;
    begin(grid.method, { ...gridParams, [grid.vary]: grid.values[at]! });
    return true;
  }

  return {
    listen(l) {
      listener = l;
      const asked = query.get("phase") as Phase | null;
      queueMicrotask(() => {
        listener?.connected(true);
        if (asked === "failed") {
          state.map = null;
          state.error = { error: "digits.npy: 784 columns were expected; row 312 has 783.", hint: "Was the file cut off? `latent describe digits.npy` shows each row's length." };
          to("failed", "");
        } else if (asked) {
          Object.assign(state, { map: null, fields: [] });
          if (asked === "empty") Object.assign(state, { name: "latentspace", rows: 0, columns: 0 });
          to(asked, asked === "empty" ? "" : asked === "reading" ? "digits.npy, 120 MB" : "neighbors: exact, 60,000 x 50");
        } else if (query.get("live") === "1") start(query.get("slow") === "1" ? 60 : 3);
        else {
          if (given) Object.assign(state, { method: "", title: `${whole(n)} rows at the coordinates given`, params: {}, seconds: 0 });
          else measured();
          keep("done");
          tell();
          listener?.map(1);
        }
      });
      return () => {
        clearTimeout(timer);
        listener = null;
      };
    },
    map: async () => (state.map ? parseMap(packMap({ dims: world.dims, rows: n, version: state.map.version, ...shown })) : null),
    async column(field) {
      if (field === 0) return world.cluster.slice();
      if (field === 1) return Float32Array.from({ length: n }, (_, i) => width(i));
      const more = typed.find((column) => column.field.index === field);
      if (more) return more.cells.slice();
      if (field >= 4 && own[field - 4]) return own[field - 4]!.column();
      if (field === 2) return Uint32Array.from({ length: n }, (_, i) => (i === n - 1 && n > 5000 ? MISSING : split(i)));
      throw new SourceError("Text is read row by row.", null, 404);
    },
    async ranks(field) {
      const cell = (row: number) => (cells(row) as Record<string, string | number | null>)[fields[field]!.name] ?? null;
      const sorted = [...new Set(Array.from({ length: n }, (_, row) => cell(row)))].filter((v) => v !== null).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const rank = new Map(sorted.map((v, i) => [v, i]));
      return Uint32Array.from({ length: n }, (_, row) => rank.get(cell(row)!) ?? MISSING);
    },
    async columns(query, limit): Promise<Columns> {
      const found = all().filter((c) => c.name.toLowerCase().includes(query.toLowerCase()));
      found.sort((a, b) => Number(!a.name.toLowerCase().startsWith(query.toLowerCase())) - Number(!b.name.toLowerCase().startsWith(query.toLowerCase())));
      return { total: found.length, columns: found.slice(0, limit) };
    },
    async columnOf(id): Promise<{ info: ColumnInfo; cells: Cells }> {
      const own = notes.columnOf(id);
      if (own) return own;
      const [of, at] = id.split(":");
      const derived = parts.find((part) => part.can === of)?.columns?.[Number(at)];
      if (derived) {
        const cells = derived.cells();
        return { info: { id, name: derived.name, type: "number", origin: "derived", min: Math.min(...cells.slice(0, 1000)), max: Math.max(...cells.slice(0, 1000)), missing: 0, categories: [] }, cells };
      }
      const column = all().find((c) => c.id === id && c.origin === "observed");
      if (!column) throw new SourceError(`column ${id}: there is none with numbers.`, null, 404);
      const cells = Float32Array.from({ length: n }, (_, row) => value(row, Number(id.split(":")[1])));
      return { info: { ...column, min: Math.min(...cells.slice(0, 1000)), max: Math.max(...cells.slice(0, 1000)), missing: 0, categories: [] }, cells };
    },
    trust: async () => (state.measures ? trust().slice() : null),
    maps: async () => structuredClone(shelf.map((k) => k.told)),
    keptMap: async (id) => parseMap(packMap({ dims: ofMap(id).told.dims as 2 | 3, rows: n, version: ofMap(id).version, ...ofMap(id).map })),
    keptTrust: async (id) => ofMap(id).trust.slice(),
    async keptGroups(id) {
      ofMap(id);
      const place = new Map(order().of.map((c, i) => [c, i]));
      return Uint32Array.from(world.home, (c) => place.get(c)!);
    },
    keptStability: async (id) => ofMap(id).stable,
    makeAgain: async (id) => again(id),
    compare: async (a, b) => compare(ofMap(a).map.coords, ofMap(b).map.coords),
    row: async (row, map, near) => info(row, map === undefined ? shown : ofMap(map).map, near),
    picture,
    async pictures(rows) {
      const columns = columnsOf(rows.length);
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [28 * columns, 28 * Math.ceil(rows.length / columns)];
      const g = canvas.getContext("2d")!;
      rows.forEach((row, i) => paintPicture(g, row, 28 * (i % columns), 28 * Math.floor(i / columns)));
      return sheetOf(canvas, rows.length);
    },
    values: async (row) => (kind === "table" ? Float32Array.from({ length: 6 }, (_, a) => value(row, a)) : Float32Array.from({ length: CURVE }, (_, a) => curve(row, a) + 0.1 * normal(row, 60 + a))),
    largest: async (row, limit) => largestOf(Float32Array.from({ length: columns }, (_, a) => (hash(row, 900 + a) < 0.06 ? Math.ceil(12 * hash(row, 1400 + a) ** 4) : 0)), (column) => `word${column}`, limit),
    async curve() {
      const axis = query.get("axis");
      const at = (a: number) => (axis === "wavelength" ? 400 + 2 * a : axis === "dates" ? 18_262 + a : a);
      return { positions: Array.from({ length: CURVE }, (_, a) => at(a)), dates: axis === "dates", before: axis === "wavelength" ? "wavelength_" : "", after: axis === "wavelength" ? " nm" : "" };
    },
    search: async (text, by, limit) => search(searched, text, by, limit),
    searchRows: async (text, by) => searchRows(searched, text, by),
    async annotate(column, type, edits) {
      const changed = notes.change(column, type, edits);
      state.annotations = notes.state;
      tell();
      return changed;
    },
    annotationsFile: async () => notes.csv(String),
    async table(q: TableQuery) {
      const rows = q.rows ? q.rows.slice() : Array.from({ length: n }, (_, i) => i);
      if (q.sort !== null) {
        const name = fields[q.sort]!.name;
        const key = new Map(rows.map((i) => [i, (cells(i) as Record<string, string | number>)[name]!]));
        const sign = q.descending ? -1 : 1;
        rows.sort((a, b) => {
          const [x, y] = [key.get(a)!, key.get(b)!];
          return (x < y ? -sign : x > y ? sign : 0) || a - b;
        });
      }
      return { total: rows.length, rows: rows.slice(q.offset, q.offset + q.limit).map((row) => ({ row, id: String(row), fields: cells(row) })) };
    },
    async explain(rows, against) {
      const compared: DemoColumn[] = [
        { id: "metadata:0", name: fields[0]!.name, origin: "metadata", codes: world.cluster, labels: names },
        { id: "metadata:1", name: fields[1]!.name, origin: "metadata", numbers: Float32Array.from({ length: n }, (_, i) => width(i)) },
        { id: "metadata:2", name: fields[2]!.name, origin: "metadata", codes: Uint32Array.from({ length: n }, (_, i) => split(i)), labels: (fields[2] as { categories: { label: string }[] }).categories.map((c) => c.label) },
        ...own.map(({ name, categories, column }, i): DemoColumn => ({ id: `metadata:${4 + i}`, name, origin: "metadata", codes: column(), labels: categories.map((c) => c.label) })),
        ...(state.measures ? [{ id: "derived:kept", name: "neighbors kept", origin: "derived" as const, numbers: trust() }] : []),
      ];
      const blob = (row: number, p: number) => 255 * Math.exp(-(((p % 28) - 14 - 6 * Math.cos(world.cluster[row]!)) ** 2 + (Math.floor(p / 28) - 14 - 6 * Math.sin(world.cluster[row]!)) ** 2) / 40);
      const [many, of] = kind === "images" ? [784, blob] : kind === "curve" ? [CURVE, curve] : [0, blob];
      const means = (rows: number[]) => {
        const some = rows.filter((_, i) => i % Math.ceil(rows.length / 200) === 0);
        const mean = (of: (row: number, p: number) => number) => Array.from({ length: many }, (_, p) => some.reduce((sum, row) => sum + of(row, p), 0) / some.length);
        if (many === 0) return null;
        const found = mean(of);
        return { mean: found, deviation: kind === "curve" ? mean((row, p) => (of(row, p) - found[p]!) ** 2).map(Math.sqrt) : null };
      };
      return contrastDemo(compared, n, rows, against, means);
    },
    rowsFile: async (rows, format) => new Blob([format === "csv" ? `row,${fields[0]!.name}\n${Array.from(rows, (row) => `${row},${names[world.cluster[row]!]}\n`).join("")}` : "PAR1"]),
    methods: async () => methods,
    async ask<T>(path: string, query?: Record<string, string | number>): Promise<T> {
      if (path === "names") {
        const field = fields[Number(String(query!.by).split(":")[1])]!.name;
        const name = (row: number) => (query!.by === "observed:0" ? text(row).slice(0, 120) : String((cells(row) as Record<string, unknown>)[field] ?? row));
        return { names: String(query!.rows).split(",").map((row) => name(Number(row))) } as T;
      }
      if (path === "demos") return [{ name: "digits", what: "10,000 handwritten digits, 28 x 28 grey (MNIST)" }, { name: "spiral", what: "a curve in 3-D, and which methods recover its one dimension" }] as T;
      if (path === "sweep") return { methods: methodsSwept, dims: [1, 2, 3, 4, 6, 8, 12], found: swept } as T;
      if (path === "sweep/cost") {
        const dims = String(query!.dims).split(",").map(Number);
        if (dims.some((k) => !(k >= 1 && Number.isInteger(k)))) throw new SourceError(`dims: '${query!.dims}' was given; it takes whole numbers, separated by commas.`, null, 400);
        return { fits: 5 * dims.length, seconds: 0.2 * dims.length, peak_bytes: 1e6 } as T;
      }
      for (const part of parts) {
        const answer = part.ask(path, query);
        if (answer) return (await answer) as T;
      }
      throw new SourceError(`${path}: there is no such thing.`, null, 404);
    },
    async fit(method, params) {
      if (state.phase === "fitting") throw new SourceError("A fit is under way.", "Stop it first.", 409);
      begin(method, params);
    },
    async fitGrid(method, params, vary, values) {
      if (state.phase === "fitting") throw new SourceError("A fit is under way.", "Stop it first.", 409);
      const large = vary === "perplexity" && values.find((v) => v > n / 3);
      if (large) throw new SourceError(`perplexity: ${large} is too large for ${n} rows; it is at most ${Math.floor(n / 3)}.`, "Smaller values show finer structure.", 400);
      state.grid = { method, vary, values, ids: values.map(() => null), at: null };
      gridParams = params;
      if (!nextOfGrid()) to("done", "");
    },
    async open(file) {
      if (!file.name.endsWith(".csv")) throw new SourceError(`${file.name}: it is of no format that is read.`, "Tables end in .csv or .parquet.", 400);
      Object.assign(state, { name: file.name, rows: n, columns, fields, map: { version: 0, dims: world.dims } });
      start(0.3);
    },
    async sweep(method, dims) {
      const advance = (at: number) => {
        state.sweep = at < 5 ? { method, at: at * dims.length, of: 5 * dims.length, seconds_left: 5 - at } : null;
        if (at === 5) {
          swept = sweepOf(method, dims);
          state.sweep_version++;
          return to("done", "");
        }
        to("measuring", "");
        timer = window.setTimeout(() => advance(at + 1), 150 * Number(query.get("takes") ?? 2));
      };
      advance(0);
    },
    async stop() {
      if (state.sweep) {
        clearTimeout(timer);
        state.sweep = null;
        return to("done", "");
      }
      if (state.again) {
        clearTimeout(timer);
        state.again = null;
        return to("done", "");
      }
      finish("stopped");
    },
  };
}

