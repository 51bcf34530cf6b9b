// Thumbnails of rows in place of their points, cut from sheets that hold hundreds of them.
import { crowding } from "../density.ts";
import { gridOf } from "../grid.ts";
import { type Layer, ORDER } from "../layer.ts";

/** Thumbnails drawn at once at most. */
export const PICTURES_MOST = 10_000;
/** Without being asked for, they are drawn where they are so large, in pixels, and so few. */
const READABLE = { side: 22, most: 2000 };
const SIDE = { least: 9, most: 60 };
/** How much of the space around an average point its thumbnail takes. */
const FILL = 0.75;
const BORDER = 1.5;

/** Pictures of one size, line by line. */
export interface PictureSheet {
  image: CanvasImageSource;
  columns: number;
  width: number;
  height: number;
}
export interface Pictures {
  rowOf: Uint32Array;
  /** Whether a row is drawn. */
  may: ((row: number) => boolean) | null;
  /** Where the picture of a row is; null until it is fetched. */
  of(row: number): { sheet: PictureSheet; at: number } | null;
  want(rows: number[]): void;
  /** Whether they are drawn however small they are. */
  always: boolean;
  pixelated: boolean;
  /** How many are drawn, and of how many in sight. */
  drew(pictures: number, inSight: number): void;
}

export function pictures({ rowOf, may, of, want, always, pixelated, drew }: Pictures): Layer {
  let at = new Float32Array(0);
  let dims: 2 | 3 = 2;
  /** Map units from an average point to the next. */
  let apart = 0;
  return {
    order: ORDER.pictures,
    moved(positions) {
      [at, dims] = [positions.at as Float32Array<ArrayBuffer>, positions.dims];
      const crowd = crowding(gridOf(at, dims));
      apart = crowd > 0 ? 1 / Math.sqrt(crowd) : Infinity;
    },
    paint({ pen, color, camera, ink }) {
      if (camera.orbit || at.length !== rowOf.length * dims) return drew(0, 0);
      // The size follows the zoom alone, so that it stays while one pans.
      const side = Math.max(SIDE.least, Math.min(SIDE.most, FILL * apart * camera.scale));
      const most = always ? PICTURES_MOST : READABLE.most;
      if (!always && side < READABLE.side) return drew(0, 0);
      const { scale } = camera;
      const [x0, y0] = camera.project(0, 0, 0);
      const seen: number[] = [];
      for (let s = 0; s < rowOf.length && seen.length <= most; s++) {
        const x = x0 + scale * at[s * dims]!;
        const y = y0 - scale * at[s * dims + 1]!;
        if (x > -side && x < camera.width + side && y > -side && y < camera.height + side && (may === null || may(rowOf[s]!))) seen.push(s);
      }
      if (seen.length > most) return drew(0, seen.length);
      pen.imageSmoothingEnabled = !pixelated || side < 28;
      const missing: number[] = [];
      let [drawn, style] = [0, ""];
      for (const s of seen) {
        const row = rowOf[s]!;
        const found = of(row);
        if (!found) {
          missing.push(row);
          continue;
        }
        const { image, columns, width, height } = found.sheet;
        const longer = side / Math.max(width, height);
        const [w, h] = [width * longer, height * longer];
        const [x, y] = [x0 + scale * at[s * dims]! - w / 2, y0 - scale * at[s * dims + 1]! - h / 2];
        const border = ink(row);
        if (border !== style) pen.fillStyle = style = border;
        pen.fillRect(x - BORDER, y - BORDER, w + 2 * BORDER, h + 2 * BORDER);
        pen.drawImage(image, (found.at % columns) * width, Math.floor(found.at / columns) * height, width, height, x, y, w, h);
        drawn++;
      }
      pen.fillStyle = color.text;
      if (missing.length > 0) want(missing);
      drew(drawn, seen.length);
    },
  };
}
