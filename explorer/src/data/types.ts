// What the page knows of the data, in the words of docs/http-api.md.

export type Phase = "reading" | "preparing" | "fitting" | "measuring" | "done" | "stopped" | "failed";

export interface Category {
  label: string;
  count: number;
}

export type Field =
  | { index: number; name: string; type: "category"; categories: Category[]; missing: number }
  | { index: number; name: string; type: "number"; min: number; max: number; missing: number; integer: boolean }
  | { index: number; name: string; type: "text" };

export interface Measure {
  value: number;
  low: number;
  high: number;
  null: number | null;
}

export type MeasureName = "recall" | "trustworthiness" | "continuity" | "distance_correlation";

export interface Failure {
  error: string;
  hint: string | null;
}

export interface State {
  name: string;
  rows: number;
  columns: number;
  kind: "images" | "table" | "array" | "counts" | "text";
  phase: Phase;
  message: string;
  step: number;
  n_steps: number;
  loss: number | null;
  loss_name: string | null;
  seconds_left: number | null;
  seconds: number;
  method: string;
  title: string;
  params: Record<string, unknown>;
  seed: number;
  map: { version: number; dims: number } | null;
  /** The newest map's name among those that are kept; null while it is being learned. */
  map_id: number | null;
  /** Grows with each map that is kept. */
  maps_version: number;
  /** Maps that are learned one after the other, each with another value of one parameter. */
  grid: Grid | null;
  /** A kept map that is made again, to tell what of it is the data's. */
  again: Again | null;
  fields: Field[];
  /** Names of the observed columns where they have any; may be absent or shorter than `columns`. */
  column_names?: string[] | null;
  picture: { width: number; height: number; pixelated: boolean } | null;
  curve: boolean;
  n_neighbors: number;
  measures: Partial<Record<MeasureName, Measure>> | null;
  trust_version: number;
  warnings: string[];
  /** What rooms may need and these data have. */
  can: string[];
  error: Failure | null;
}

export interface Grid {
  method: string;
  vary: string;
  values: number[];
  /** The kept map of each value; null while there is none. */
  ids: (number | null)[];
  /** Which is being learned; null once it is over. */
  at: number | null;
}

export interface Again {
  map: number;
  /** Maps made, and in all. */
  at: number;
  of: number;
  seconds_left: number | null;
}

/** A map that was learned, as it is told of; what is told of the newest is part of the state. */
export interface KeptMap extends Pick<State, "method" | "title" | "params" | "seed" | "seconds" | "phase" | "measures" | "warnings"> {
  id: number;
  dims: number;
  /** Whether it was learned here: one that was given cannot be made again. */
  learned: boolean;
  /** What stands apart in it; null where it was not measured. */
  groups: Groups | null;
  /** What of it is there again when it is made again; null until it was. */
  stability: Stability | null;
}

export interface Groups {
  groups: { rows: number; elsewhere: number; null: number; made_up: boolean; parts: number[] }[];
  torn: { groups: [number, number]; share: number; null: number }[];
  parts: number[];
}

export interface Stability {
  seeds: Measure;
  bootstrap: Measure;
  k: number;
  /** Seeds, and draws. */
  runs: [number, number];
  sentences: string[];
}

/** What is there again of each row's neighbors; NaN for rows that were never drawn. */
export interface Stable {
  seeds: Float32Array;
  draws: Float32Array;
}

export type ComparedName = "neighbors_shared" | "cka" | "procrustes" | "distance_correlation";

/** What two maps of the same rows have in common. */
export interface Comparison extends Record<ComparedName, Measure> {
  k: number;
  sentences: string[];
}

/** A map as it came: `coords` are centered, not scaled; add `center` in f64 for the true coordinates. */
export interface MapData {
  dims: 2 | 3;
  rows: number;
  version: number;
  center: [number, number, number];
  radius: number;
  coords: Float32Array;
}

export interface Neighbor {
  row: number;
  id: string;
  distance: number;
  kept: boolean | null;
  label: string | null;
}

export interface RowInfo {
  row: number;
  id: string;
  fields: Record<string, string | number | null>;
  kept: number | null;
  neighbors: Neighbor[];
  invented: Omit<Neighbor, "kept">[];
}

export interface Hit {
  row: number;
  id: string;
  field: string;
  text: string;
}

export interface TableQuery {
  rows: number[] | null;
  sort: number | null;
  descending: boolean;
  offset: number;
  limit: number;
}

export interface TablePage {
  total: number;
  rows: { row: number; id: string; fields: Record<string, string | number | null> }[];
}

export interface JsonSchema {
  /** Whether it names a column of the data. */
  column?: boolean;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  definitions?: Record<string, JsonSchema>;
  properties?: Record<string, JsonSchema>;
}

export interface Method {
  name: string;
  /** Its name in sentences. */
  title: string;
  summary: string;
  family: string;
  takes: string[];
  encodes?: boolean;
  decodes?: boolean;
  parameters: JsonSchema;
  limits?: string | string[] | null;
}

/** Codes of a category column (0xFFFFFFFF: missing), or numbers (NaN: missing). */
export type Column = Uint32Array | Float32Array;

/** Of a category column, and of the groups of a map: none. */
export const MISSING = 0xffffffff;
