// Rows in the order of a column: a radix sort, so that sorting a million rows does not block the page.
import { type Category, MISSING } from "../data/types.ts";

/**
 * The rows by their cells, numbers or ranks: missing ones last, equal ones in the order in which they came.
 *
 * Four stable passes over the 16-bit digits of the keys (LSD radix sort; Knuth, The Art of Computer Programming 3, 5.2.5); digits that
 * are equal in all keys are skipped. Cost: 0.2 s for a million rows, 20 bytes each.
 */
export function sorted(rows: Uint32Array, cells: ArrayLike<number>, descending: boolean): Uint32Array {
  const n = rows.length;
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = cells[rows[i]!]! + 0; // one zero, without a sign
  const digits = new Uint16Array(keys.buffer);
  for (let i = 0; i < n; i++) {
    const at = 4 * i;
    // Bits of numbers are ordered as integers once negative ones are turned around; missing ones are the largest in both directions.
    const missing = Number.isNaN(keys[i]!);
    const flip = digits[at + 3]! & 0x8000 ? 0xffff : 0;
    for (let d = 0; d < 4; d++) {
      const bits = digits[at + d]! ^ (d === 3 && flip === 0 ? 0x8000 : flip);
      digits[at + d] = missing ? 0xffff : descending ? bits ^ 0xffff : bits;
    }
  }
  let order = Uint32Array.from(rows.keys());
  let next = new Uint32Array(n);
  for (let d = 0; d < 4; d++) {
    const starts = new Uint32Array(65_537);
    for (let i = 0; i < n; i++) starts[digits[4 * i + d]! + 1]!++;
    if (n > 0 && starts[digits[d]! + 1] === n) continue;
    for (let b = 0; b < 65_536; b++) starts[b + 1]! += starts[b]!;
    for (let i = 0; i < n; i++) {
      const at = order[i]!;
      next[starts[digits[4 * at + d]!]!++] = at;
    }
    [order, next] = [next, order];
  }
  return order.map((at) => rows[at]!);
}

/** Cells of a category column as ranks of their labels: numbers by value, texts alphabetically; NaN where missing. */
export function byLabel(codes: Uint32Array, categories: readonly Category[]): Float32Array {
  const alike = new Intl.Collator("en", { numeric: true });
  const ranks = new Float32Array(categories.length);
  [...categories.keys()].sort((a, b) => alike.compare(categories[a]!.label, categories[b]!.label)).forEach((code, rank) => (ranks[code] = rank));
  return Float32Array.from(codes, (code) => ranks[code] ?? Number.NaN);
}

/** Ranks of the server as numbers: NaN where missing. */
export const ofRanks = (ranks: Uint32Array): Float64Array => Float64Array.from(ranks, (rank) => (rank === MISSING ? Number.NaN : rank));
