// The types of what the server answers (docs/http-api.md), generated from its structs: do not edit.
// `UPDATE=1 cargo test --release --test wire` writes this file.

/** The object of `/api/state`; docs/http-api.md describes each field. */
export interface State {
  name: string;
  rows: number;
  columns: number;
  kind: string;
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
  map: MapState | null;
  /** Names of the map's dimensions; empty if they mean nothing. */
  axes: string[];
  map_id: number | null;
  maps_version: number;
  grid: Grid | null;
  again: StabilityProgress | null;
  /** Progress of a sweep; null if none is under way. */
  sweep: SweepProgress | null;
  /** Increases when a sweep is done. */
  sweep_version: number;
  fields: Field[];
  /** Names of the observed columns, at most the first 1,000; null if they have none. */
  column_names: string[] | null;
  picture: Picture | null;
  curve: boolean;
  n_neighbors: number;
  measures: Partial<Record<string, Measure>> | null;
  /** From what measures were estimated, by name, as `1,000 rows`; absent if from all rows. */
  estimated: Partial<Record<string, string>>;
  /** What the measures mean, the most important first. */
  sentences: Sentence[];
  trust_version: number;
  warnings: string[];
  /** What the preparation did to the data, in sentences. */
  preparation: string[];
  /** What these data have beyond rows and maps; the page offers the rooms that need it. */
  can: string[];
  /** Whether rows can be searched by the meaning of a text. */
  search_by_meaning: boolean;
  /** Labels and notes that the reader gave. */
  annotations: AnnotationState;
  error: Failure | null;
}

/** The phase of the work. */
export type Phase = "reading" | "preparing" | "fitting" | "measuring" | "done" | "stopped" | "failed" | "empty";

export interface MapState {
  version: number;
  dims: number;
}

/** Maps for several values of one parameter, learned one after another. */
export interface Grid {
  method: string;
  vary: string;
  values: unknown[];
  /** The id of the kept map of each value; none until it is learned. */
  ids: (number | null)[];
  /** The index of the value that is being learned; none when all are done. */
  at: number | null;
}

/** Progress of the stability test of a kept map. */
export interface StabilityProgress {
  map: number;
  /** Number of maps made, and in total. */
  at: number;
  of: number;
  seconds_left: number | null;
}

/** Progress of a sweep. */
export interface SweepProgress {
  method: string;
  /** Number of fits done, and in total. */
  at: number;
  of: number;
  seconds_left: number | null;
}

/** A metadata column, as the state describes it. */
export type Field = {
  type: "category";
  index: number;
  name: string;
  categories: Category[];
  missing: number;
} | {
  type: "number";
  index: number;
  name: string;
  min: number;
  max: number;
  missing: number;
  integer: boolean;
} | {
  type: "date";
  index: number;
  name: string;
  min: number;
  max: number;
  missing: number;
} | {
  type: "text";
  index: number;
  name: string;
} | {
  type: "id";
  index: number;
  name: string;
};

/** A category and the number of its rows. */
export interface Category {
  label: string;
  count: number;
}

export interface Picture {
  width: number;
  height: number;
  pixelated: boolean;
}

/** A value with its 95 % confidence interval and its null. */
export interface Measure {
  /** The value. */
  value: number;
  /** The lower end of its 95 % confidence interval; equal to `value` if it was not estimated from a sample. */
  low: number;
  /** The upper end of its 95 % confidence interval; equal to `value` if it was not estimated from a sample. */
  high: number;
  /** The score of random data; none if that is meaningless. */
  null: number | null;
}

/** A sentence that interprets measures. */
export interface Sentence {
  /** The verdict, a note or a warning. */
  kind: Kind;
  /** The sentence, with a capital first letter. */
  text: string;
}

/** Whether a sentence sums up, only informs, or warns of a wrong interpretation. */
export type Kind = "verdict" | "note" | "warning";

/** What the state says of them. */
export interface AnnotationState {
  /** Increases with each change. */
  version: number;
  /** The columns: categories (labels) and texts (notes). */
  columns: ColumnInfo[];
  /** The file in which they are kept; null if they last as long as the server. */
  file: string | null;
}

/** A column with what a legend needs. */
export interface ColumnInfo {
  /** `yours:0`, `metadata:0`, `observed:12`, `derived:kept`, or a capability and a number: a column of its room. */
  id: string;
  name: string;
  type: ColumnType;
  origin: Origin;
  /** Range of a number; of a date, in days since 1970. 0 and 0 if no cell is known. */
  min: number;
  max: number;
  /** Number of missing cells. */
  missing: number;
  /** Categories, in the order of their codes; empty for other types. */
  categories: Category[];
}

/** The type of a column. */
export type ColumnType = "number" | "category" | "date" | "text" | "id";

/** The origin of a column. */
export type Origin = "metadata" | "derived" | "observed" | "yours";

/** An error and its hint. */
export interface Failure {
  error: string;
  hint: string | null;
}

/** A kept map: its entry in `/api/maps`, and its data. */
export interface KeptMap {
  id: number;
  dims: number;
  method: string;
  title: string;
  params: Record<string, unknown>;
  /** Names of its dimensions; empty if they mean nothing. */
  axes: string[];
  seed: number;
  seconds: number;
  phase: Phase;
  measures: Partial<Record<string, Measure>> | null;
  /** From what measures were estimated, by name; absent if from all rows. */
  estimated: Partial<Record<string, string>>;
  sentences: Sentence[];
  warnings: string[];
  /** Whether it was learned in this session. */
  learned: boolean;
  /** Groups that stand apart in the map; null if not measured. */
  groups: Groups | null;
  /** Null until tested. */
  stability: Stability | null;
  /** Whether its space can be fetched: it was learned here from observations. */
  space: boolean;
  /** What its space has, in rooms of its own: see `can` of the state. */
  can: string[];
}

/** The groups of a map, and what the map did to them. */
export interface Groups {
  /** The largest first. */
  groups: Group[];
  /** Pairs of groups that the map split, by decreasing share. */
  split: Split[];
  /** Sizes of the connected components of the neighbor graph of the data, the largest first; a single one if it is connected. */
  parts: number[];
  /** How many groups there are, and whether the data have them. */
  summary: string;
  findings: Finding[];
}

/** A group of the map. */
export interface Group {
  /** Number of rows. */
  rows: number;
  /** The share of its rows' neighbors in the data that are outside the group in the map. */
  elsewhere: number;
  /** The same share for random rows. */
  null: number;
  /** Whether most of them are outside: the map made the group up. */
  made_up: boolean;
  /** Sizes of its connected components in the data, the largest first: several if the map merged separate groups. */
  parts: number[];
}

/** Two groups of the map that are connected in the data. */
export interface Split {
  /** Their indices, the smaller group last. */
  groups: [number, number];
  /** The share of the smaller one's neighbors in the data that are in the other. */
  share: number;
  /** The same share for random neighbors. */
  null: number;
}

/** A fault of a map: groups that it made up, merged or split. */
export interface Finding {
  /** What the map did. */
  fault: Fault;
  /** Indices of the groups. */
  groups: number[];
  /** What is meant: `1,204 rows`. */
  name: string;
  /** Why, in a sentence. */
  text: string;
}

/** What a map did to groups. */
export type Fault = "made_up" | "merged" | "split";

/** The stability of a map, and its interpretation in sentences. */
export interface Stability {
  /** The share of a row's neighbors that stay the same with another seed, averaged over all pairs of maps. */
  seeds: Measure;
  /** The same for a bootstrap resample, among the rows that both maps have. Source: the bootstrap, Efron 1979, doi:10.1214/aos/1176344552; duplicates in a resample count once. */
  bootstrap: Measure;
  /** Number of neighbors per row. */
  k: number;
  /** Number of maps with different seeds, and of maps of resamples. */
  runs: [number, number];
  sentences: Sentence[];
}

/** The similarity of two kept maps, and what it means. */
export interface Comparison {
  /** Linear centered kernel alignment (CKA): from 0 to 1, where the inner products of rows are equal up to a factor. It is invariant to rotation. Source: Kornblith and others 2019 (ICML, arXiv:1905.00414). Its null is the exact mean over all orders of the rows. */
  cka: Measure;
  /** Mean canonical correlation (CCA): from 0 to 1, where each space is an invertible linear map of the other. It is invariant to all invertible linear maps. Source: Hotelling 1936, doi:10.1093/biomet/28.3-4.321. Its null is that of rows in random order. */
  cca: Measure;
  /** The canonical correlations, largest first: the correlations of the best matching directions, as many as the space of fewer dimensions has without collinear ones. Their intervals take the rows as a sample; their nulls are those of rows in random order. */
  canonical_correlations: Measure[];
  /** Procrustes residual after one space is translated, rotated, reflected and scaled onto the other, from 0: the mean squared displacement of a row, relative to the squared radius. Source: Gower 1975, doi:10.1007/BF02291478. Its null is that of rows in random order. */
  procrustes: Measure;
  /** The share of the k nearest neighbors of a row that both spaces have. */
  neighbors_shared: Measure;
  /** Spearman's rank correlation of the distances of pairs of rows. */
  distance_correlation: Measure;
  /** Number of neighbors per row. */
  k: number;
  /** Number of rows whose neighbors were compared. */
  rows_asked: number;
  rows: number;
  sentences: Sentence[];
}

/** A row, its neighbors, and which of them a map kept. */
export interface RowInfo {
  row: number;
  id: string;
  /** Its labels and notes, then its metadata, by name. */
  fields: Partial<Record<string, Cell>>;
  /** The text that was learned from, if rows are texts. */
  text: string | null;
  /** How its neighbors were searched. */
  search: NeighborSearch;
  /** How many of its neighbors the map kept; null without a map. */
  kept: number | null;
  /** In the space, the nearest first. */
  neighbors: Neighbor[];
  /** Near in the map, but not among the nearest in the space. */
  invented: Invented[];
}

/** A cell of a metadata column; null if missing. */
export type Cell = number | string | null;

/** How the neighbors of a row were searched. */
export interface NeighborSearch {
  /** Number of neighbors. */
  k: number;
  metric: Metric;
  /** Number of columns, after the preparation. */
  columns: number;
  /** The metrics that can be asked for. */
  metrics: Metric[];
}

/** The distance between two rows. */
export type Metric = "euclidean" | "cosine" | "inner_product" | "manhattan" | "hellinger" | "hamming" | "jaccard";

/** A neighbor in the space. */
export interface Neighbor {
  row: number;
  id: string;
  distance: number;
  /** Whether the map kept it; null without a map. */
  kept: boolean | null;
  /** Its value in the first category column. */
  label: string | null;
}

/** A neighbor in the map only. */
export interface Invented {
  row: number;
  id: string;
  distance: number;
  label: string | null;
}

/** The largest values of a row. */
export interface LargestValues {
  /** Number of values that are neither 0 nor missing. */
  nonzero: number;
  /** By decreasing magnitude. */
  values: NamedValue[];
}

/** A value of a row. */
export interface NamedValue {
  /** The name of its column. */
  name: string;
  value: number;
}

/** The x axis of curves. */
export interface CurveAxis {
  /** The position of each column, ascending or descending: the number in its name, the days since 1970 of its date, or its index. */
  positions: number[];
  /** Whether positions are dates. */
  dates: boolean;
  /** What stands before the number in each name, as `wavelength_`, and after it, as ` nm`. */
  before: string;
  after: string;
}

/** A part of the table of rows. */
export interface TablePage {
  /** Number of rows in the table. */
  total: number;
  rows: TableRow[];
}

/** A row of the table. */
export interface TableRow {
  row: number;
  id: string;
  fields: Partial<Record<string, Cell>>;
}

/** What sets a selection apart. */
export interface SelectionExplanation {
  /** Selected rows that were compared. */
  rows: number;
  /** Rows that they were compared with. */
  against: number;
  /** Rows of both sets, which were left out. */
  shared: number;
  /** Comparisons for which the probabilities are corrected. */
  comparisons: number;
  /** The findings, the largest effect first. */
  findings: RowFinding[];
  /** What must be known to read them. */
  warnings: string[];
  /** The number of all findings, and of those in observed columns. */
  total: number;
  observed: number;
  /** Of pictures and curves: the means of all observed columns. */
  means: Means | null;
}

/** A column in which the selected rows differ from the others. */
export interface RowFinding {
  /** `metadata:0`, `observed:12`, `dimension:3`: the origin and number of the column. */
  id: string;
  /** The origin of the column. */
  origin: ColumnOrigin;
  /** Its name. */
  column: string;
  /** What was compared. */
  type: ComparedAs;
  /** The category; of metadata text, the word. */
  level: string | null;
  /** Cliff's delta, -1 to 1: the probability that a selected row has more than another, less that it has less; of shares, their difference. */
  effect: number;
  /** The probability that a random selection has any finding as extreme, at most. */
  p: number;
  /** The selected rows. */
  inside: Side;
  /** The rows that they were compared with. */
  outside: Side;
  /** Of numbers, the 1 % and 99 % quantiles of all rows. */
  range: [number, number] | null;
}

/** The origin of a column. */
export type ColumnOrigin = "metadata" | "observed" | "dimension" | "derived";

/** What is compared in a column. */
export type ComparedAs = "number" | "date" | "count" | "category" | "missing";

/** One side of a finding. */
export interface Side {
  /** Rows that were compared: of numbers, those that are not missing. */
  rows: number;
  /** The share of rows in the category or with a missing cell; of counts, of rows where they are not 0. */
  share: number | null;
  /** Mean of numbers. */
  mean: number | null;
  /** Quartiles of numbers; the second is the median. */
  quartiles: [number, number, number] | null;
}

/** Means of observed columns, in their order. */
export interface Means {
  inside: number[];
  outside: number[];
  /** Of curves, the standard deviation among the selected rows. */
  deviation: number[] | null;
}

/** Search results. */
export interface Hits {
  /** Number of rows that match. */
  total: number;
  /** The first of them, the best first. */
  hits: Hit[];
}

/** A search result. */
export interface Hit {
  row: number;
  id: string;
  /** The column that matched; `id` or `row` for the row itself, `text` for the text that was learned from. */
  field: string;
  /** The cell; of a long one, the part around the match. */
  text: string;
  /** Of a search by meaning, the distance. */
  distance: number | null;
}

/** The columns whose names match a text: those of the reader and metadata first, then derived and observed ones. */
export interface Columns {
  /** The number of columns that match. */
  total: number;
  /** The first of them. */
  columns: Column[];
}

/** A column in the list. */
export interface Column {
  /** `yours:0`, `metadata:0`, `observed:12`, `derived:kept`, or a capability and a number: a column of its room. */
  id: string;
  name: string;
  type: ColumnType;
  origin: Origin;
}

/** The selection, and whether pages must be notified: a page that selected knows it already. */
export interface Selection {
  /** Increases with each change. */
  version: number;
  /** Row numbers, ascending. */
  rows: number[];
}

/** The description of a method, also used for the page's forms. */
export interface Method {
  name: string;
  /** Its name in sentences. */
  title: string;
  family: string;
  summary: string;
  takes: string[];
  given: string[];
  sees: string;
  signs: string;
  can: unknown;
  /** What an axis is called, where axes have names of their own. */
  axis: string | null;
  encodes: boolean;
  decodes: boolean;
  folds: boolean;
  live: boolean;
  /** The JSON Schema of the parameters. */
  parameters: unknown;
  limits: string[];
}

/** A change that was made. */
export interface AnnotationChange {
  version: number;
  /** The edits that undo it. */
  before: AnnotationEdit[];
}

/** What some rows are given in place of what they had; nothing with null. */
export interface AnnotationEdit {
  value: string | null;
  rows: number[];
}

/** The header. Sections: the coordinates, dimension by dimension, u16 (0 to 65535 over the radius on both sides of the center); the number of kept neighbors of each row, u8 (255: not measured), if `trust`; the cells of each column; the pixels of all pictures, u8, if `pictures`; the distances of the neighbors, f32, if `distances`; the neighbors, as differences of positions in the order of the rows along a Z-order curve through the map, zigzag and LEB128. */
export interface Bundle {
  state: State;
  map: KeptMap;
  /** The method of the map, if it was learned. */
  methods: Method[];
  dims: number;
  center: [number, number, number];
  radius: number;
  trust: boolean;
  /** The shape of the pictures; null without them. */
  pictures: PictureShape | null;
  distances: boolean;
  columns: BundleColumn[];
  texts: BundleText[];
  /** Null if rows have no id but their number. */
  ids: string[] | null;
  /** The x axis of curves, if all of their columns are in the file. */
  axis: CurveAxis | null;
  /** How the nearest neighbors of each row in the data were searched; `k` of them are in the file, at most those that were measured. */
  search: NeighborSearch;
}

/** The shape of pictures: 1 channel is grey, 3 are RGB, 4 RGBA. */
export interface PictureShape {
  width: number;
  height: number;
  channels: number;
}

/** A column of the file. */
export interface BundleColumn {
  info: ColumnInfo;
  coding: Coding;
  /** The value of the code 0 of a whole number; the largest code is a missing cell. */
  offset: number;
}

/** How the cells of a column are written. */
export type Coding = "u8" | "u16" | "u32" | "f32" | "f64";

/** A column of texts. */
export interface BundleText {
  index: number;
  name: string;
  cells: (string | null)[];
}

/** What can be swept, and what was found last. */
export interface SweepOffer {
  /** The methods that take these data and whose dimensions mean something. */
  methods: SweptMethod[];
  /** Usual numbers of dimensions for these data. */
  dims: number[];
  /** The last sweep; null before the first. */
  found: Sweep | null;
}

/** A method that can be swept. */
export interface SweptMethod {
  name: string;
  title: string;
}

/** The numbers of dimensions with their scores, and the recommended one. */
export interface Sweep {
  /** The method's registry name. */
  method: string;
  /** Number of rows. */
  rows: number;
  /** The score: `reconstruction_error` of hidden cells, of which less is better, `log_likelihood_per_row` or `log_likelihood_per_word`. */
  figure: string;
  /** What was held out, in words. */
  held_out: string;
  /** Each number of dimensions, ascending. */
  dims: SweepPoint[];
  /** The smallest number of dimensions within one standard error of the best (Breiman and others 1984, "Classification and regression trees"); 0 if the null, the mean alone, is within it, too. The standard error is that of the difference, paired by rows. */
  recommended: number;
  /** The smallest and the largest number whose scores cannot be told from the best with 95 % confidence. */
  low: number;
  /** See `low`. */
  high: number;
  /** Other estimates of the number of dimensions; none for documents. */
  estimates: Estimates | null;
  /** Why this number is recommended, in a sentence. */
  sentence: string;
  /** The number with its interval, and what it means where the estimates disagree, in sentences. */
  verdict: string[];
}

/** The scores of a number of dimensions. */
export interface SweepPoint {
  /** The number of dimensions. */
  dims: number;
  /** The score of as many training rows, if the method gives one. */
  training: Measure | null;
  /** The score of held-out rows. */
  held_out: Measure;
  /** By how much the held-out score is worse than the best one, with the 95 % interval of that difference, paired by rows; none where the method holds out documents itself. */
  behind: Measure | null;
  /** Seconds of the fits. */
  seconds: number;
}

/** Other estimates of the number of dimensions. None where one cannot be computed: linear directions of sparse counts, whose rare columns have no variance to scale by; the intrinsic dimension of 0 dimensions, or of fewer than three distinct rows. */
export interface Estimates {
  /** Linear directions by parallel analysis (Horn 1965, doi:10.1007/BF02289447). */
  parallel_analysis: number | null;
  /** Linear directions by the hard threshold of Gavish and Donoho (2014, doi:10.1109/TIT.2014.2323359). */
  gavish_donoho: number | null;
  /** Linear directions above the Marchenko-Pastur edge. */
  marchenko_pastur: number | null;
  /** Number of rows from which the directions were estimated. */
  directions_rows: number | null;
  /** The intrinsic dimension of the rows as the recommended number of dimensions reproduces them, without their noise. */
  intrinsic: Measure | null;
}

/** What a sweep costs. */
export interface SweepCost {
  /** Number of fits: one for each number of dimensions and fold. */
  fits: number;
  /** Seconds that they take, on the machine on which the cost model was calibrated; scoring held-out rows comes on top. */
  seconds: number;
  /** Peak memory of the largest in bytes. */
  peak_bytes: number;
}
