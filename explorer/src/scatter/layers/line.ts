// A line around points, drawn by hand.
import { type Layer, ORDER, type Sheet } from "../layer.ts";
import type { Polygon } from "../lasso.ts";

/** A line on a flat map, in map units. */
export const line = (polygon: Polygon): Layer => ({
  order: ORDER.line,
  paint(sheet) {
    const { camera } = sheet;
    if (!camera.orbit) paintLine(sheet, polygon.map(([x, y]) => camera.project(x, y, 0).slice(0, 2) as [number, number]));
  },
});

/** A line on the screen. */
export function paintLine({ pen, color }: Sheet, polygon: Polygon): void {
  if (polygon.length < 2) return;
  pen.beginPath();
  polygon.forEach(([x, y], i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
  pen.closePath();
  pen.fillStyle = color.accent;
  pen.globalAlpha = 0.08;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = color.accent;
  pen.lineWidth = 1.5;
  pen.setLineDash([5, 4]);
  pen.stroke();
}
