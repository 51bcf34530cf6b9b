// Figures and sentences, as the page tells them.
import type { ComparedName, KeptMap, Measure, MeasureName, Metric, State } from "./data/types.ts";

/** A thin space keeps a number and its unit together. */
const THIN = "\u202f";

export const whole = (n: number) => Math.round(n).toLocaleString("en-US");

/** Three figures that count, without a tail of zeros: 0.968, 12.3, 1,240. */
export function figure(x: number | null | undefined): string {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return x.toExponential(2).replace("-", "−");
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return x.toLocaleString("en-US", { maximumFractionDigits: digits }).replace("-", "−");
}

/** Distances in a list: three figures each, so that they line up. */
export const distance = (x: number) => (Number.isFinite(x) && Math.abs(x) < 1000 && Math.abs(x) >= 0.001 ? x.toPrecision(3) : figure(x));

/** A day since 1970, as a date; with the time where all dates of a column lie within `span`, a few days, and with seconds within hours. */
export function dated(day: number, span = Infinity): string {
  const date = new Date(Math.round(day * 86_400) * 1000);
  if (Number.isNaN(date.getTime())) return "–";
  const told = date.toISOString();
  return span < 4 ? `${told.slice(0, 10)} ${told.slice(11, span < 0.25 ? 19 : 16)}` : told.slice(0, 10);
}

/** Few figures for few things: 39, 3.2, 0.03. */
export function of100(share: number): string {
  const x = 100 * share;
  if (x >= 9.95) return String(Math.round(x));
  if (x >= 0.95) return x.toFixed(1);
  return x === 0 ? "0" : x.toPrecision(1).includes("e") ? x.toExponential(0) : x.toPrecision(1);
}
export const percent = (share: number) => `${of100(share)}${THIN}%`;

export function seconds(s: number): string {
  if (s < 10) return `${s.toFixed(1)}${THIN}s`;
  if (s < 60) return `${Math.round(s)}${THIN}s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m}${THIN}min ${Math.round(s % 60)}${THIN}s`;
  return `${Math.floor(m / 60)}${THIN}h ${m % 60}${THIN}min`;
}

/** How a map was learned, behind its title. Nothing for a map that was not learned here (0 seconds); below 0.1 s, the seed alone. */
export function learning(map: Pick<State, "seconds" | "seed">): string {
  if (map.seconds === 0) return "";
  return map.seconds < 0.1 ? ` · seed ${map.seed}` : ` · learned in ${seconds(map.seconds)}, seed ${map.seed}`;
}

/** Whether a figure is of a sample of the rows. */
export const isSampled = (m: Measure) => m.high - m.low > 1e-9;

export const MEASURES: { name: MeasureName; label: string; term: (k: number) => string }[] = [
  { name: "recall", label: "Neighbors kept", term: (k) => `recall@${k}: the share of each row's ${k} nearest in the data that are among its ${k} nearest on the map` },
  { name: "trustworthiness", label: "Trustworthiness", term: (k) => `trustworthiness@${k}: 1 where rows that are near on the map are near in the data, too` },
  { name: "continuity", label: "Continuity", term: (k) => `continuity@${k}: 1 where rows that are near in the data are near on the map, too` },
  { name: "distance_correlation", label: "Far stays far", term: () => "distance correlation: Spearman correlation of the distances of rows in the data and on the map" },
];

export const COMPARED: { name: ComparedName; label: string; term: (k: number) => string }[] = [
  { name: "neighbors_shared", label: "Neighbors shared", term: (k) => `neighbors shared@${k}: the share of each row's ${k} nearest in one map that are among its ${k} nearest in the other` },
  { name: "cka", label: "Similarity (CKA)", term: () => "linear CKA (centered kernel alignment): 1 where the maps are equal up to rotation and scale" },
  { name: "procrustes", label: "Mismatch after alignment", term: () => "Procrustes residual: how much of the spread does not line up after one map is translated, rotated, reflected and scaled onto the other; 0 where they are equal" },
  { name: "distance_correlation", label: "Far stays far", term: () => "distance correlation: Spearman correlation of the distances of rows in one map and in the other" },
];

export const STABILITY: { name: "seeds" | "bootstrap"; label: string; term: (k: number) => string }[] = [
  { name: "seeds", label: "Same with another seed", term: (k) => `the share of each row's ${k} nearest in the map that are among its ${k} nearest in a map made with another seed` },
  { name: "bootstrap", label: "Same on resampled rows", term: (k) => `bootstrap: the share of each row's ${k} nearest that are the same in a map of rows drawn with replacement, among the rows that both have` },
];

/** A name at the head of a line: with a capital, unless it has one of its own within, as densMAP. */
export const headed = (title: string) => (/^\w+[A-Z]/.test(title) ? title : title.charAt(0).toUpperCase() + title.slice(1));

/** What tells a map from the others: its first parameter, and what is otherwise in maps of the same method; `title` names parameters,
 * `dimensions` is that of the number of dimensions. */
export function chief(map: Pick<KeptMap, "dims" | "method" | "params" | "phase">, others: Pick<KeptMap, "method" | "params">[], title: (parameter: string) => string, dimensions: string): string {
  const told = Object.entries(map.params).filter(([name]) => name !== dimensions);
  const first = told.find(([, value]) => typeof value === "number")?.[0];
  const same = others.filter((other) => other.method === map.method);
  const own = told.filter(([name, value]) => name === first || same.some((other) => name in other.params && JSON.stringify(other.params[name]) !== JSON.stringify(value)));
  const said = own.map(([name, value]) => (typeof value === "boolean" ? `${value ? "" : "no "}${title(name)}` : `${title(name)} ${typeof value === "number" ? figure(value) : String(value)}`));
  if (map.dims === 3) said.push("3-D");
  if (map.phase === "stopped") said.push("stopped early");
  return said.join(", ");
}

const SHOWN: Record<State["phase"], string> = { empty: "No data yet", reading: "Reading", preparing: "Preparing", fitting: "Learning", measuring: "Measuring", done: "Done", stopped: "Stopped", failed: "Failed" };
export const phaseName = (phase: State["phase"]) => SHOWN[phase] ?? phase;

/** Metrics, in front of the word distance. */
export const METRICS: Record<Metric, string> = { euclidean: "Euclidean", cosine: "cosine", inner_product: "inner-product", manhattan: "Manhattan", hellinger: "Hellinger", hamming: "Hamming", jaccard: "Jaccard" };

/** Names of columns that hold years. */
const YEARS = /year|jahr|ann[ée]e|(^|[^a-z])yr([^a-z]|$)/i;
/** A number of a column. A year has no thousands separator: 1790, not 1,790. */
export const numberIn = (column: string, x: number): string => (YEARS.test(column) && x >= 1000 && x <= 2200 ? String(Math.round(x)) : figure(x));
/** A cell of a row, for reading. */
export function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? figure(value) : value;
}

/** What one point of the map is, and what to do with it. */
export function pointSays(state: Pick<State, "kind" | "curve" | "rows">): string {
  const KINDS: Partial<Record<State["kind"], string>> = { images: "pictures", text: "documents" };
  return `Each point is one of ${whole(state.rows)} ${state.curve ? "curves" : (KINDS[state.kind] ?? "rows")}; click one to see its nearest.`;
}
