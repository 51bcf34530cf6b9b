// A map in one file, or in a folder, without `latent explore`: what crates/latent/src/study/bundle.rs writes. Nothing is asked of anyone.
import { KeptAnnotations } from "./annotations.ts";
import { largestOf, still } from "./file.ts";
import { search, type Searched, searchRows } from "./search.ts";
import { columnsOf, type DataSource, type Listener, sheetOf, SourceError } from "./source.ts";
import { type Bundle, type BundleColumn, type Cells, type ColumnInfo, type MapData, type Method, MISSING, type RowInfo, type State, type TableRow } from "./types.ts";

const STEPS = 65_535;
const UNKNOWN = 255;
/** So many pictures are not drawn again. */
const PICTURES_KEPT = 2000;

interface Opened {
  header: Bundle;
  map: MapData;
  trust: Float32Array | null;
  /** Cells by column id. */
  cells: ReadonlyMap<string, Cells>;
  /** Of all pictures, row by row. */
  pixels: Uint8Array | null;
  /** Of the neighbors. */
  distances: Float32Array | null;
  /** `header.search.k` rows for each row. */
  near: Uint32Array;
}

const inflated = (packed: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<ArrayBuffer> => new Response(packed.pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer();

/** The bytes that the page itself holds, in Base64. */
export const fromBase64 = async (text: string): Promise<ArrayBuffer> => inflated(new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]).stream());
/** The bytes of a file in the folder of the page. */
export async function fromFile(name: string): Promise<ArrayBuffer> {
  const answer = await fetch(name).catch(() => null);
  if (!answer?.ok || !answer.body) {
    if (location.protocol === "file:") throw new SourceError(`A browser does not read ${name} from a disk.`, "Serve the folder, for example with `python3 -m http.server`; or save the map as one .html file.");
    throw new SourceError(`The server does not have ${name}${answer ? ` (${answer.status})` : ""}.`, "It belongs in the folder of this page.");
  }
  return inflated(answer.body);
}

export async function open(content: Promise<ArrayBuffer>): Promise<Opened> {
  const bytes = await content;
  const length = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Bundle;
  let at = 4 + length;
  // Sections begin anywhere: they are copied, so that numbers are aligned.
  const take = (size: number) => bytes.slice(at, (at += size));
  const { rows: n } = header.state;
  const dims = header.dims as 2 | 3;
  const steps = Array.from({ length: dims }, () => new Uint16Array(take(2 * n)));
  const coords = new Float32Array(n * dims);
  for (let d = 0; d < dims; d++) for (let row = 0; row < n; row++) coords[row * dims + d] = (steps[d]![row]! / STEPS - 0.5) * 2 * header.radius;
  const map: MapData = { dims, rows: n, version: 1, center: header.center as MapData["center"], radius: header.radius, coords };
  const kept = header.trust ? new Uint8Array(take(n)) : null;
  const trust = kept && Float32Array.from(kept, (count) => (count === UNKNOWN ? Number.NaN : count / header.state.n_neighbors));
  const cells = new Map(header.columns.map((column) => [column.info.id, cellsOf(column, take, n)]));
  const size = header.pictures ? header.pictures.width * header.pictures.height * header.pictures.channels : 0;
  const pixels = header.pictures ? new Uint8Array(take(n * size)) : null;
  const distances = header.distances ? new Float32Array(take(4 * n * header.search.k)) : null;
  return { header, map, trust, cells, pixels, distances, near: neighborsOf(new Uint8Array(bytes, at), header.search.k, steps) };
}

function cellsOf({ info, coding, offset }: BundleColumn, take: (size: number) => ArrayBuffer, n: number): Cells {
  if (coding === "f32") return new Float32Array(take(4 * n));
  if (coding === "f64") return new Float64Array(take(8 * n));
  const codes = coding === "u8" ? new Uint8Array(take(n)) : coding === "u16" ? new Uint16Array(take(2 * n)) : new Uint32Array(take(4 * n));
  const missing = coding === "u8" ? 0xff : coding === "u16" ? 0xffff : MISSING;
  if (info.type === "category") return Uint32Array.from(codes, (code) => (code === missing ? MISSING : code));
  return Float32Array.from(codes, (code) => (code === missing ? Number.NaN : offset + code));
}

/** Rows along the Z-order curve; ties by row. */
export function curve(steps: Uint16Array[]): Uint32Array {
  const bits = steps.length > 2 ? 10 : 16;
  const n = steps[0]?.length ?? 0;
  const keys = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    let key = 0;
    for (let at = 0; at < bits; at++) {
      key *= 2 ** steps.length;
      for (let d = 0; d < steps.length; d++) key += ((steps[d]![row]! >> (15 - at)) & 1) * 2 ** d;
    }
    keys[row] = key;
  }
  return Uint32Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

function neighborsOf(bytes: Uint8Array, k: number, steps: Uint16Array[]): Uint32Array {
  if (k === 0) return new Uint32Array(0);
  const order = curve(steps);
  const near = new Uint32Array(order.length * k);
  let at = 0;
  for (let position = 0; position < order.length; position++)
    for (let i = 0; i < k; i++) {
      let [code, times] = [0, 1];
      for (;;) {
        const byte = bytes[at++]!;
        code += (byte & 0x7f) * times;
        if (byte < 0x80) break;
        times *= 128;
      }
      const difference = code % 2 === 0 ? code / 2 : -(code + 1) / 2;
      near[order[position]! * k + i] = order[position + difference]!;
    }
  return near;
}

/** The `k` nearest of a row on the map; ties by row. */
function nearestOnMap({ coords, dims, rows }: MapData, row: number, k: number): number[] {
  const squared = new Float64Array(rows);
  for (let other = 0; other < rows; other++) {
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += (coords[other * dims + d]! - coords[row * dims + d]!) ** 2;
    squared[other] = sum;
  }
  // The best so far, sorted: most rows are farther than the last of them.
  const best: number[] = [];
  for (let other = 0; other < rows; other++) {
    if (other === row || (best.length === k && squared[other]! >= squared[best[k - 1]!]!)) continue;
    let place = best.length;
    while (place > 0 && squared[best[place - 1]!]! > squared[other]!) place--;
    best.splice(place, 0, other);
    if (best.length > k) best.pop();
  }
  return best;
}

/** Pictures side by side, each in its own size. */
function picturesOf({ header, pixels }: Opened, rows: number[]): HTMLCanvasElement {
  const { width, height, channels } = header.pictures!;
  const size = width * height * channels;
  const columns = columnsOf(rows.length);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * columns, height * Math.ceil(rows.length / columns)];
  const pen = canvas.getContext("2d")!;
  const image = pen.createImageData(width, height);
  for (const [at, row] of rows.entries()) {
    const cells = pixels!.subarray(row * size, (row + 1) * size);
    for (let i = 0; i < width * height; i++)
      for (let c = 0; c < 4; c++) image.data[4 * i + c] = c === 3 ? (channels % 2 === 0 ? cells[channels * i + channels - 1]! : 255) : cells[channels * i + (channels < 3 ? 0 : c)]!;
    pen.putImageData(image, width * (at % columns), height * Math.floor(at / columns));
  }
  return canvas;
}

export function bundleSource(content: Promise<ArrayBuffer>): DataSource {
  const opened = open(content);
  let ready: Opened | null = null;
  opened.then((all) => (ready = all), () => undefined);
  const drawn = new Map<number, string>();
  const missing = (what: string) => new SourceError(`${what}: this file does not hold it.`, "`latent explore` shows all of it.", 404);
  const infoOf = ({ header }: Opened, id: string): ColumnInfo => {
    const found = header.columns.find((column) => column.info.id === id);
    if (!found) throw missing(`column ${id}`);
    return found.info;
  };
  const idOf = ({ header }: Opened, row: number) => header.ids?.[row] ?? String(row);
  /** Metadata columns, and texts, by the index of their field. */
  const cellOf = ({ header, cells }: Opened, index: number, row: number): string | number | null => {
    if (header.state.fields[index]?.type === "id") return header.ids?.[row] ?? null;
    const text = header.texts.find((column) => column.index === index);
    if (text) return text.cells[row] ?? null;
    const id = `metadata:${index}`;
    const value = cells.get(id)?.[row];
    if (value === undefined || value === MISSING || Number.isNaN(value)) return null;
    const info = header.columns.find((column) => column.info.id === id)!.info;
    if (info.type === "category") return info.categories[value]?.label ?? null;
    if (info.type !== "date") return value;
    return new Date(Math.round(value * 86_400) * 1000).toISOString().replace(/T00:00:00\.000Z$|\.000(?=Z$)/, "");
  };
  /** Labels and notes that are given on this page. */
  let notes: KeptAnnotations | null = null;
  const notesOf = ({ header }: Opened) => (notes ??= new KeptAnnotations(header.state.rows, (name) => header.columns.some(({ info }) => info.name === name) || header.texts.some((t) => t.name === name)));
  let listening: Listener | null = null;
  const stateOf = (all: Opened): State => ({ ...all.header.state, annotations: notesOf(all).state, map: { version: 1, dims: all.header.dims } });
  const fieldsOf = (all: Opened, row: number) => ({
    ...Object.fromEntries(notesOf(all).of(row)),
    ...Object.fromEntries(all.header.state.fields.map((field) => [field.name, cellOf(all, field.index, row)])),
  });
  const searched = (all: Opened): Searched => ({
    rows: all.header.state.rows,
    id: (row) => idOf(all, row),
    texts: (row) => [
      ...all.header.state.fields.flatMap((field): [string, string][] => {
        const text = field.type === "number" || field.type === "id" ? null : cellOf(all, field.index, row);
        return text === null ? [] : [[field.name, String(text)]];
      }),
      ...notesOf(all).of(row),
    ],
  });
  const labelOf = (all: Opened, row: number): string | null => {
    const field = all.header.state.fields.find((f) => f.type === "category");
    const value = field === undefined ? null : cellOf(all, field.index, row);
    return value === null ? null : String(value);
  };
  const observed = (all: Opened, row: number) => {
    const columns = all.header.columns.filter(({ info }) => info.origin === "observed" && info.type === "number");
    if (columns.length === 0) throw missing("values");
    return { values: Float32Array.from(columns, ({ info }) => all.cells.get(info.id)![row]!), names: columns.map(({ info }) => info.name) };
  };

  return {
    ...still(),
    listen(listener: Listener) {
      opened.then(
        (all) => {
          listening = listener;
          listener.connected(true);
          listener.state(stateOf(all));
        },
        (reason) => {
          const damaged = { error: "This file cannot be read: it is damaged, or the browser is too old.", hint: "A browser of 2023 or newer is needed." };
          const error = reason instanceof SourceError ? { error: reason.message, hint: reason.hint } : damaged;
          listener.connected(true);
          listener.state({ phase: "failed", can: [], fields: [], map: null, trust_version: 0, maps_version: 0, error } as never);
        },
      );
      return () => void (listening = null);
    },
    map: async () => (await opened).map,
    trust: async () => (await opened).trust,
    maps: async () => [(await opened).header.map],
    methods: async () => (await opened).header.methods as Method[],
    keptMap: async () => (await opened).map,
    keptTrust: async () => (await opened).trust,
    async column(field) {
      const found = (await opened).cells.get(`metadata:${field}`);
      if (!found) throw missing(`field ${field}`);
      return found;
    },
    async columns(query, limit) {
      const needle = query.trim().toLowerCase();
      const all = (await opened).header.columns.map((column) => column.info).filter((info) => info.name.toLowerCase().includes(needle));
      const found = [...all.filter((info) => info.name.toLowerCase().startsWith(needle)), ...all.filter((info) => !info.name.toLowerCase().startsWith(needle))];
      return { total: found.length, columns: found.slice(0, limit) };
    },
    async columnOf(id) {
      const all = await opened;
      return notesOf(all).columnOf(id) ?? { info: infoOf(all, id), cells: all.cells.get(id)! };
    },
    async row(row): Promise<RowInfo> {
      const all = await opened;
      const { header, map, near, trust } = all;
      const k = header.search.k;
      const onMap = k > 0 ? nearestOnMap(map, row, header.state.n_neighbors) : [];
      const shown = new Set(onMap);
      const mine = [...near.subarray(row * k, (row + 1) * k)];
      const told = (other: number) => ({ row: other, id: idOf(all, other), label: labelOf(all, other) });
      // Whether a row on the map is among more neighbors than the file holds is not known.
      const invented = k === header.state.n_neighbors ? onMap.filter((other) => !mine.includes(other)) : [];
      const share = trust?.[row] ?? Number.NaN;
      return {
        row,
        id: idOf(all, row),
        fields: fieldsOf(all, row),
        text: null,
        search: header.search,
        kept: Number.isNaN(share) ? null : k === header.state.n_neighbors ? Math.round(share * k) : mine.filter((other) => shown.has(other)).length,
        neighbors: mine.map((other, i) => ({ ...told(other), distance: all.distances?.[row * k + i] ?? Number.NaN, kept: shown.has(other) })),
        invented: invented.map((other) => ({ ...told(other), distance: Number.NaN })),
      };
    },
    picture(row) {
      if (!ready?.pixels) return "";
      const known = drawn.get(row) ?? picturesOf(ready, [row]).toDataURL();
      if (drawn.size > PICTURES_KEPT) drawn.clear();
      drawn.set(row, known);
      return known;
    },
    async pictures(rows) {
      const all = await opened;
      if (!all.pixels) throw missing("pictures");
      return sheetOf(picturesOf(all, rows), rows.length);
    },
    values: async (row) => observed(await opened, row).values,
    async curve() {
      const { axis } = (await opened).header;
      if (!axis) throw missing("curves");
      return axis;
    },
    async largest(row, limit) {
      const { values, names } = observed(await opened, row);
      return largestOf(values, (column) => names[column]!, limit);
    },
    search: async (query, by, limit) => search(searched(await opened), query, by, limit),
    searchRows: async (query, by) => searchRows(searched(await opened), query, by),
    async annotate(column, type, edits) {
      const all = await opened;
      const changed = notesOf(all).change(column, type, edits);
      listening?.state(stateOf(all));
      return changed;
    },
    async annotationsFile() {
      const all = await opened;
      return notesOf(all).csv((row) => idOf(all, row));
    },
    async table({ rows, sort, descending, offset, limit }) {
      const all = await opened;
      const order = rows ? [...rows] : [...Array(all.header.state.rows).keys()];
      if (sort !== null) {
        const compared = (a: string | number, b: string | number) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
        const keys = new Map(order.map((row) => [row, cellOf(all, sort, row)]));
        order.sort((a, b) => {
          const [x, y] = [keys.get(a)!, keys.get(b)!];
          if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
          return (descending ? -compared(x, y) : compared(x, y)) || a - b;
        });
      } else if (descending) order.reverse();
      const shown = order.slice(offset, offset + limit).map((row): TableRow => ({ row, id: idOf(all, row), fields: fieldsOf(all, row) }));
      return { total: order.length, rows: shown };
    },
  };
}
