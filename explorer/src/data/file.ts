// The source of a page in one file: it holds what was learned before, and asks nothing of anyone.
import { type DataSource, type Listener, SourceError } from "./source.ts";
import type { LargestValues, MapData, State } from "./types.ts";

/** Coordinates, centered. */
export function place(x: number[], y: number[]): MapData {
  const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
  const center: [number, number, number] = [mean(x), mean(y), 0];
  const coords = new Float32Array(2 * x.length);
  let radius = 0;
  for (let i = 0; i < x.length; i++) {
    coords[2 * i] = x[i]! - center[0];
    coords[2 * i + 1] = y[i]! - center[1];
    radius = Math.max(radius, Math.abs(coords[2 * i]!), Math.abs(coords[2 * i + 1]!));
  }
  return { dims: 2, rows: x.length, version: 1, center, radius: radius || 1, coords };
}

/** The largest values of a row by magnitude, as the server tells them. */
export function largestOf(values: Float32Array, nameOf: (column: number) => string, limit: number): LargestValues {
  const found = Array.from(values, (value, column) => ({ column, value })).filter(({ value }) => value !== 0 && !Number.isNaN(value));
  found.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.column - b.column);
  return { nonzero: found.length, values: found.slice(0, limit).map(({ column, value }) => ({ name: nameOf(column), value })) };
}

/** A source that holds no more than a state, or not even that: a room's own adds what it holds. */
export function still(state?: State): DataSource {
  const none = async () => {
    throw new SourceError("This file holds what was learned before; it cannot do that.", "`latent explore` can.", 409);
  };
  const failed = { phase: "failed", can: [], fields: [], map: null, trust_version: 0, maps_version: 0, error: { error: "This file holds nothing to show.", hint: "Write it again from what was learned." } } as unknown as State;
  return {
    still: true,
    listen(listener: Listener) {
      queueMicrotask(() => {
        listener.connected(true);
        listener.state(state ?? failed);
      });
      return () => undefined;
    },
    map: async () => null,
    column: none,
    ranks: none,
    columns: async () => ({ total: 0, columns: [] }),
    columnOf: none,
    trust: async () => null,
    maps: async () => [],
    keptMap: none,
    keptTrust: async () => null,
    keptGroups: async () => null,
    keptStability: async () => null,
    makeAgain: none,
    compare: none,
    row: none,
    picture: () => "",
    values: none,
    largest: none,
    curve: none,
    search: async () => ({ total: 0, hits: [] }),
    searchRows: async () => [],
    table: async () => ({ total: 0, rows: [] }),
    methods: async () => [],
    fit: none,
    fitGrid: none,
    stop: async () => undefined,
    ask: none,
  };
}
