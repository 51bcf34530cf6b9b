// What sets rows of the test data apart, as the server tells it: without the correction for many comparisons, which only the library has.
import { type Means, MISSING, type RowFinding, type SelectionExplanation, type Side } from "./types.ts";

/** Rows of each side that are compared: effects take the square of their number. */
const SAMPLE = 3000;

export type DemoColumn = { id: string; name: string; origin: RowFinding["origin"] } & ({ numbers: ArrayLike<number> } | { codes: ArrayLike<number>; labels: string[] });

export function contrastDemo(columns: DemoColumn[], n: number, rows: ArrayLike<number>, against: ArrayLike<number> | null, means: (rows: number[]) => { mean: number[]; deviation: number[] | null } | null): SelectionExplanation {
  const [first, second] = [new Set(Array.from(rows)), against && new Set(Array.from(against))];
  const own = Array.from(rows).filter((row) => !second?.has(row));
  const others = second ? [...second].filter((row) => !first.has(row)) : Array.from({ length: n }, (_, row) => row).filter((row) => !first.has(row));
  const some = (rows: number[]) => rows.filter((_, i) => i % Math.ceil(rows.length / SAMPLE) === 0);
  const [inside, outside] = [some(own), some(others)];
  const findings: RowFinding[] = [];
  const clear = (effect: number) => Math.abs(effect) > 3 * Math.sqrt(1 / inside.length + 1 / outside.length);
  for (const column of columns) {
    const told = { id: column.id, origin: column.origin, column: column.name, p: 1e-9 };
    if ("numbers" in column) {
      const of = (rows: number[]) => Float64Array.from(rows, (row) => column.numbers[row]!).filter((x) => !Number.isNaN(x)).sort();
      const [a, b] = [of(inside), of(outside)];
      const all = of([...inside, ...outside]);
      const at = (cells: Float64Array, q: number) => cells[Math.round(q * (cells.length - 1))]!;
      const side = (cells: Float64Array): Side => ({ rows: cells.length, share: null, mean: cells.reduce((sum, x) => sum + x, 0) / cells.length, quartiles: [at(cells, 0.25), at(cells, 0.5), at(cells, 0.75)] });
      const below = (cells: Float64Array, x: number) => cells.filter((y) => y < x).length / cells.length;
      const effect = a.length && b.length ? a.reduce((sum, x) => sum + below(b, x) - (1 - below(b, x)), 0) / a.length : 0;
      if (clear(effect)) findings.push({ ...told, type: "number", level: null, effect, inside: side(a), outside: side(b), range: [at(all, 0.01), at(all, 0.99)] });
    } else
      for (const [code, label] of [...column.labels.entries(), [MISSING, null] as const]) {
        const share = (rows: number[]) => rows.filter((row) => column.codes[row] === code).length / rows.length;
        const effect = share(inside) - share(outside);
        const side = (rows: number[]): Side => ({ rows: rows.length, share: share(rows), mean: null, quartiles: null });
        if (clear(effect)) findings.push({ ...told, type: code === MISSING ? "missing" : "category", level: label, effect, inside: side(inside), outside: side(outside), range: null });
      }
  }
  findings.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const [mine, theirs] = [means(inside), means(outside)];
  const both: Means | null = mine && theirs ? { inside: mine.mean, outside: theirs.mean, deviation: mine.deviation } : null;
  return { rows: own.length, against: others.length, shared: first.size - own.length, comparisons: columns.length, findings, warnings: [], total: findings.length, observed: 0, means: both };
}
