// Made-up dimensions of made-up rows, the same every time. Never part of the page that is shipped.
// ?axes=6: so many dimensions (& kind=table|images|curve; & parts=1: no weight is negative).
import type { DemoRoom } from "../../data/demo.ts";
import type { ColumnArrow, DecodedRow, DimensionWeights, SpaceAxes } from "./types.ts";

function hash(a: number, b: number): number {
  let h = Math.imul(a ^ 0x2c1b3c6d, 0x85ebca6b) ^ Math.imul(b + 0x51ed270b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0) / 4294967296;
}
const normal = (a: number, b: number) => Math.sqrt(-2 * Math.log(1 - hash(a, 2 * b))) * Math.cos(2 * Math.PI * hash(a, 2 * b + 1));

const NAMES = ["height", "width", "area", "density", "hue", "age"];
const HOSTILE = ["<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "{@html 1}"];
const SIDE = 28;
const CURVE = 300;

export const demoRoom: DemoRoom = {
  groups: (query) => (query.has("axes") ? 4 : null),
  make(query, n, group, hostile) {
    const k = Math.max(1, Number(query.get("axes")));
    const kind = query.get("kind") ?? "table";
    const parts = query.get("parts") === "1";
    const d = kind === "images" ? SIDE * SIDE : kind === "curve" ? CURVE : NAMES.length;
    const deviation = (j: number) => 3 / (1 + 0.6 * j);
    const weight = (j: number, c: number): number => {
      let w: number;
      if (kind === "images") {
        const [x, y] = [(c % SIDE) / SIDE - 0.5, Math.floor(c / SIDE) / SIDE - 0.5];
        w = Math.cos(6.3 * (x * (1 + (j % 3)) * 0.5 + y * (j % 2))) * Math.exp(-6 * (x * x + y * y)) * 0.08;
      } else if (kind === "curve") w = Math.sin(((j + 1) * Math.PI * c) / CURVE) * 0.08;
      else w = Math.cos(1 + 1.7 * c * (j + 1)) * 0.6;
      return parts ? Math.abs(w) : w;
    };
    const code = (row: number, j: number) => deviation(j) * (0.75 * Math.cos(group(row) * (2.1 + j)) + 0.55 * normal(row, 200 + j)) + (parts ? 3 * deviation(j) : 0);
    const mean = (c: number) => (kind === "images" ? 90 + 70 * Math.exp(-(((c % SIDE) - 14) ** 2 + (c / SIDE - 14) ** 2) / 60) : kind === "curve" ? 1 + 0.4 * Math.cos(c / 40) : [181, 62, 9100, 1.04, 0.3, 41][c]!);
    const unit = (c: number) => (kind === "images" ? 400 : kind === "curve" ? 1 : [8, 4, 700, 0.02, 0.1, 6][c]!);
    const name = (c: number) => (kind === "table" ? (hostile ? `${HOSTILE[c % 3]}${c}` : NAMES[c]!) : kind === "images" ? `pixel ${Math.floor(c / SIDE)}, ${c % SIDE}` : `column ${c}`);
    const codes = Array.from({ length: k }, (_, j) => Float32Array.from({ length: n }, (_, row) => code(row, j)));
    const all = Array.from({ length: k }, (_, j) => deviation(j) ** 2).reduce((a, b) => a + b, 0);
    const dimensions = codes.map((of, dimension) => {
      const sorted = of.slice().sort();
      const mean = of.reduce((a, b) => a + b, 0) / n;
      return { dimension, share: (0.9 * deviation(dimension) ** 2) / all, mean, deviation: deviation(dimension), low: sorted[Math.round(0.01 * (n - 1))]!, high: sorted[Math.round(0.99 * (n - 1))]! };
    });
    const whole = kind === "images" || kind === "curve";
    const axis = query.get("axis");
    const known: SpaceAxes = {
      title: `PCA of ${n.toLocaleString("en")} x ${d}, ${k} components`,
      noun: "component",
      columns: d,
      decodes: true,
      parts,
      dimensions,
      picture: kind === "images" ? { width: SIDE, height: SIDE, pixelated: true } : null,
      curve: kind === "curve" ? { positions: Array.from({ length: CURVE }, (_, c) => (axis === "wavelength" ? 400 + 2 * c : c)), dates: false, before: axis === "wavelength" ? "wavelength_" : "", after: axis === "wavelength" ? " nm" : "" } : null,
    };
    const weights = (dimension: number, limit: number): DimensionWeights => {
      const values = Array.from({ length: d }, (_, c) => weight(dimension, c));
      const order = values.map((_, c) => c).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b);
      const rows = Array.from(codes[dimension]!, (_, row) => row).sort((a, b) => codes[dimension]![a]! - codes[dimension]![b]!);
      return { dimension, nonzero: d, largest: order.slice(0, limit).map((column) => ({ column, name: name(column), weight: values[column]! })), values: whole ? values : null, lowest: rows.slice(0, 5), highest: rows.slice(-5).reverse() };
    };
    const decode = (code: number[]): DecodedRow => {
      const values = Array.from({ length: d }, (_, c) => mean(c) + unit(c) * code.reduce((sum, v, j) => sum + v * weight(j, c), 0));
      if (kind === "images") return { values: values.map((v) => Math.round(Math.max(0, Math.min(255, v)))), cells: [] };
      return whole ? { values, cells: [] } : { values: null, cells: values.map((value, c) => ({ name: name(c), value, text: null })) };
    };
    const answer = (path: string, query: Record<string, string | number> = {}): unknown => {
      if (path === "axes") return known;
      if (path === "axes/biplot") {
        const [x, y] = [Number(query.x), Number(query.y)];
        const arrows: ColumnArrow[] = whole ? [] : Array.from({ length: d }, (_, column) => ({ column, name: name(column), x: weight(x, column) * deviation(x), y: weight(y, column) * deviation(y) }));
        return { arrows: arrows.sort((a, b) => Math.hypot(b.x, b.y) - Math.hypot(a.x, a.y)) };
      }
      if (path === "axes/decode") return { rows: String(query.codes).split(";").map((row) => decode(row.split(",").map(Number))) };
      const [, row, dimension] = /^axes\/(?:rows\/(\d+)|(\d+))$/.exec(path) ?? [];
      if (row !== undefined) return { row: Number(row), codes: codes.map((of) => of[Number(row)]!) };
      return dimension === undefined ? undefined : weights(Number(dimension), Number(query.limit ?? 12));
    };
    return {
      can: "axes",
      name: "Penguins",
      kind: kind as "table",
      field: null,
      columns: codes.map((cells, j) => ({ name: `component ${j + 1}`, cells: () => cells.slice() })),
      ask(path, query) {
        const found = answer(path, query);
        return found === undefined ? undefined : Promise.resolve(found);
      },
    };
  },
};
