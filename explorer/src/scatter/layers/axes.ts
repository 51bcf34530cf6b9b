// Axes with names and ticks at the edges of a flat map, where coordinates mean something.
import { type Layer, ORDER } from "../layer.ts";

export interface Axes {
  /** Across, and up. */
  names: [string, string];
  /** What stands at the origin of map units, and how much one of them is. */
  center: [number, number];
  radius: number;
  tell(axis: 0 | 1, value: number): string;
}

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const TICK_PX = 4;
const APART_PX = 90;
const GAP_PX = 10;

/** Round values within a range, at most so many: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5].find((times) => times * unit >= rough) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export const axes = ({ names, center, radius, tell }: Axes): Layer => ({
  order: ORDER.axes,
  paint({ pen, color, camera }) {
    if (camera.orbit) return;
    const { width, height } = camera;
    const value = (axis: 0 | 1, at: number) => center[axis] + radius * at;
    const [left, bottom] = camera.unproject(0, height);
    const [right, top] = camera.unproject(width, 0);
    pen.font = FONT;
    pen.fillStyle = color.muted;
    pen.strokeStyle = color.canvas;
    const write = (text: string, x: number, y: number) => {
      pen.lineWidth = 3;
      pen.strokeStyle = color.canvas;
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
    };
    const tick = (x: number, y: number, dx: number, dy: number) => {
      pen.lineWidth = 1;
      pen.strokeStyle = color.muted;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x + dx, y + dy);
      pen.stroke();
    };
    // Across: the name at the right end, values that do not touch it.
    pen.textBaseline = "alphabetic";
    pen.textAlign = "right";
    const end = width - GAP_PX - pen.measureText(names[0]).width;
    write(names[0], width - GAP_PX / 2, height - TICK_PX - 1);
    pen.textAlign = "center";
    for (const at of ticks(value(0, left), value(0, right), width / APART_PX)) {
      const [x] = camera.project((at - center[0]) / radius, 0, 0);
      const text = tell(0, at);
      const half = pen.measureText(text).width / 2;
      tick(x, height, 0, -TICK_PX);
      if (x - half > 2 * GAP_PX && x + half < end - GAP_PX) write(text, x, height - TICK_PX - 1);
    }
    // Up: the name along the edge, beside the widest value.
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    let widest = 0;
    for (const at of ticks(value(1, bottom), value(1, top), height / APART_PX)) {
      const [, y] = camera.project(0, (at - center[1]) / radius, 0);
      const text = tell(1, at);
      tick(0, y, TICK_PX, 0);
      if (y < 2 * GAP_PX || y > height - 2 * GAP_PX) continue;
      widest = Math.max(widest, pen.measureText(text).width);
      write(text, TICK_PX + 3, y);
    }
    pen.save();
    pen.translate(TICK_PX + 3 + widest + GAP_PX, height / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    write(names[1], 0, 0);
    pen.restore();
  },
});
