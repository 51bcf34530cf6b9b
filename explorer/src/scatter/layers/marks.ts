// Rings around the rows of a small selection, which could be overlooked.
import { type Layer, ORDER, placesOf } from "../layer.ts";

/** More rings would only hide the points, which keep their colors while the others fade. */
export const MARKED_MOST = 100;

export const marks = (rows: number[]): Layer => ({
  order: ORDER.marks,
  paint(sheet) {
    const { pen, color, size } = sheet;
    pen.strokeStyle = color.accent;
    pen.globalAlpha = 0.9;
    pen.lineWidth = 1;
    const r = size / 2 + 1;
    pen.beginPath();
    for (const [x, y] of placesOf(sheet, rows)) {
      pen.moveTo(x + r, y);
      pen.arc(x, y, r, 0, 7);
    }
    pen.stroke();
  },
});
