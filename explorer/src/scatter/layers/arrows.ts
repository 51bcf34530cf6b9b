// Arrows from the rows' places to their places in another map, once that map is aligned with this one.
import { type Layer, ORDER, type Sheet } from "../layer.ts";

export interface Arrows {
  rows: number[];
  /** As many floats a row as the map has dimensions, in the units of its coordinates divided by its radius. */
  to: Float32Array;
  dims: 2 | 3;
  /** Whether the rows were chosen, or are those that moved most. */
  chosen: boolean;
}

interface Arrow {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  color: string;
}

/** Arrows shorter than this say no more than their point does. */
const LEAST_PX = 6;
const HEAD_PX = 5;
/** As many stand apart; more are drawn thin, so that the points beneath stay to be seen. */
const FEW = 40;

export function arrows(given: Arrows): Layer {
  let points = 0;
  return {
    order: ORDER.arrows,
    moved({ at, dims }) {
      points = dims === given.dims ? at.length : 0;
    },
    paint(sheet) {
      if (points === given.to.length) paintArrows(sheet, onScreen(sheet, given));
    },
  };
}

function onScreen(sheet: Sheet, { rows, to, dims }: Arrows): Arrow[] {
  return rows.flatMap((row) => {
    const from = sheet.place(row);
    const at = dims * row;
    const [x1, y1] = sheet.camera.project(to[at]!, to[at + 1]!, dims === 3 ? to[at + 2]! : 0);
    if (!from || !Number.isFinite(x1 + y1)) return [];
    return [{ x0: from[0], y0: from[1], x1, y1, color: rows.length === 1 ? sheet.color.accent : sheet.ink(row) }];
  });
}

function paintArrows({ pen, color }: Sheet, all: Arrow[]): void {
  const few = all.length <= FEW;
  const strokes = new Map<string, Arrow[]>();
  for (const arrow of all) {
    const found = strokes.get(arrow.color);
    if (found) found.push(arrow);
    else strokes.set(arrow.color, [arrow]);
  }
  const stroke = (list: Arrow[], style: string, width: number, alpha: number) => {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.globalAlpha = alpha;
    pen.beginPath();
    for (const { x0, y0, x1, y1 } of list) {
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (length < LEAST_PX) continue;
      const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
      const head = Math.min(HEAD_PX, length / 2);
      pen.moveTo(x0, y0);
      pen.lineTo(x1, y1);
      pen.moveTo(x1 - head * (ux + 0.55 * uy), y1 - head * (uy - 0.55 * ux));
      pen.lineTo(x1, y1);
      pen.lineTo(x1 - head * (ux - 0.55 * uy), y1 - head * (uy + 0.55 * ux));
    }
    pen.stroke();
  };
  if (few) stroke(all, color.canvas, 3.5, 0.8);
  for (const [style, list] of strokes) stroke(list, style, few ? 1.7 : 0.9, few ? 0.95 : 0.55);
}
