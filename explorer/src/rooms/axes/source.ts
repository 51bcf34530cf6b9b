// What the room asks of the data, by the paths of docs/http-api.md; `base` is that of the space: `axes`, or below a kept map.
import type { DataSource } from "../../data/source.ts";
import type { Biplot, DecodedRow, DimensionWeights, RowCodes, SpaceAxes } from "./types.ts";

export interface AxesSource {
  axes(): Promise<SpaceAxes>;
  /** A dimension with its largest weights. */
  weights(dimension: number, limit: number): Promise<DimensionWeights>;
  biplot(x: number, y: number): Promise<Biplot>;
  codesOf(row: number): Promise<number[]>;
  /** Codes in the original units. */
  decode(codes: number[][]): Promise<DecodedRow[]>;
}

/** Six digits are more than a slider has pixels. */
const written = (code: number) => String(Number(code.toPrecision(6)));

export function askAxes({ ask }: Pick<DataSource, "ask">, base: string): AxesSource {
  return {
    axes: () => ask(base),
    weights: (dimension, limit) => ask(`${base}/${dimension}`, { limit }),
    biplot: (x, y) => ask(`${base}/biplot`, { x, y }),
    codesOf: async (row) => (await ask<RowCodes>(`${base}/rows/${row}`)).codes,
    decode: async (codes) => (await ask<{ rows: DecodedRow[] }>(`${base}/decode`, { codes: codes.map((row) => row.map(written).join(",")).join(";") })).rows,
  };
}
