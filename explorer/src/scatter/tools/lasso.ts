// Lasso: a line drawn by hand around points.
import { ORDER, type Sheet } from "../layer.ts";
import { paintLine } from "../layers/line.ts";
import { type Polygon, simplified } from "../lasso.ts";
import type { Tool } from "./tool.ts";

/** Corners nearer to each other than this are one: a hand draws hundreds. */
const LEAST_PX = 3;

export class Lasso implements Tool {
  readonly order = ORDER.line + 1;
  private polygon: Polygon = [];
  private readonly drawn: (polygon: Polygon) => void;

  /** `drawn` gets each line of three corners or more, on the screen. */
  constructor(drawn: (polygon: Polygon) => void) {
    this.drawn = drawn;
  }
  down(x: number, y: number): void {
    this.polygon = [[x, y]];
  }
  drag(x: number, y: number): void {
    this.polygon = [...this.polygon, [x, y]];
  }
  up(): void {
    const polygon = simplified(this.polygon, LEAST_PX);
    this.polygon = [];
    if (polygon.length >= 3) this.drawn(polygon);
  }
  cancel(): void {
    this.polygon = [];
  }
  paint(sheet: Sheet): void {
    paintLine(sheet, this.polygon);
  }
}
