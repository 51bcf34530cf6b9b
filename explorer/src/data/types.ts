// What the page knows of the data: the server's types, which are generated, and what has no JSON of its own.
import type { Method as Described } from "./wire.ts";

export type * from "./wire.ts";

export type MeasureName = "recall" | "trustworthiness" | "continuity" | "distance_correlation";
export type ComparedName = "neighbors_shared" | "cka" | "procrustes" | "distance_correlation";

/** What is there again of each row's neighbors; NaN for rows that were never drawn. */
export interface Stable {
  seeds: Float32Array;
  draws: Float32Array;
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

export interface TableQuery {
  rows: number[] | null;
  sort: number | null;
  descending: boolean;
  offset: number;
  limit: number;
}

export interface JsonSchema {
  /** What it means whatever it is called; of the role labels, it names a column of the data. */
  role?: string;
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

/** A method, with the JSON Schema of its parameters. */
export interface Method extends Omit<Described, "parameters"> {
  parameters: JsonSchema;
}

/** Codes of a category column (0xFFFFFFFF: missing), or numbers (NaN: missing); dates in days since 1970. */
export type Cells = Uint32Array | Float32Array | Float64Array;

/** Of a category column, and of the groups of a map: none. */
export const MISSING = 0xffffffff;
