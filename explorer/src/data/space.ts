// A space file (docs/space-format.md): read, and for linear spaces applied to new rows.
import { arrowColumns, type Cell } from "./arrow.ts";
import { SourceError } from "./source.ts";

export const FORMAT = 1;
const MAX_HEADER = 100_000_000;
const SIZES = { F32: 4, F64: 8, U32: 4, U8: 1 };

export interface Tensor {
  shape: number[];
  values: Float32Array | Float64Array | Uint32Array | Uint8Array;
}

export interface Preparation {
  kind: string;
  columns: number;
  names: string[] | null;
  offsets?: string[];
  scales?: string[];
  centers?: string[];
  spreads?: string[];
  fills?: string[];
  categories?: { name: string; levels: string[]; fills?: string[] }[];
  told: string[];
}

export interface Space {
  document: {
    format: number;
    method: string;
    params: Record<string, unknown>;
    facts: Record<string, unknown>;
    seed: number;
    rows: number;
    columns: number;
    n_components: number;
    preparation: Preparation;
    measures: Record<string, { value: number; low: number; high: number; null: number | null }>;
    model: Record<string, unknown>;
  };
  tensors: Map<string, Tensor>;
}

/** Rows of a table by the names of its columns, or the numbers of an array, row by row. */
export type Rows = Map<string, string[]> | { rows: number; values: ArrayLike<number> };

const refused = (found: string, hint: string | null = null) => new SourceError(`space: ${found}`, hint);

/** Reads a space. Lengths, shapes and places are checked before anything is allocated. */
export function parseSpace(bytes: ArrayBuffer): Space {
  const length = bytes.byteLength < 8 ? 0 : Number(new DataView(bytes).getBigUint64(0, true));
  if (length === 0 || length > MAX_HEADER || length > bytes.byteLength - 8) throw refused(`its first 8 bytes promise a header of ${length} bytes`);
  const { document, entries } = header(new Uint8Array(bytes, 8, length));
  const size = bytes.byteLength - 8 - length;
  const places = entries.map(([name, tensor]) => ({ name, ...place(name, tensor) })).sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const tensor of places) {
    if (tensor.begin !== end) throw refused("its tensors overlap or leave gaps");
    end = tensor.end;
  }
  if (end !== size) throw refused(`it holds ${size} bytes of numbers, and ${end} were promised`);
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, begin, end } of places) {
    const part = bytes.slice(8 + length + begin, 8 + length + end);
    const values = type === "F32" ? new Float32Array(part) : type === "F64" ? new Float64Array(part) : type === "U32" ? new Uint32Array(part) : new Uint8Array(part);
    if (type.startsWith("F") && !values.every(Number.isFinite)) throw refused(`the tensor '${name}' holds NaN or infinity`);
    tensors.set(name, { shape, values });
  }
  return { document, tensors };
}

function header(bytes: Uint8Array): { document: Space["document"]; entries: [string, unknown][] } {
  let document: Space["document"], entries: [string, unknown][];
  try {
    const { __metadata__: metadata, ...tensors } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    document = JSON.parse(metadata.latentspace);
    entries = Object.entries(tensors);
    if (typeof document.method !== "string" && document.format === FORMAT) throw new Error("it names no method");
  } catch (error) {
    throw refused(`its header cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (document.format !== FORMAT) throw refused(`format ${document.format}; this page reads format ${FORMAT}`, "A newer latentspace wrote it and reads it.");
  return { document, entries };
}

/** Where a tensor lies, if its type, shape and place fit each other. */
function place(name: string, tensor: unknown): { type: keyof typeof SIZES; shape: number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets } = (tensor ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (typeof dtype !== "string" || !Object.hasOwn(SIZES, dtype)) throw refused(`the tensor '${name}' has the type ${String(dtype)}`);
  const type = dtype as keyof typeof SIZES;
  if (!whole(shape) || !whole(data_offsets) || data_offsets.length !== 2) throw refused(`the tensor '${name}' has no shape or no place`);
  const [begin, end] = data_offsets as [number, number];
  const wanted = shape.reduce((product, n) => product * n, SIZES[type]);
  if (end - begin !== wanted) throw refused(`the tensor '${name}' has ${end - begin} bytes, and its shape needs ${wanted}`);
  return { type, shape, begin, end };
}

/** Coordinates of the fitted rows, `[n, k]`, and the columns that ride along; null where the space keeps no rows. */
export function spaceMap(space: Space): { codes: Tensor; columns: Map<string, Cell[]> } | null {
  const codes = space.tensors.get("map");
  if (codes === undefined) return null;
  const metadata = space.tensors.get("metadata")?.values;
  return { codes, columns: metadata instanceof Uint8Array ? arrowColumns(metadata, codes.shape[0] ?? 0) : new Map() };
}

/** The codes of rows, `[n, k]`, of a linear space. */
export function encode(space: Space, rows: Rows): Float32Array {
  if (space.document.method !== "pca") throw refused(`the page does not encode by ${space.document.method}`, "`latent encode` does.");
  const [mean, components, variances] = ["mean", "components", "variances"].map((name) => space.tensors.get(name));
  const [k, d] = components?.shape ?? [];
  if (!mean || !components || !variances || k === undefined || d === undefined || mean.values.length !== d || variances.values.length !== k) {
    throw refused("its tensors do not fit each other");
  }
  const prepared = prepare(space.document.preparation, rows, d);
  const codes = new Float32Array((prepared.length / d) * k);
  for (let at = 0; at < codes.length; at++) {
    const [row, axis] = [Math.floor(at / k), at % k];
    let sum = 0;
    for (let j = 0; j < d; j++) sum += Math.fround(prepared[row * d + j]! - mean.values[j]!) * components.values[axis * d + j]!;
    const variance = variances.values[axis]!;
    codes[at] = space.document.model.whiten && variance > 0 ? sum / Math.sqrt(variance) : sum;
  }
  return codes;
}

const NOTHING = new Set(["", "na", "n/a", "nan", "null", "none", "?", ".", "-", "--"]);
const isNothing = (cell: string) => NOTHING.has(cell.trim().toLowerCase());

/** Rows as a model of so many columns takes them, row by row. */
export function prepare(told: Preparation, rows: Rows, columns: number): Float32Array {
  const categories = told.categories ?? [];
  const numbers = columns - categories.reduce((sum, { levels }) => sum + levels.length, 0);
  const fits = (list: string[] | null | undefined, length: number) => list === undefined || list?.length === length;
  const whole =
    told.columns === numbers + categories.length &&
    (rows instanceof Map ? fits(told.names, numbers) : categories.length === 0) &&
    [told.offsets, told.scales, told.centers, told.spreads, told.fills].every((list) => fits(list, numbers)) &&
    categories.every(({ levels, fills }) => fits(fills, levels.length));
  if (!whole) throw refused("its preparation does not fit its tensors, or the rows");
  const list = (texts: string[] | undefined, missing: number) => texts?.map(Number) ?? new Array<number>(numbers).fill(missing);
  const [offsets, scales] = [list(told.offsets, 0), list(told.scales, 1)];
  const [centers, spreads, fills] = [list(told.centers, 0), list(told.spreads, 1), list(told.fills, NaN)];
  const cells = (name: string) => {
    const found = rows instanceof Map ? rows.get(name) : undefined;
    if (found === undefined) throw refused(`the rows have no column '${name}'`, "This space needs it.");
    return found;
  };
  let count: number, cell: (row: number, column: number) => number;
  if (rows instanceof Map) {
    const names = told.names ?? [];
    const found = names.map((name) => cells(name).map((text) => (isNothing(text) ? NaN : Number(text))));
    count = (found[0] ?? cells(categories[0]?.name ?? "")).length;
    cell = (row, column) => found[column]![row]!;
  } else {
    count = rows.rows;
    if (rows.values.length !== count * numbers) throw refused(`${rows.values.length} numbers in ${count} rows; it takes ${numbers} in each`);
    const unit = told.kind === "images" ? 255 : 1;
    cell = (row, column) => rows.values[row * numbers + column]! / unit;
  }
  const values = new Float32Array(count * columns);
  for (let row = 0; row < count; row++) {
    for (let j = 0; j < numbers; j++) {
      const value = Math.fround((cell(row, j) - offsets[j]!) / scales[j]!);
      const moved = Number.isNaN(value) ? fills[j]! - centers[j]! : value * scales[j]! + (offsets[j]! - centers[j]!);
      values[row * columns + j] = moved / spreads[j]!;
    }
  }
  let from = numbers;
  for (const { name, levels, fills } of categories) {
    cells(name).forEach((cell, row) => {
      const level = levels.indexOf(cell);
      if (level < 0 && !isNothing(cell)) throw refused(`row ${row + 1}, ${name}: the level '${cell}'`, `It knows ${levels.slice(0, 8).join(", ")}.`);
      levels.forEach((_, at) => (values[row * columns + from + at] = level >= 0 ? Number(at === level) : Number(fills?.[at] ?? NaN)));
    });
    from += levels.length;
  }
  if (!values.every(Number.isFinite)) throw refused("a cell is missing or infinite", "This space takes numbers alone.");
  return values;
}
