// Names of categories, each at the densest place of its points.
import { densest, type Label, placed } from "../labels.ts";
import { type Layer, ORDER } from "../layer.ts";

export const NAME_FONT = '600 13.5px "Inter Variable", system-ui, sans-serif';
const NAME_HEIGHT = 18;

/** `codes` are in the order of drawing (-1: none). */
export function names(codes: Int32Array, categories: string[]): Layer {
  let labels: Label[] = [];
  return {
    order: ORDER.names,
    moved({ at, dims }) {
      labels = codes.length * dims === at.length ? densest(at, dims, codes, categories) : [];
    },
    paint({ pen, color, camera }) {
      pen.font = NAME_FONT;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineWidth = 4;
      pen.strokeStyle = color.canvas;
      for (const { label, x, y } of placed(labels, (at) => camera.project(...at), (text) => pen.measureText(text).width, NAME_HEIGHT, camera)) {
        pen.globalAlpha = 0.85;
        pen.strokeText(label.text, x, y);
        pen.globalAlpha = 1;
        pen.fillStyle = color.text;
        pen.fillText(label.text, x, y);
      }
    },
  };
}
