// Labels and notes where a source keeps them itself, as the server does it.
import { SourceError } from "./source.ts";
import { type AnnotationChange, type AnnotationEdit, type AnnotationState, type ColumnInfo, MISSING } from "./types.ts";

interface Column {
  name: string;
  type: "category" | "text";
  codes: Uint32Array;
  values: string[];
}

/** A cell of a csv file. */
const quoted = (cell: string): string => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

export class KeptAnnotations {
  private readonly rows: number;
  private readonly taken: (name: string) => boolean;
  private readonly columns: Column[] = [];
  private version = 0;

  constructor(rows: number, taken: (name: string) => boolean) {
    this.rows = rows;
    this.taken = taken;
  }

  get state(): AnnotationState {
    return { version: this.version, file: null, columns: this.columns.map((_, i) => this.info(i)) };
  }
  private info(index: number): ColumnInfo {
    const { name, type, codes, values } = this.columns[index]!;
    const counts = values.map(() => 0);
    let missing = 0;
    for (const code of codes) if (code === MISSING) missing++;
    else counts[code]!++;
    const categories = type === "category" ? values.map((label, code) => ({ label, count: counts[code]! })) : [];
    return { id: `yours:${index}`, name, type, origin: "yours", min: 0, max: 0, missing, categories };
  }

  change(name: string, type: Column["type"], edits: AnnotationEdit[]): AnnotationChange {
    if (this.taken(name)) throw new SourceError(`The data have a column '${name}'.`, "Choose another name.");
    let column = this.columns.find((c) => c.name === name);
    if (!column) this.columns.push((column = { name, type, codes: new Uint32Array(this.rows).fill(MISSING), values: [] }));
    const { codes, values } = column;
    const before = new Map<number, number[]>();
    for (const row of [...new Set(edits.flatMap((edit) => edit.rows))].sort((a, b) => a - b)) {
      const rows = before.get(codes[row]!) ?? [];
      before.set(codes[row]!, rows);
      rows.push(row);
    }
    for (const { value, rows } of edits) {
      const text = value?.trim() ?? "";
      let code = text === "" ? MISSING : values.indexOf(text);
      if (code < 0) code = values.push(text) - 1;
      for (const row of rows) codes[row] = code;
    }
    this.version++;
    return { version: this.version, before: [...before].map(([code, rows]) => ({ value: values[code] ?? null, rows })) };
  }

  columnOf(id: string): { info: ColumnInfo; cells: Uint32Array } | null {
    const at = this.columns.findIndex((c, i) => id === `yours:${i}` && c.type === "category");
    return at < 0 ? null : { info: this.info(at), cells: this.columns[at]!.codes.slice() };
  }
  /** What a row was given, by the name of the column. */
  of(row: number): [string, string][] {
    return this.columns.flatMap(({ name, codes, values }) => (codes[row] === MISSING ? [] : [[name, values[codes[row]!]!] as [string, string]]));
  }
  /** All rows as a csv file. */
  csv(id: (row: number) => string): Blob {
    const lines = [["id", ...this.columns.map((c) => c.name)]];
    for (let row = 0; row < this.rows; row++) lines.push([id(row), ...this.columns.map((c) => c.values[c.codes[row]!] ?? "")]);
    return new Blob([lines.map((cells) => `${cells.map(quoted).join(",")}\n`).join("")], { type: "text/csv" });
  }
}
