// The axes of a curve: where columns stand, what is written along them, and the line itself.
import type { CurveAxis } from "../../data/types.ts";
import { areYears } from "../../scale.ts";
import { dated } from "../../words.ts";
import { type Quantity, quantity, withUnit } from "./units.ts";

/** Along x and y, from what stands around the number in the names of the columns. */
export function quantities(axis: CurveAxis | null): { x: Quantity; y: Quantity } {
  const none = { name: "", unit: "" };
  if (!axis || axis.dates) return { x: none, y: none };
  const clean = (text: string) => text.trim().replace(/^[\s_]+|[\s_=:]+$/g, "");
  const [before, after] = [quantity(clean(axis.before)), clean(axis.after).replace(/^[[(](.*)[\])]$/, "$1")];
  // The unit of the number stands after it: then what stands before has its own, if it has one.
  if (after !== "") return before.unit === "" ? { x: { name: before.name, unit: after }, y: none } : { x: { name: "", unit: after }, y: before };
  return { x: before, y: none };
}

/** Round numbers from one end to the other, about `most` of them. */
export function ticks(low: number, high: number, most: number): number[] {
  if (!(high > low) || most < 1) return Number.isFinite(low) ? [low] : [];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((s) => s * power).find((s) => s >= rough * (1 - 1e-9))!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const YEAR = 365.25;
const DAYS = [1 / 24, 0.25, 1, 2, 7, 14];
/** Days since 1970 at which years, months or days begin, about `most` of them. */
export function dateTicks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / most;
  if (rough <= 14) {
    const step = DAYS.find((s) => s >= rough)!;
    return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) => (Math.ceil(low / step) + i) * step);
  }
  const months = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].find((m) => (m * YEAR) / 12 >= rough) ?? 1200;
  const from = new Date(low * 86_400_000);
  const found: number[] = [];
  for (let m = Math.ceil((from.getUTCFullYear() * 12 + from.getUTCMonth()) / months) * months; ; m += months) {
    const date = new Date(0);
    date.setUTCFullYear(Math.floor(m / 12), m % 12, 1);
    const day = date.getTime() / 86_400_000;
    if (day > high) return found;
    if (day >= low) found.push(day);
  }
}

/** Numbers along an axis, with as many digits as tell them apart. */
export function tickText(values: number[]): string[] {
  const step = values.length > 1 ? Math.abs(values[1]! - values[0]!) : Math.abs(values[0] ?? 0);
  const largest = Math.max(...values.map(Math.abs), 0);
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3)) return values.map((v) => (v === 0 ? "0" : v.toExponential(step > 0 ? Math.max(0, Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step))) : 1).replace(/-/g, "−").replace("e+", "e")));
  const digits = step > 0 ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(Number((step / 10 ** Math.floor(Math.log10(step) + 1e-9)).toPrecision(3))).includes(".") ? 1 : 0)) : 0;
  const years = digits === 0 && areYears(Math.min(...values), Math.max(...values)) && largest < 2200;
  return values.map((v) => (years ? String(v) : v.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })).replace("-", "−"));
}

/** A day along an axis: no more of it than changes. */
export function dateText(day: number, step: number): string {
  const told = dated(day, step < 1 ? 1 : Infinity);
  if (step < 1) return told.slice(11, 16) === "00:00" ? told.slice(5, 10) : told.slice(11, 16);
  return step >= 360 ? told.slice(0, 4) : step >= 28 ? told.slice(0, 7) : told.slice(5);
}

/** The position of a column, for reading. */
export function positionTold(axis: CurveAxis | null, column: number): string {
  if (!axis) return `column ${column}`;
  const at = axis.positions[column]!;
  const { positions } = axis;
  if (axis.dates) return dated(at, Math.abs(positions.at(-1)! - positions[0]!));
  const { x } = quantities(axis);
  if (x.name === "" && x.unit === "" && axis.before === "" && positions[0] === 0 && positions.at(-1) === positions.length - 1) return `column ${column}`;
  const [low, high] = [Math.min(positions[0]!, positions.at(-1)!), Math.max(positions[0]!, positions.at(-1)!)];
  const number = Number.isInteger(at) && areYears(low, high) ? String(at) : at.toLocaleString("en-US", { maximumFractionDigits: Math.abs(at) < 1 ? 4 : 2 }).replace("-", "−");
  return `${x.name === "" ? "" : `${x.name} `}${withUnit(number, x.unit)}`;
}

/** The title of an axis: `wavelength (nm)`. */
export const titled = ({ name, unit }: Quantity): string => (name !== "" && unit !== "" ? `${name} (${unit})` : name || unit);

export interface Ends {
  low: number;
  high: number;
}
/** The least and the largest of some numbers; null where there is none. */
export function ends(of: Iterable<ArrayLike<number>>): Ends | null {
  let [low, high] = [Infinity, -Infinity];
  for (const values of of)
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!;
      if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
  return low <= high ? { low, high } : null;
}

/** Where columns stand across `width` pixels, in their own order. */
export function placed(axis: CurveAxis | null, columns: number, width: number): Float64Array {
  const positions = axis?.positions.length === columns ? axis.positions : null;
  const [first, last] = positions ? [positions[0]!, positions.at(-1)!] : [0, columns - 1];
  return Float64Array.from({ length: columns }, (_, i) => (last === first ? width / 2 : (((positions?.[i] ?? i) - first) / (last - first)) * width + 0)); // no negative zero
}

/** A line through the values: at most two points a pixel, the least and the largest of what falls there; a gap where values are missing. */
export function linePath(values: ArrayLike<number>, x: ArrayLike<number>, y: (value: number) => number): string {
  let d = "";
  let gap = true;
  for (let i = 0; i < values.length; ) {
    const pixel = Math.floor(x[i]!);
    let [least, most, at] = [Infinity, -Infinity, 0];
    let end = i;
    for (; end < values.length && Math.floor(x[end]!) === pixel; end++) {
      const v = values[end]!;
      if (Number.isFinite(v)) [least, most, at] = [Math.min(least, v), Math.max(most, v), x[end]!];
    }
    if (least > most) gap = true;
    else {
      d += `${gap ? "M" : "L"}${at.toFixed(1)} ${y(least).toFixed(1)}`;
      if (most > least) d += `L${at.toFixed(1)} ${y(most).toFixed(1)}`;
      // A point alone is still seen.
      else if (gap && !Number.isFinite(values[end] ?? Number.NaN)) d += "h.1";
      gap = false;
    }
    i = end;
  }
  return d;
}

/** The area within so much of a line. */
export function bandPath(values: ArrayLike<number>, band: ArrayLike<number>, x: ArrayLike<number>, y: (value: number) => number): string {
  const step = Math.max(1, Math.floor(values.length / 600));
  const upper: string[] = [];
  const lower: string[] = [];
  for (let i = 0; i < values.length; i += step) {
    if (!Number.isFinite(values[i]!) || !Number.isFinite(band[i]!)) continue;
    upper.push(`${x[i]!.toFixed(1)} ${y(values[i]! + band[i]!).toFixed(1)}`);
    lower.push(`${x[i]!.toFixed(1)} ${y(values[i]! - band[i]!).toFixed(1)}`);
  }
  return upper.length > 1 ? `M${upper.join("L")}L${lower.reverse().join("L")}Z` : "";
}

