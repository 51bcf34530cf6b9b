// The order in which rows are drawn: shuffled once by a hash, so that any prefix is a fair sample and no class hides
// another by coming last in the file.

/** A number in [0, 2^32) that depends on its argument alone. */
export function mix32(x: number): number {
  let h = Math.imul(x ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

export interface Order {
  /** Row drawn at each slot. */
  rowOf: Uint32Array;
  /** Slot of each row. */
  slotOf: Uint32Array;
}

let last: Order | null = null;

/** The order of `n` rows; all that draw the same rows share it. */
export function shuffled(n: number): Order {
  if (last?.rowOf.length === n) return last;
  const rowOf = new Uint32Array(n);
  for (let i = 0; i < n; i++) rowOf[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((mix32(i) / 4294967296) * (i + 1));
    const t = rowOf[i]!;
    rowOf[i] = rowOf[j]!;
    rowOf[j] = t;
  }
  const slotOf = new Uint32Array(n);
  for (let i = 0; i < n; i++) slotOf[rowOf[i]!] = i;
  const order = { rowOf, slotOf };
  if (n > 0) last = order;
  return order;
}
