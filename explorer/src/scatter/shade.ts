// The canvas over the points on which density stands for them.
import type { Frame } from "./back.ts";
import type { Camera } from "./camera.ts";
import { Density, DENSITY_FROM, type Tint } from "./density.ts";
import { gridOf } from "./grid.ts";
import type { Positions } from "./layer.ts";

export class Shade {
  readonly canvas = document.createElement("canvas");
  /** Whether density may stand for points. */
  may = false;
  private readonly pen: CanvasRenderingContext2D;
  private density: Density | null = null;
  private tinted = false;

  constructor() {
    const pen = this.canvas.getContext("2d");
    if (!pen) throw new Error("This browser has no canvas to draw on.");
    this.pen = pen;
    this.canvas.className = "density";
  }
  /** The places of the points are others. */
  moved(): void {
    this.density = null;
  }
  /** Their colors are others. */
  recolored(): void {
    this.tinted = false;
  }
  /** How much of the density is seen, 0 to 1, of points that rest. */
  share({ at, dims }: Positions, { camera, size }: Frame): number {
    if (!this.may || at.length < DENSITY_FROM * dims || camera.orbit) return 0;
    if (!this.density) {
      this.density = new Density(gridOf(at, dims));
      this.tinted = false;
    }
    return this.density.share(camera.scale, size);
  }
  draw(share: number, { camera, ratio, background, grey }: Frame, tint: Omit<Tint, "background" | "grey">): void {
    this.canvas.style.opacity = String(Math.min(1, 2 * share));
    if (share === 0 || !this.density) return;
    if (!this.tinted) this.density.color({ ...tint, background, grey });
    this.tinted = true;
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.density.paint(this.pen, camera, ratio);
  }
  /** Draws on another canvas the density that was drawn last. */
  paint(pen: CanvasRenderingContext2D, camera: Camera, ratio: number): void {
    this.density?.paint(pen, camera, ratio);
  }
}
