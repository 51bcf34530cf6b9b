// The types of what the server answers (docs/http-api.md), generated from its structs: do not edit.
// `UPDATE=1 cargo test --release --test wire` writes this file.
import type { Picture, CurveAxis } from "../../data/wire.ts";

/** The dimensions of a space, and the form of the rows that it decodes to. */
export interface SpaceAxes {
  /** As of a map: method, rows and columns. */
  title: string;
  /** What one dimension is called: `component`. */
  noun: string;
  /** Number of columns, each of which has a weight in each dimension. */
  columns: number;
  /** Whether codes can be decoded. */
  decodes: boolean;
  /** Whether no weight is negative: rows are sums of parts. */
  parts: boolean;
  dimensions: Dimension[];
  /** Size of the rows, where weights and decoded rows are pictures. */
  picture: Picture | null;
  /** The x axis, where they are curves. */
  curve: CurveAxis | null;
}

/** A dimension and its codes. */
export interface Dimension {
  /** Its number, from 0. */
  dimension: number;
  /** The share of the rows' variance. */
  share: number | null;
  /** Mean and standard deviation of the codes. */
  mean: number;
  deviation: number;
  /** Their 1st and 99th percentile. */
  low: number;
  high: number;
}

/** The weights of a dimension, and the rows at its ends. */
export interface DimensionWeights {
  dimension: number;
  /** Number of weights that are not 0. */
  nonzero: number;
  /** By decreasing magnitude. */
  largest: ColumnWeight[];
  /** Of pictures and curves: all, in the order of the columns. */
  values: number[] | null;
  /** Rows with the lowest codes, the lowest first, and with the highest, the highest first. */
  lowest: number[];
  highest: number[];
}

/** The weight of a column. */
export interface ColumnWeight {
  column: number;
  name: string;
  weight: number;
}

/** The columns that weigh most in two dimensions, as arrows of a biplot. */
export interface Biplot {
  /** The longest first. */
  arrows: ColumnArrow[];
}

/** An arrow of a biplot: weight times standard deviation of the codes, in each of the two dimensions. */
export interface ColumnArrow {
  column: number;
  name: string;
  x: number;
  y: number;
}

/** The codes of a row. */
export interface RowCodes {
  row: number;
  codes: number[];
}

/** What codes decode to, one after another. */
export interface DecodedRows {
  rows: DecodedRow[];
}

/** A decoded row, in the original units. */
export interface DecodedRow {
  /** Of pictures and curves: all, in the order of the columns. */
  values: number[] | null;
  /** Otherwise its cells, in their order; of many columns, the largest by magnitude. */
  cells: DecodedCell[];
}

/** A cell of a decoded row. */
export interface DecodedCell {
  name: string;
  /** The number; null of a category. */
  value: number | null;
  /** The category; null of a number. */
  text: string | null;
}
