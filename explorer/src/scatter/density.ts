// Density where points cover each other: a picture of a grid over a flat map, with the mean color of each cell's points in a tone
// by the logarithm of their number. It is made once for each coloring; moving the map only moves the picture.
import { BELOW, FAINT, FILTERED, HIDDEN, PLAIN, shareOfByte } from "./back.ts";
import type { Camera } from "./camera.ts";
import type { Grid } from "./grid.ts";
import { type Rgb, toByte, toLinear } from "./palette.ts";

/** Fewer points are drawn one by one at any zoom. */
export const DENSITY_FROM = 50_000;
/** How many points cover the place of an average point: points alone up to the first number, density alone from the second on. */
const CROWD = [2, 5] as const;
/** The picture fades where its cells, in CSS pixels, become larger. */
const CELL_PX = [3, 8] as const;
/** The tone of a single point, and of the densest percent of the cells. */
const TONE = [0.26, 0.96] as const;
/** What a row without a value weighs beside others. */
const BELOW_WEIGHT = 0.25;

/** Numbers as colors: a step of the ramp for each row, 0 where there is none; means are taken of steps, not of colors. */
export interface Ramp {
  steps: Uint8Array;
  table: Rgb[];
}

const LINEAR = Float32Array.from({ length: 256 }, (_, c) => toLinear(c));
const FINE = 4095;
/** One more for sums that are rounded up. */
const BYTES = Uint8Array.from({ length: FINE + 2 }, (_, i) => toByte(i / FINE));

export class Density {
  private readonly grid: Grid;
  private readonly crowd: number;
  private readonly picture: HTMLCanvasElement;

  constructor(grid: Grid) {
    this.grid = grid;
    this.crowd = crowding(grid);
    this.picture = document.createElement("canvas");
    this.picture.width = this.picture.height = grid.side;
  }

  /** How much of the density is seen, 0 to 1, where a map unit is `scale` pixels and a point `size` pixels wide. */
  share(scale: number, size: number): number {
    const { box, side } = this.grid;
    const between = (x: number, low: number, high: number) => Math.max(0, Math.min(1, Math.log(x / low) / Math.log(high / low)));
    const covered = (this.crowd * Math.PI * size * size) / 4 / (scale * scale);
    const cell = (Math.max(box.x1 - box.x0, box.y1 - box.y0) * scale) / side;
    return Math.min(between(covered, ...CROWD), 1 - between(cell, ...CELL_PX));
  }

  color(tint: Tint): void {
    const { side } = this.grid;
    this.picture.getContext("2d")!.putImageData(new ImageData(new Uint8ClampedArray(pixels(this.grid, tint).buffer), side, side), 0, 0);
  }

  /** Draws it as the camera sees it. */
  paint(pen: CanvasRenderingContext2D, camera: Camera, ratio: number): void {
    const { box } = this.grid;
    const [x0, y0] = camera.project(box.x0, box.y0, 0);
    const [x1, y1] = camera.project(box.x1, box.y1, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "medium";
    // Lines of the grid go up, those of a picture down: y0 is below y1.
    pen.transform((x1 - x0) / this.picture.width, 0, 0, (y1 - y0) / this.picture.height, x0, y0);
    pen.drawImage(this.picture, 0, 0);
    pen.setTransform(1, 0, 0, 1, 0, 0);
  }
}

const crowds = new WeakMap<Grid, number>();
/** Points for each square of a map unit, around an average point. */
export function crowding(grid: Grid): number {
  const known = crowds.get(grid);
  if (known !== undefined) return known;
  const { start, side, box } = grid;
  let points = 0;
  let pairs = 0;
  for (let c = 0; c < side * side; c++) {
    const many = start[c + 1]! - start[c]!;
    points += many;
    pairs += many * (many - 1);
  }
  const area = ((box.x1 - box.x0) * (box.y1 - box.y0)) / (side * side);
  const crowd = points > 0 && area > 0 ? pairs / points / area : 0;
  crowds.set(grid, crowd);
  return crowd;
}

/**
 * The pixels of the picture, four bytes a cell: the mean color of its points, and by opacity their tone. `ink`: four bytes a slot
 * (see back.ts); `ramp`: numbers of rows in place of colors.
 */
export function pixels(grid: Grid, { ink, background, grey, ramp, rowOf }: Tint): Uint32Array<ArrayBuffer> {
  const { start, items, side } = grid;
  const raw = new Uint32Array(ink.buffer, ink.byteOffset, ink.length / 4);
  const cells = side * side;
  const shown = new Float32Array(cells);
  const faded = new Float32Array(cells);
  const paint = new Uint32Array(cells);
  const [groundR, groundG, groundB] = background.map((c) => LINEAR[c]!) as Rgb;
  const table = (ramp?.table ?? []).map((rgb) => rgb.map((c) => LINEAR[c]!) as Rgb);
  for (let c = 0; c < cells; c++) {
    const begin = start[c]!;
    const end = start[c + 1]!;
    if (begin === end) continue;
    let r = 0;
    let g = 0;
    let b = 0;
    let weight = 0;
    let pale = 0;
    let steps = 0;
    let numbers = 0;
    let faint = 0;
    for (let k = begin; k < end; k++) {
      const slot = items[k]!;
      const one = raw[slot]!;
      const alpha = one >>> 24;
      if (alpha === HIDDEN) continue;
      if (alpha === FILTERED) {
        faint++;
        continue;
      }
      const w = alpha === BELOW ? BELOW_WEIGHT : 1;
      weight += w;
      if (ramp !== null && alpha !== BELOW) {
        steps += ramp.steps[rowOf[slot]!]!;
        numbers++;
      } else {
        r += w * LINEAR[one & 255]!;
        g += w * LINEAR[(one >>> 8) & 255]!;
        b += w * LINEAR[(one >>> 16) & 255]!;
      }
      if (alpha !== PLAIN && alpha !== BELOW) pale += 0.78 * (1 - shareOfByte(alpha)) ** 1.3;
    }
    if (weight === 0) {
      faded[c] = faint;
      continue;
    }
    shown[c] = weight;
    if (numbers > 0) {
      const mean = table[Math.round(steps / numbers)]!;
      r += numbers * mean[0];
      g += numbers * mean[1];
      b += numbers * mean[2];
    }
    // Shares of neighbors kept make it paler, as they make points.
    const away = pale / weight;
    const most = (FINE * (1 - away)) / weight;
    paint[c] = BYTES[(r * most + groundR * away * FINE) | 0]! | (BYTES[(g * most + groundG * away * FINE) | 0]! << 8) | (BYTES[(b * most + groundB * away * FINE) | 0]! << 16);
  }
  const [toneShown, toneFaded] = [tones(shown), tones(faded)];
  const flat = grey[0] | (grey[1] << 8) | (grey[2] << 16);
  for (let c = 0; c < cells; c++) {
    if (shown[c]! > 0) paint[c] = paint[c]! | (Math.round(255 * toneShown(shown[c]!)) << 24);
    else if (faded[c]! > 0) paint[c] = flat | (Math.round(255 * FAINT.filtered * toneFaded(faded[c]!)) << 24);
  }
  return paint;
}

export interface Tint {
  ink: Uint8Array<ArrayBuffer>;
  background: Rgb;
  grey: Rgb;
  ramp: Ramp | null;
  rowOf: Uint32Array;
}

/** The tone of a number of points: from that of one to that of the densest percent of the cells, by the logarithm. */
function tones(counts: Float32Array): (count: number) => number {
  const of = new Uint32Array(65536);
  let filled = 0;
  for (let c = 0; c < counts.length; c++)
    if (counts[c]! > 0) {
      of[Math.min(65535, Math.ceil(counts[c]!))]!++;
      filled++;
    }
  let [most, above] = [65535, 0];
  while (most > 1 && (above += of[most]!) < 0.01 * filled) most--;
  const known = Float32Array.from({ length: 1024 }, (_, count) => TONE[0] + (TONE[1] - TONE[0]) * Math.min(1, Math.log(Math.max(1, count)) / Math.log(Math.max(2, most))));
  return (count) => (count >= 1 ? (known[Math.round(count)] ?? TONE[0] + (TONE[1] - TONE[0]) * Math.min(1, Math.log(count) / Math.log(Math.max(2, most)))) : TONE[0] * count);
}
