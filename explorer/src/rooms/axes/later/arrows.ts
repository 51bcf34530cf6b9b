// The columns of a biplot: an arrow each from one place, with names that do not lie over each other.
import { placed } from "../../../scatter/labels.ts";
import { type Layer, ORDER } from "../../../scatter/layer.ts";
import type { ColumnArrow } from "../types.ts";

const FONT = '500 12px "Inter Variable", system-ui, sans-serif';
const HEAD_PX = 7;
/** Arrows shorter than this say nothing. */
const LEAST_PX = 8;
/** Names are cut beyond so many letters; they stand so far from the tips. */
const LONGEST = 28;
const APART_PX = 8;
const HEIGHT_PX = 16;

export interface Shape {
  /** Where they begin, in map units. */
  from: [number, number];
  /** Map units of one unit of an arrow. */
  scale: number;
}

/** Arrows as long as the map is wide: the longest ends near its edge. */
export function shapeOf(arrows: ColumnArrow[], from: [number, number]): Shape {
  const most = arrows.reduce((most, { x, y }) => Math.max(most, Math.abs(x), Math.abs(y)), 0);
  return { from, scale: most > 0 ? 0.85 / most : 1 };
}

export const columnArrows = (arrows: ColumnArrow[], { from, scale }: Shape): Layer => ({
  order: ORDER.arrows,
  paint({ pen, color, camera }) {
    const [x0, y0] = camera.project(from[0], from[1], 0);
    const tips = arrows.flatMap(({ name, x, y }) => {
      const [x1, y1] = camera.project(from[0] + scale * x, from[1] + scale * y, 0);
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (!(length >= LEAST_PX)) return [];
      return [{ text: name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name, x: x1, y: y1, dx: (x1 - x0) / length, dy: (y1 - y0) / length }];
    });
    const stroke = (style: string, width: number, alpha: number) => {
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.globalAlpha = alpha;
      pen.beginPath();
      for (const { x, y, dx, dy } of tips) {
        pen.moveTo(x0, y0);
        pen.lineTo(x, y);
        pen.moveTo(x - HEAD_PX * (dx + 0.5 * dy), y - HEAD_PX * (dy - 0.5 * dx));
        pen.lineTo(x, y);
        pen.lineTo(x - HEAD_PX * (dx - 0.5 * dy), y - HEAD_PX * (dy + 0.5 * dx));
      }
      pen.stroke();
    };
    stroke(color.canvas, 4, 0.75);
    stroke(color.text, 1.5, 0.9);
    pen.globalAlpha = 1;
    pen.font = FONT;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 4;
    pen.strokeStyle = color.canvas;
    pen.fillStyle = color.text;
    // Beyond the tips, along their arrows; the first ones as near as can be, the others where there is room.
    const wide = (text: string) => pen.measureText(text).width;
    const names = tips.map(({ text, x, y, dx, dy }, code) => ({ code, text, count: 1, at: [x + dx * (APART_PX + wide(text) / 2), y + dy * (APART_PX + HEIGHT_PX / 2), 0] as [number, number, number] }));
    for (const { label, x, y } of placed(names, (at) => at, ({ text }) => wide(text), HEIGHT_PX, camera)) {
      pen.strokeText(label.text, x, y);
      pen.fillText(label.text, x, y);
    }
  },
});
