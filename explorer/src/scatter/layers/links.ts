// The chosen row with its neighbors: kept, lost and invented.
import { type Layer, ORDER, placesOf } from "../layer.ts";

export interface Links {
  row: number;
  kept: number[];
  lost: number[];
  invented: number[];
}

export const links = ({ row, kept, lost, invented }: Links): Layer => ({
  order: ORDER.links,
  paint(sheet) {
    const { pen, color, size } = sheet;
    const from = sheet.place(row);
    if (!from) return;
    const ends = { kept: placesOf(sheet, kept), lost: placesOf(sheet, lost) };
    const lines = (to: [number, number][], style: string, dash: number[], width: number) => {
      pen.setLineDash(dash);
      // A light line beneath, so that it reads over points of any color.
      for (const [stroke, w, alpha] of [[color.canvas, width + 1.6, 0.6], [style, width, 0.95]] as const) {
        pen.strokeStyle = stroke;
        pen.lineWidth = w;
        pen.globalAlpha = alpha;
        pen.beginPath();
        for (const [x, y] of to) {
          pen.moveTo(...from);
          pen.lineTo(x, y);
        }
        pen.stroke();
      }
      pen.globalAlpha = 1;
      pen.setLineDash([]);
    };
    lines(ends.lost, color.warn, [4, 4], 1.2);
    lines(ends.kept, color.good, [], 1.6);
    const dots = (at: [number, number][], style: string) => {
      for (const [x, y] of at) {
        pen.beginPath();
        pen.arc(x, y, Math.max(2.6, size / 2), 0, 7);
        pen.fillStyle = style;
        pen.fill();
        pen.lineWidth = 1;
        pen.strokeStyle = color.canvas;
        pen.stroke();
      }
    };
    dots(ends.lost, color.warn);
    dots(ends.kept, color.good);
    const crosses = placesOf(sheet, invented);
    for (const [stroke, w] of [[color.canvas, 4], [color.muted, 1.7]] as const) {
      pen.strokeStyle = stroke;
      pen.lineWidth = w;
      pen.beginPath();
      for (const [x, y] of crosses) {
        pen.moveTo(x - 3.6, y - 3.6);
        pen.lineTo(x + 3.6, y + 3.6);
        pen.moveTo(x + 3.6, y - 3.6);
        pen.lineTo(x - 3.6, y + 3.6);
      }
      pen.stroke();
    }
  },
});

/** The chosen row itself, over everything else. */
export const chosen = (row: number): Layer => ({
  order: ORDER.chosen,
  paint({ pen, color, size, place }) {
    const at = place(row);
    if (!at) return;
    pen.beginPath();
    pen.arc(...at, Math.max(5.5, size / 2 + 2), 0, 7);
    pen.fillStyle = color.accent;
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = color.canvas;
    pen.stroke();
  },
});

/** The row under the pointer. */
export const hovered = (row: number): Layer => ({
  order: ORDER.hover,
  paint({ pen, color, size, place }) {
    const at = place(row);
    if (!at) return;
    pen.lineWidth = 1.5;
    pen.strokeStyle = color.text;
    pen.beginPath();
    pen.arc(...at, size / 2 + 2.5, 0, 7);
    pen.stroke();
  },
});
