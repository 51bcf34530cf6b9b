// Where the map is seen from. Map units are scaled so that the farthest coordinate is 1.

export interface View {
  /** 2-D: the place in the middle. 3-D: how far the picture was shifted. */
  x: number;
  y: number;
  /** Map units along the shorter side of the picture. */
  span: number;
  yaw: number;
  pitch: number;
}

/** How strongly near things are enlarged in 3-D. */
const PERSPECTIVE = 0.22;
const SPAN = { least: 1e-6, most: 40 };

export class Camera {
  view: View = { x: 0, y: 0, span: 2.2, yaw: 0.6, pitch: 0.35 };
  /** Seen in 3-D, turned about `pivot`. */
  orbit = false;
  pivot: [number, number, number] = [0, 0, 0];
  width = 1;
  height = 1;

  /** Pixels a map unit. */
  get scale(): number {
    return Math.min(this.width, this.height) / this.view.span;
  }
  get perspective(): number {
    return this.orbit ? PERSPECTIVE : 0;
  }
  /** What is subtracted from coordinates before they are turned. */
  get origin(): [number, number, number] {
    return this.orbit ? this.pivot : [this.view.x, this.view.y, 0];
  }
  /** What is subtracted afterwards. */
  get shift(): [number, number] {
    return this.orbit ? [this.view.x, this.view.y] : [0, 0];
  }
  /** Right, up and toward the eye, one row each. */
  axes(): [number[], number[], number[]] {
    if (!this.orbit) return [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    const { yaw, pitch } = this.view;
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    return [
      [cy, 0, sy],
      [sp * sy, cp, -sp * cy],
      [-cp * sy, sp, cp * cy],
    ];
  }

  /** Screen place (pixels from the top left) and depth (toward the eye) of a point. */
  project(x: number, y: number, z: number): [number, number, number] {
    const o = this.origin;
    const [px, py, pz] = [x - o[0], y - o[1], z - o[2]];
    const [r, u, t] = this.axes();
    const depth = t[0]! * px + t[1]! * py + t[2]! * pz;
    const near = 1 / (1 - depth * this.perspective);
    const s = this.scale;
    const [sx, sy] = this.shift;
    return [
      this.width / 2 + ((r[0]! * px + r[1]! * py + r[2]! * pz) * near - sx) * s,
      this.height / 2 - ((u[0]! * px + u[1]! * py + u[2]! * pz) * near - sy) * s,
      depth,
    ];
  }
  /** The map place under a pixel; in 3-D, within the plane of the pivot. */
  unproject(px: number, py: number): [number, number] {
    return [this.view.x + (px - this.width / 2) / this.scale, this.view.y - (py - this.height / 2) / this.scale];
  }

  pan(dx: number, dy: number): void {
    this.view.x -= dx / this.scale;
    this.view.y += dy / this.scale;
  }
  /** Zooms by `factor`, the place under the pixel staying where it is. */
  zoom(factor: number, px: number, py: number): void {
    const before = this.unproject(px, py);
    this.view.span = Math.max(SPAN.least, Math.min(SPAN.most, this.view.span / factor));
    const after = this.unproject(px, py);
    this.view.x += before[0] - after[0];
    this.view.y += before[1] - after[1];
  }
  turn(dx: number, dy: number): void {
    this.view.yaw += dx * 0.008;
    this.view.pitch = Math.max(-1.55, Math.min(1.55, this.view.pitch + dy * 0.008));
  }
}

export function between(a: View, b: View, t: number): View {
  const m = (p: number, q: number) => p + (q - p) * t;
  // Spans blend by ratio: zooming feels even.
  return { x: m(a.x, b.x), y: m(a.y, b.y), span: a.span * (b.span / a.span) ** t, yaw: m(a.yaw, b.yaw), pitch: m(a.pitch, b.pitch) };
}

export const easeOut = (t: number) => 1 - (1 - t) ** 3;
