// Names of categories, each at the densest place of its points.
import { densest, type Label, type Placed, placed } from "../labels.ts";
import { type Layer, ORDER } from "../layer.ts";

export const NAME_FONT = '600 13.5px "Inter Variable", system-ui, sans-serif';
const NAME_HEIGHT = 18;

/** `codes` are in the order of drawing (-1: none); `pick` is called with the category whose name is clicked. */
export function names(codes: Int32Array, categories: string[], pick: (code: number) => void): Layer {
  let labels: Label[] = [];
  let drawn: (Placed & { half: number })[] = [];
  return {
    order: ORDER.names,
    click(x, y) {
      const found = drawn.find((name) => Math.abs(x - name.x) <= name.half && Math.abs(y - name.y) <= NAME_HEIGHT / 2);
      return found ? () => pick(found.label.code) : null;
    },
    moved({ at, dims }) {
      labels = codes.length * dims === at.length ? densest(at, dims, codes, categories) : [];
    },
    paint({ pen, color, camera }) {
      pen.font = NAME_FONT;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineWidth = 4;
      pen.strokeStyle = color.canvas;
      const wide = (text: string) => pen.measureText(text).width;
      drawn = placed(labels, (at) => camera.project(...at), wide, NAME_HEIGHT, camera).map((name) => ({ ...name, half: wide(name.label.text) / 2 }));
      for (const { label, x, y } of drawn) {
        pen.globalAlpha = 0.85;
        pen.strokeText(label.text, x, y);
        pen.globalAlpha = 1;
        pen.fillStyle = color.text;
        pen.fillText(label.text, x, y);
      }
    },
  };
}
