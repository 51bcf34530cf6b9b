// The one door between the page and its data. Everything else in src/ is written against this.
import type { PictureSheet } from "../scatter/layers/pictures.ts";
import type { AnnotationChange, AnnotationEdit, Cells, ColumnInfo, Columns, Comparison, CurveAxis, Failure, Hits, KeptMap, LargestValues, MapData, Method, RowInfo, SelectionExplanation, Stable, State, TablePage, TableQuery } from "./types.ts";

export interface Listener {
  /** Whenever anything small changed. */
  state(state: State): void;
  /** A newer map can be fetched. */
  map(version: number): void;
  /** A program selected rows, which can be fetched. */
  selected?(): void;
  /** A program asked for another view, which can be fetched. */
  viewed?(): void;
  /** Whether the source can be reached. */
  connected(yes: boolean): void;
}

/** What is shown: the part of the address after #, and the named sets of rows. */
export interface View {
  place: string;
  sets: Record<string, number[]>;
}

/** How rows are searched: by text, by a regular expression, by the nearest observations to a text. */
export type SearchBy = "text" | "pattern" | "meaning";

/** How neighbors are searched. */
export interface Near {
  k?: number;
  metric?: string;
}

export interface DataSource {
  /** Starts telling; the answer stops it. */
  listen(listener: Listener): () => void;
  /** The newest map; null while there is none. */
  map(): Promise<MapData | null>;
  /** Cells of a metadata column. */
  column(field: number): Promise<Cells>;
  /** The rank of each row by a metadata column of any type, for sorting; MISSING where the cell is missing. */
  ranks(field: number): Promise<Uint32Array>;
  /** All columns whose name has this text, those that begin with it first; an empty text: all. */
  columns(query: string, limit: number): Promise<Columns>;
  /** A column by its id, and its cells. */
  columnOf(id: string): Promise<{ info: ColumnInfo; cells: Cells }>;
  /** Share of each row's neighbors that the map kept; null before it is measured. */
  trust(): Promise<Float32Array | null>;
  /** The maps that are kept, the oldest first. */
  maps(): Promise<KeptMap[]>;
  keptMap(id: number): Promise<MapData>;
  /** Address of the file of a kept map's space, for a link; none where there are no files. */
  space?(id: number): string;
  /** Address of a kept map as a page in one file, for a link; none where there is none. */
  page?(id: number): string;
  keptTrust(id: number): Promise<Float32Array | null>;
  /** The group of each row in a kept map; MISSING where it is in none. */
  keptGroups(id: number): Promise<Uint32Array | null>;
  keptStability(id: number): Promise<Stable | null>;
  /** Makes a kept map again, with other seeds and of other rows drawn. */
  makeAgain(id: number): Promise<void>;
  /** What two kept maps have in common. */
  compare(first: number, second: number): Promise<Comparison>;
  /** `map`: the kept map that is asked about; the newest otherwise. `near`: how neighbors are searched, if not as the measures do. */
  row(row: number, map?: number, near?: Near): Promise<RowInfo>;
  /** Address of the row's picture, for an <img>. */
  picture(row: number): string;
  /** The pictures of rows in one, in `ceil(sqrt(n))` columns, reduced to a longer side of so many pixels. */
  pictures?(rows: number[], side: number): Promise<PictureSheet>;
  values(row: number): Promise<Float32Array>;
  /** The largest values of a row by magnitude, with the names of their columns. */
  largest(row: number, limit: number): Promise<LargestValues>;
  /** The x axis, where rows are curves. */
  curve(): Promise<CurveAxis>;
  /** The rows that match, the best first. */
  search(text: string, by: SearchBy, limit: number): Promise<Hits>;
  /** All rows that match, ascending. */
  searchRows(text: string, by: SearchBy): Promise<ArrayLike<number>>;
  /** What programs and pages share of what is shown. */
  view?(): Promise<View>;
  shareView?(view: Partial<View>): Promise<void>;
  sharePicture?(picture: Blob): Promise<void>;
  /** Gives rows labels or notes; a source without it keeps none. */
  annotate?(column: string, type: "category" | "text", edits: AnnotationEdit[]): Promise<AnnotationChange>;
  /** Labels and notes of all rows as a file; csv alone where there is no server. */
  annotationsFile?(format: "csv" | "parquet"): Promise<Blob>;
  table(query: TableQuery): Promise<TablePage>;
  /** What sets rows apart from others (null: from all others): the strongest findings of each origin. */
  explain?(rows: ArrayLike<number>, against: ArrayLike<number> | null): Promise<SelectionExplanation>;
  /** Rows as a file: observed columns and metadata. */
  rowsFile?(rows: ArrayLike<number>, format: "csv" | "parquet"): Promise<Blob>;
  methods(): Promise<Method[]>;
  fit(method: string, params: Record<string, unknown>): Promise<void>;
  /** Learns a map for each value of one parameter. */
  fitGrid(method: string, params: Record<string, unknown>, vary: string, values: number[]): Promise<void>;
  /** Learns with each number of dimensions and scores held-out data. */
  sweep?(method: string, dims: number[]): Promise<void>;
  stop(): Promise<void>;
  /** Sends a file to explore, where there are no data yet. */
  open?(file: File): Promise<void>;
  /** The rows that a program selected. */
  selection?(): Promise<number[]>;
  /** Tells programs what the reader selected. */
  select?(rows: number[]): Promise<void>;
  /** What rooms ask for beyond this: the answer to a path of docs/http-api.md, below `/api/`. The state's `can` says what there is. */
  ask<T>(path: string, query?: Record<string, string | number>): Promise<T>;
  /** Whether it only holds what was learned before: nothing can be learned, searched or listed. */
  readonly still?: boolean;
}

/** An answer that says what happened and what would help. */
export class SourceError extends Error implements Failure {
  error: string;
  hint: string | null;
  status: number;
  constructor(error: string, hint: string | null = null, status = 0) {
    super(error);
    this.error = error;
    this.hint = hint;
    this.status = status;
  }
}

/** A sheet of so many pictures. */
export function sheetOf(image: HTMLCanvasElement | HTMLImageElement, pictures: number): PictureSheet {
  const columns = columnsOf(pictures);
  return { image, columns, width: image.width / columns, height: image.height / Math.ceil(pictures / columns) };
}
export const columnsOf = (pictures: number): number => Math.ceil(Math.sqrt(pictures));
