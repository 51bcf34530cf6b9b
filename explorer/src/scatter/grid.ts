// Finds the point under the cursor: a grid filled by counting sort.

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Box of all finite points; `stride` floats a point. */
export function boxOf(at: Float32Array, stride: number): Box {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (let i = 0; i < at.length; i += stride) {
    const x = at[i]!;
    const y = at[i + 1]!;
    if (!(Math.abs(x) < Infinity && Math.abs(y) < Infinity)) continue;
    if (x < box.x0) box.x0 = x;
    if (x > box.x1) box.x1 = x;
    if (y < box.y0) box.y0 = y;
    if (y > box.y1) box.y1 = y;
  }
  return box.x0 <= box.x1 ? box : { x0: -1, y0: -1, x1: 1, y1: 1 };
}

export class Grid {
  private readonly at: Float32Array;
  private readonly stride: number;
  readonly box: Box;
  /** Cells along each axis. */
  readonly side: number;
  /** Where each cell, line by line, begins among the items, in the order of drawing; its end is the beginning of the next. */
  readonly start: Uint32Array;
  readonly items: Uint32Array;
  private readonly kx: number;
  private readonly ky: number;

  constructor(at: Float32Array, stride: number) {
    const n = at.length / stride;
    this.at = at;
    this.stride = stride;
    this.box = boxOf(at, stride);
    this.side = Math.max(1, Math.min(2048, Math.ceil(Math.sqrt(n))));
    this.kx = this.side / (this.box.x1 - this.box.x0 || 1);
    this.ky = this.side / (this.box.y1 - this.box.y0 || 1);
    const cells = this.side * this.side;
    const start = new Uint32Array(cells + 1);
    const cell = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const x = at[i * stride]!;
      const y = at[i * stride + 1]!;
      const c = Number.isFinite(x + y) ? this.column(x) + this.side * this.line(y) : cells;
      cell[i] = c;
      if (c < cells) start[c + 1]!++;
    }
    for (let c = 0; c < cells; c++) start[c + 1]! += start[c]!;
    this.items = new Uint32Array(start[cells]!);
    const next = start.slice();
    for (let i = 0; i < n; i++) if (cell[i]! < cells) this.items[next[cell[i]!]!++] = i;
    this.start = start;
  }

  private column = (x: number) => Math.max(0, Math.min(this.side - 1, Math.floor((x - this.box.x0) * this.kx)));
  private line = (y: number) => Math.max(0, Math.min(this.side - 1, Math.floor((y - this.box.y0) * this.ky)));

  /** The nearest point within `radius` for which `allowed`, or -1; of equals, the one that is drawn last. */
  nearest(x: number, y: number, radius: number, allowed: (i: number) => boolean): number {
    let best = -1;
    let least = radius * radius;
    for (let l = this.line(y - radius); l <= this.line(y + radius); l++) {
      for (let c = this.column(x - radius); c <= this.column(x + radius); c++) {
        const k = c + this.side * l;
        for (let s = this.start[k]!; s < this.start[k + 1]!; s++) {
          const i = this.items[s]!;
          const d = (this.at[i * this.stride]! - x) ** 2 + (this.at[i * this.stride + 1]! - y) ** 2;
          if (d <= least && (d < least || i > best) && allowed(i)) {
            best = i;
            least = d;
          }
        }
      }
    }
    return best;
  }
}

const known = new WeakMap<Float32Array, Grid>();
/** The grid of these places, made once. */
export function gridOf(at: Float32Array, stride: number): Grid {
  let grid = known.get(at);
  if (!grid) known.set(at, (grid = new Grid(at, stride)));
  return grid;
}
