// What is drawn over the points: names, the chosen row with its neighbors, the line of a lasso.
import type { Placed } from "./labels.ts";
import type { Polygon } from "./lasso.ts";

/** From where a row lies to where it lies in another map, in CSS pixels. */
export interface Arrow {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  color: string;
}

/** Places on the screen, in CSS pixels. */
export interface Scene {
  labels: Placed[];
  chosen: [number, number] | null;
  kept: [number, number][];
  lost: [number, number][];
  invented: [number, number][];
  hover: [number, number] | null;
  lasso: Polygon;
  /** Points of a lassoed selection, as far as they are worth drawing. */
  marked: [number, number][];
  arrows: Arrow[];
  size: number;
}

export interface Colors {
  text: string;
  canvas: string;
  accent: string;
  good: string;
  warn: string;
  muted: string;
}

export const LABEL_FONT = '600 13.5px "Inter Variable", system-ui, sans-serif';
export const LABEL_HEIGHT = 18;

export function paintOverlay(g: CanvasRenderingContext2D, scene: Scene, color: Colors, ratio: number): void {
  const { canvas } = g;
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.clearRect(0, 0, canvas.width, canvas.height);
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.lineCap = "round";
  g.lineJoin = "round";

  if (scene.marked.length > 0) {
    g.strokeStyle = color.accent;
    g.globalAlpha = 0.9;
    g.lineWidth = 1;
    const r = scene.size / 2 + 1;
    g.beginPath();
    for (const [x, y] of scene.marked) {
      g.moveTo(x + r, y);
      g.arc(x, y, r, 0, 7);
    }
    g.stroke();
    g.globalAlpha = 1;
  }
  if (scene.arrows.length > 0) paintArrows(g, scene.arrows, color);
  if (scene.chosen) {
    const [cx, cy] = scene.chosen;
    const lines = (to: [number, number][], style: string, dash: number[], width: number) => {
      g.setLineDash(dash);
      // A light line beneath, so that it reads over points of any color.
      for (const [stroke, w, alpha] of [[color.canvas, width + 1.6, 0.6], [style, width, 0.95]] as const) {
        g.strokeStyle = stroke;
        g.lineWidth = w;
        g.globalAlpha = alpha;
        g.beginPath();
        for (const [x, y] of to) {
          g.moveTo(cx, cy);
          g.lineTo(x, y);
        }
        g.stroke();
      }
      g.globalAlpha = 1;
      g.setLineDash([]);
    };
    lines(scene.lost, color.warn, [4, 4], 1.2);
    lines(scene.kept, color.good, [], 1.6);
    const ends = (at: [number, number][], style: string) => {
      for (const [x, y] of at) {
        g.beginPath();
        g.arc(x, y, Math.max(2.6, scene.size / 2), 0, 7);
        g.fillStyle = style;
        g.fill();
        g.lineWidth = 1;
        g.strokeStyle = color.canvas;
        g.stroke();
      }
    };
    ends(scene.lost, color.warn);
    ends(scene.kept, color.good);
    for (const [stroke, w] of [[color.canvas, 4], [color.muted, 1.7]] as const) {
      g.strokeStyle = stroke;
      g.lineWidth = w;
      g.beginPath();
      for (const [x, y] of scene.invented) {
        g.moveTo(x - 3.6, y - 3.6);
        g.lineTo(x + 3.6, y + 3.6);
        g.moveTo(x + 3.6, y - 3.6);
        g.lineTo(x - 3.6, y + 3.6);
      }
      g.stroke();
    }
  }

  g.font = LABEL_FONT;
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.lineWidth = 4;
  g.strokeStyle = color.canvas;
  for (const { label, x, y } of scene.labels) {
    g.globalAlpha = 0.85;
    g.strokeText(label.text, x, y);
    g.globalAlpha = 1;
    g.fillStyle = color.text;
    g.fillText(label.text, x, y);
  }

  if (scene.hover) {
    const [x, y] = scene.hover;
    g.lineWidth = 1.5;
    g.strokeStyle = color.text;
    g.beginPath();
    g.arc(x, y, scene.size / 2 + 2.5, 0, 7);
    g.stroke();
  }
  if (scene.chosen) {
    const [x, y] = scene.chosen;
    g.beginPath();
    g.arc(x, y, Math.max(5.5, scene.size / 2 + 2), 0, 7);
    g.fillStyle = color.accent;
    g.fill();
    g.lineWidth = 2.5;
    g.strokeStyle = color.canvas;
    g.stroke();
  }
  if (scene.lasso.length > 1) {
    g.beginPath();
    scene.lasso.forEach(([x, y], i) => (i === 0 ? g.moveTo(x, y) : g.lineTo(x, y)));
    g.closePath();
    g.fillStyle = color.accent;
    g.globalAlpha = 0.08;
    g.fill();
    g.globalAlpha = 1;
    g.strokeStyle = color.accent;
    g.lineWidth = 1.5;
    g.setLineDash([5, 4]);
    g.stroke();
    g.setLineDash([]);
  }
}

/** Arrows shorter than this say no more than their point does. */
const ARROW_LEAST_PX = 6;
const HEAD_PX = 5;
/** As many stand apart; more are drawn thin, so that the points beneath stay to be seen. */
const ARROWS_FEW = 40;

function paintArrows(g: CanvasRenderingContext2D, arrows: Arrow[], color: Colors): void {
  const few = arrows.length <= ARROWS_FEW;
  const strokes = new Map<string, Arrow[]>();
  for (const arrow of arrows) {
    const found = strokes.get(arrow.color);
    if (found) found.push(arrow);
    else strokes.set(arrow.color, [arrow]);
  }
  const stroke = (list: Arrow[], style: string, width: number, alpha: number) => {
    g.strokeStyle = style;
    g.lineWidth = width;
    g.globalAlpha = alpha;
    g.beginPath();
    for (const { x0, y0, x1, y1 } of list) {
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (length < ARROW_LEAST_PX) continue;
      const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
      const head = Math.min(HEAD_PX, length / 2);
      g.moveTo(x0, y0);
      g.lineTo(x1, y1);
      g.moveTo(x1 - head * (ux + 0.55 * uy), y1 - head * (uy - 0.55 * ux));
      g.lineTo(x1, y1);
      g.lineTo(x1 - head * (ux - 0.55 * uy), y1 - head * (uy + 0.55 * ux));
    }
    g.stroke();
  };
  if (few) stroke(arrows, color.canvas, 3.5, 0.8);
  for (const [style, list] of strokes) stroke(list, style, few ? 1.7 : 0.9, few ? 0.95 : 0.55);
  g.globalAlpha = 1;
}
