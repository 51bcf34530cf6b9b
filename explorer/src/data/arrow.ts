// The columns that ride along with a map: an Arrow IPC stream of one batch of plain columns (docs/space-format.md).
import { SourceError } from "./source.ts";

export type Cell = string | number | bigint | boolean | null;

/** The columns by name; a missing cell is null. Dates and times are numbers of their unit, as Arrow has them. */
export function arrowColumns(bytes: Uint8Array, rows: number): Map<string, Cell[]> {
  try {
    const schema = message(bytes, 0);
    const batch = message(bytes, schema.next);
    const length = batch.head.long(0);
    if (length !== rows) throw new RangeError(`${length} rows; the map has ${rows}`);
    const nodes = batch.head.places(1, 16);
    const buffers = batch.head.places(2, 16).map((at) => {
      const begin = batch.head.longAt(at);
      return part(batch.body, begin, begin + batch.head.longAt(at + 8));
    });
    const fields = schema.head.tables(1);
    if (fields.length !== nodes.length) throw new RangeError(`${fields.length} columns and ${nodes.length} of cells`);
    let used = 0;
    const next = () => buffers[used++] ?? new Uint8Array();
    return new Map(fields.map((field, i) => [field.text(0), column(field, rows, batch.head.longAt(nodes[i]! + 8) > 0, next)]));
  } catch (error) {
    throw new SourceError(`metadata: no Arrow stream of plain columns (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** A part of some bytes, all of which must be there. */
function part(bytes: Uint8Array, begin: number, end: number): Uint8Array {
  if (!(begin >= 0 && begin <= end && end <= bytes.length)) throw new RangeError(`bytes ${begin} to ${end} of ${bytes.length}`);
  return bytes.subarray(begin, end);
}

function message(bytes: Uint8Array, at: number): { head: Flat; body: Uint8Array; next: number } {
  const start = view(part(bytes, at, at + 8));
  if (start.getUint32(0, true) !== 0xffffffff) throw new RangeError("a message does not begin as it must");
  const body = at + 8 + start.getInt32(4, true);
  const flat = view(part(bytes, at + 8, body));
  const whole = new Flat(flat, flat.getUint32(0, true));
  const head = whole.table(2);
  const next = body + whole.long(3);
  if (head === null) throw new RangeError("a message is empty");
  return { head, body: part(bytes, body, next), next };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A table of a flatbuffer: its fields by number. A DataView throws a RangeError for a place outside. */
class Flat {
  readonly view: DataView;
  readonly at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  /** Where a field lies; null where it has its default. */
  place(field: number): number | null {
    const fields = this.at - this.view.getInt32(this.at, true);
    const has = 4 + 2 * field < this.view.getUint16(fields, true);
    const offset = has ? this.view.getUint16(fields + 4 + 2 * field, true) : 0;
    return offset === 0 ? null : this.at + offset;
  }

  longAt(at: number): number {
    return Number(this.view.getBigInt64(at, true));
  }

  long(field: number): number {
    const at = this.place(field);
    return at === null ? 0 : this.longAt(at);
  }

  int(field: number, bytes: 1 | 2 | 4, missing = 0): number {
    const at = this.place(field);
    if (at === null) return missing;
    return bytes === 1 ? this.view.getUint8(at) : bytes === 2 ? this.view.getInt16(at, true) : this.view.getInt32(at, true);
  }

  table(field: number): Flat | null {
    const at = this.place(field);
    return at === null ? null : new Flat(this.view, at + this.view.getUint32(at, true));
  }

  /** The places of a vector's items. */
  places(field: number, size: number): number[] {
    const to = this.place(field);
    if (to === null) return [];
    const at = to + this.view.getUint32(to, true);
    const count = this.view.getUint32(at, true);
    if (at + 4 + size * count > this.view.byteLength) throw new RangeError(`a list of ${count}`);
    return Array.from({ length: count }, (_, i) => at + 4 + size * i);
  }

  tables(field: number): Flat[] {
    return this.places(field, 4).map((at) => new Flat(this.view, at + this.view.getUint32(at, true)));
  }

  text(field: number): string {
    const places = this.places(field, 1);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + (places[0] ?? 0), places.length));
  }
}

const UTF8 = 5;
const BOOL = 6;

function column(field: Flat, rows: number, lacking: boolean, next: () => Uint8Array): Cell[] {
  const type = field.int(2, 1);
  const valid = lacking ? part(next(), 0, Math.ceil(rows / 8)) : (next(), null);
  const read = type === UTF8 ? texts(next(), next(), rows) : type === BOOL ? bits(part(next(), 0, Math.ceil(rows / 8))) : numbers(field, type, next(), rows);
  const there = valid === null ? () => true : bits(valid);
  return Array.from({ length: rows }, (_, row) => (there(row) ? read(row) : null));
}

function bits(bytes: Uint8Array): (row: number) => boolean {
  return (row) => ((bytes[row >> 3]! >> (row & 7)) & 1) === 1;
}

function texts(places: Uint8Array, text: Uint8Array, rows: number): (row: number) => string {
  const at = view(part(places, 0, 4 * (rows + 1)));
  const decoder = new TextDecoder();
  return (row) => decoder.decode(part(text, at.getInt32(4 * row, true), at.getInt32(4 * row + 4, true)));
}

function numbers(field: Flat, type: number, bytes: Uint8Array, rows: number): (row: number) => Cell {
  const told = field.table(3);
  const [size, get] = told === null ? [0, ""] : kind(type, told);
  if (size === 0) throw new RangeError(`the column '${field.text(0)}' has the type ${type}`);
  const cells = view(part(bytes, 0, size * rows));
  const read = (cells[get as "getFloat64"] as (at: number, little: boolean) => number | bigint).bind(cells);
  // Whole numbers that a number holds exactly are numbers.
  const plain = (cell: number | bigint) => (typeof cell === "bigint" && Number.isSafeInteger(Number(cell)) ? Number(cell) : cell);
  return (row) => plain(read(size * row, true));
}

/** Bytes of a number, and what reads it. */
function kind(type: number, told: Flat): [number, string] {
  switch (type) {
    case 2: {
      const bits = told.int(0, 4);
      const sign = told.int(1, 1) ? "Int" : "Uint";
      return bits === 64 ? [8, `getBig${sign}64`] : [8, 16, 32].includes(bits) ? [bits / 8, `get${sign}${bits}`] : [0, ""];
    }
    case 3:
      return ([[0, ""], [4, "getFloat32"], [8, "getFloat64"]] as [number, string][])[told.int(0, 2)] ?? [0, ""];
    case 8:
      return told.int(0, 2, 1) === 0 ? [4, "getInt32"] : [8, "getBigInt64"];
    case 10:
      return [8, "getBigInt64"];
    default:
      return [0, ""];
  }
}
