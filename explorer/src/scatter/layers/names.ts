// Names of categories, each at the densest place of its points, and of rows, by zoom.
import { densest, type Label, Levels, type Placed, placed } from "../labels.ts";
import { type Layer, ORDER, type Sheet } from "../layer.ts";

export const NAME_FONT = '600 13.5px "Inter Variable", system-ui, sans-serif';
const ROW_FONT = '12px "Inter Variable", system-ui, sans-serif';
const NAME_HEIGHT = 18;
/** Names of rows are cut beyond this width, in pixels, and keep so far apart, for a name of the widest. */
const ROW_WIDTH = { least: 36, most: 150 };
const APART = { x: 14, y: 30 };
/** The width is that of so many names. */
const MEASURED = 50;
/** In 3-D the first ones are placed anew in each picture. */
const IN_SPACE = 300;

const fontOf = (label: Label) => (label.above === undefined ? NAME_FONT : ROW_FONT);

/** `codes` are in the order of drawing (-1: none). */
export interface CategoryNames {
  codes: Int32Array;
  categories: string[];
  pick(code: number): void;
}
export interface RowNames {
  /** In the order of rank, at most 100,000. */
  slots: Uint32Array;
  rowOf: Uint32Array;
  /** Null until it is known. */
  text(row: number): string | null;
  want(rows: number[]): void;
  pick(row: number): void;
}

export function names(categories: CategoryNames | null, rows: RowNames | null): Layer {
  let labels: Label[] = [];
  let drawn: (Placed & { half: number })[] = [];
  /** Three coordinates a name of a row. */
  let places = new Float32Array(0);
  let levels: Levels | null = null;
  let width = ROW_WIDTH.most;
  let measured = false;
  const cut = new Map<number, string>();

  /** The names of rows that may be seen. */
  function rowLabels(sheet: Sheet): Label[] {
    if (!rows || places.length === 0) return [];
    const { pen, camera, size } = sheet;
    pen.font = ROW_FONT;
    const candidates = camera.orbit ? Uint32Array.from({ length: Math.min(IN_SPACE, rows.slots.length) }, (_, i) => i) : levels!.of(camera.scale);
    const [left, bottom] = camera.unproject(0, camera.height);
    const [right, top] = camera.unproject(camera.width, 0);
    const found: Label[] = [];
    const missing: number[] = [];
    for (const i of candidates) {
      const [x, y] = [places[3 * i]!, places[3 * i + 1]!];
      if (!camera.orbit && !(x > left && x < right && y > bottom && y < top)) continue;
      const at: [number, number, number] = [x, y, places[3 * i + 2]!];
      const row = rows.rowOf[rows.slots[i]!]!;
      const text = cut.get(row) ?? rows.text(row);
      if (text === null) missing.push(row);
      else {
        if (!cut.has(row)) cut.set(row, shortened(pen, text));
        found.push({ code: row, text: cut.get(row)!, count: 1, at, above: size / 2 + 9 });
      }
    }
    if (missing.length > 0) rows.want(missing);
    if (!measured && found.length >= Math.min(MEASURED, candidates.length)) {
      // From now on names keep as far apart as nearly all of them need.
      measured = true;
      const widths = found.map((label) => pen.measureText(label.text).width).sort((a, b) => a - b);
      width = Math.max(ROW_WIDTH.least, Math.min(ROW_WIDTH.most, 1.2 * widths[Math.floor(0.9 * (widths.length - 1))]!));
      cut.clear();
      levels = levelsOf();
      return rowLabels(sheet);
    }
    return found;
  }
  function shortened(pen: CanvasRenderingContext2D, text: string): string {
    if (pen.measureText(text).width <= width) return text;
    let [low, high] = [0, text.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pen.measureText(`${text.slice(0, middle).trimEnd()}…`).width <= width) low = middle;
      else high = middle - 1;
    }
    return `${text.slice(0, low).trimEnd()}…`;
  }
  const levelsOf = () => new Levels(places.filter((_, i) => i % 3 < 2), [width + APART.x, NAME_HEIGHT + APART.y]);

  return {
    order: ORDER.names,
    click(x, y) {
      const found = drawn.find((name) => Math.abs(x - name.x) <= name.half && Math.abs(y - name.y) <= NAME_HEIGHT / 2);
      if (!found) return null;
      const { code, above } = found.label;
      return () => (above === undefined ? categories?.pick(code) : rows?.pick(code));
    },
    named: () => drawn.filter((name) => name.label.above !== undefined).map((name) => name.label.code),
    moved({ at, dims }) {
      labels = categories && categories.codes.length * dims === at.length ? densest(at, dims, categories.codes, categories.categories) : [];
      places = new Float32Array(0);
      if (!rows || rows.rowOf.length * dims !== at.length) return;
      places = new Float32Array(3 * rows.slots.length);
      rows.slots.forEach((slot, i) => places.set(at.subarray(slot * dims, slot * dims + dims), 3 * i));
      levels = levelsOf();
    },
    paint(sheet) {
      const { pen, color, camera } = sheet;
      const ofRows = rowLabels(sheet);
      const wide = (label: Label) => {
        pen.font = fontOf(label);
        return pen.measureText(label.text).width;
      };
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineWidth = 4;
      pen.strokeStyle = color.canvas;
      drawn = placed([...labels, ...ofRows], (at) => camera.project(...at), wide, NAME_HEIGHT, camera).map((name) => ({ ...name, half: wide(name.label) / 2 }));
      for (const { label, x, y } of drawn) {
        pen.font = fontOf(label);
        pen.globalAlpha = 0.85;
        pen.strokeText(label.text, x, y);
        pen.globalAlpha = 1;
        pen.fillStyle = color.text;
        pen.fillText(label.text, x, y);
      }
    },
  };
}
