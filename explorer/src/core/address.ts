// What the reader chose, in the part of the address after #, so that an address can be kept or handed on. Rooms add their own.
import { MISSING } from "../data/types.ts";
import type { Near } from "../data/source.ts";
import type { View } from "../scatter/camera.ts";
import { type Filter, ROWS } from "./filters.svelte.ts";

export interface Place {
  by: string | null;
  only: Filter[];
  /** Whether rows that are filtered away are hidden. */
  isolated: boolean;
  /** The column by which rows are named, where it was chosen. */
  name: string | null;
  shade: boolean;
  row: number | null;
  rows: number[] | null;
  lasso: [number, number][] | null;
  view: View | null;
  flat: boolean;
  /** How neighbors are searched, where it was chosen. */
  near: Near;
  /** A kept map that is shown in place of the newest. */
  map: number | null;
  /** The room, where it is not the first. */
  page: string | null;
}

const short = (x: number) => String(Number(x.toPrecision(5)));
/** Longer selections are kept by their line or not at all: addresses should stay short enough to hand on. */
const ROWS_MOST = 200;

export function writePlace(p: Place): URLSearchParams {
  const q = new URLSearchParams();
  if (p.by) q.set("by", p.by);
  for (const filter of p.only) if (!("rows" in filter) || filter.rows.length <= ROWS_MOST) q.append("only", `${filter.by}:${writeFilter(filter)}`);
  if (p.isolated) q.set("isolated", "1");
  if (p.name !== null) q.set("name", p.name);
  if (p.shade) q.set("shade", "1");
  if (p.row !== null) q.set("row", String(p.row));
  if (p.lasso) q.set("lasso", p.lasso.flat().map(short).join("_"));
  else if (p.rows && p.rows.length <= ROWS_MOST) q.set("rows", p.rows.join("."));
  if (p.view) q.set("view", [p.view.x, p.view.y, p.view.span, p.view.yaw, p.view.pitch].map(short).join("_"));
  if (p.flat) q.set("flat", "1");
  if (p.near.k !== undefined) q.set("k", String(p.near.k));
  if (p.near.metric !== undefined) q.set("metric", p.near.metric);
  if (p.map !== null) q.set("map", String(p.map));
  if (p.page !== null) q.set("page", p.page);
  return q;
}

export const numbers = (s: string | null, by: string): number[] | null => {
  if (s === null) return null;
  const list = s.split(by).map(Number);
  return s !== "" && list.every(Number.isFinite) ? list : null;
};
export const natural = (s: string | null): number[] | null => {
  const list = numbers(s, ".");
  return list?.every((x) => Number.isInteger(x) && x >= 0) ? list : null;
};

/** Codes as 2.4, numbers as 1_5 or, open at an end, 1_; rows without a value as none. */
function writeFilter(filter: Filter): string {
  if ("rows" in filter) return filter.rows.join(".");
  if ("codes" in filter) return [...filter.codes].sort((a, b) => a - b).map((c) => (c === MISSING ? NONE : c)).join(".");
  const range = filter.range?.map((x) => (Number.isFinite(x) ? String(Number(x.toPrecision(10))) : "")).join("_");
  return [range, ...(filter.missing ? ["_", NONE] : [])].join("");
}
function readFilter(only: string): Filter | null {
  const at = only.lastIndexOf(":");
  const [by, told] = [only.slice(0, at), only.slice(at + 1)];
  if (at < 1 || told === "") return null;
  if (by === ROWS) {
    const rows = natural(told);
    return rows && { by, rows };
  }
  if (!told.includes("_")) {
    const codes = told.split(".").map((c) => (c === NONE ? MISSING : c === "" ? -1 : Number(c)));
    return codes.every((c) => Number.isInteger(c) && c >= 0) ? { by, codes: new Set(codes) } : null;
  }
  const [low, high, none] = told === `_${NONE}` ? ["", "", NONE] : told.split("_");
  const range = [low ? Number(low) : -Infinity, high ? Number(high) : Infinity] as const;
  if (range.some(Number.isNaN) || (none !== undefined && none !== NONE)) return null;
  return { by, range: low || high ? range : null, missing: none === NONE };
}
const NONE = "none";

/** Reads what it can; anything that makes no sense is left out. */
export function readPlace(q: URLSearchParams): Place {
  const view = numbers(q.get("view"), "_");
  const k = natural(q.get("k"))?.[0];
  const metric = q.get("metric");
  const line = numbers(q.get("lasso"), "_");
  const lasso = line && line.length >= 6 && line.length % 2 === 0 ? Array.from({ length: line.length / 2 }, (_, i): [number, number] => [line[2 * i]!, line[2 * i + 1]!]) : null;
  return {
    by: q.get("by"),
    only: q.getAll("only").flatMap((only) => readFilter(only) ?? []),
    isolated: q.get("isolated") === "1",
    name: q.get("name"),
    shade: q.get("shade") === "1",
    row: natural(q.get("row"))?.[0] ?? null,
    rows: natural(q.get("rows")),
    lasso,
    view: view?.length === 5 && view[2]! > 0 ? { x: view[0]!, y: view[1]!, span: view[2]!, yaw: view[3]!, pitch: view[4]! } : null,
    flat: q.get("flat") === "1",
    near: { ...(k ? { k } : {}), ...(metric ? { metric } : {}) },
    map: natural(q.get("map"))?.[0] ?? null,
    page: q.get("page"),
  };
}
