// What is drawn over the points, layer by layer: each knows rows, and asks for their places.
import type { Camera } from "./camera.ts";

export interface Colors {
  text: string;
  canvas: string;
  accent: string;
  good: string;
  warn: string;
  muted: string;
}

/** What a layer draws on. Places are in CSS pixels from the map's corner. */
export interface Sheet {
  pen: CanvasRenderingContext2D;
  color: Colors;
  camera: Camera;
  /** Diameter of the points. */
  size: number;
  /** Where a row is, or null where there is no such row. */
  place(row: number): [number, number] | null;
  /** The color of a row's point. */
  ink(row: number): string;
}

/** The coordinates of a map, point by point in the order of drawing. */
export interface Positions {
  at: Float32Array;
  dims: 2 | 3;
}

export interface Layer {
  /** Layers are drawn by this number, the lowest first. */
  order: number;
  paint(sheet: Sheet): void;
  /** What a click at a place does; null where nothing of the layer is there. */
  click?(x: number, y: number): (() => void) | null;
  /** Rows whose names were drawn last. */
  named?(): number[];
  /** The points have other coordinates, or are others. */
  moved?(positions: Positions): void;
}

/** In which order the layers of the map are drawn. */
export const ORDER = { axes: 5, pictures: 6, contours: 8, marks: 10, arrows: 20, links: 30, names: 40, hover: 50, chosen: 60, line: 70 } as const;

/** Draws the layers, in their order, on an empty canvas; on what is there already if `clear` is false. */
export function paintLayers(layers: Iterable<Layer>, sheet: Sheet, ratio: number, clear = true): void {
  const { pen } = sheet;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  if (clear) pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  for (const layer of [...layers].sort((a, b) => a.order - b.order)) {
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.globalAlpha = 1;
    pen.setLineDash([]);
    layer.paint(sheet);
  }
}

/** The places of those rows that have one. */
export const placesOf = (sheet: Sheet, rows: number[]): [number, number][] => rows.map((row) => sheet.place(row)).filter((place) => place !== null);
