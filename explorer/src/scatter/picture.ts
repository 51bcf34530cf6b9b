// The map as a picture to print: its points, what is drawn over them, a legend and a caption, on any canvas or as SVG.
import { BELOW, FAINT, FILTERED, HIDDEN, PLAIN, shareOfByte } from "./back.ts";
import type { Rgb } from "./palette.ts";

/** What a picture needs of a map: the points that are seen, in the order of drawing. */
export interface Seen {
  /** Two coordinates a point, CSS pixels. */
  at: Float32Array;
  /** Four bytes a point (see back.ts). */
  ink: Uint8Array;
  width: number;
  height: number;
  size: number;
  opacity: number;
  background: Rgb;
  grey: Rgb;
}

/** The part of a canvas's context that pictures and layers use. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  "beginPath" | "closePath" | "moveTo" | "lineTo" | "arc" | "fill" | "stroke" | "fillText" | "strokeText" | "measureText" | "fillRect" | "setLineDash" | "setTransform" | "clearRect" | "drawImage"
> & {
  imageSmoothingEnabled: boolean;
  fillStyle: string | CanvasGradient | CanvasPattern;
  strokeStyle: string | CanvasGradient | CanvasPattern;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  lineCap: CanvasLineCap;
  lineJoin: CanvasLineJoin;
};

/** Points of one color, which are drawn together: those that are filtered away first, then those without a value. */
interface Group {
  color: string;
  alpha: number;
  at: number[];
}

/** How much of its color a point has that kept no neighbor. */
const PALE = 0.25;

/** Points by color, in an order that depends on the points alone. */
export function groups({ at, ink, opacity, background, grey }: Seen): Group[] {
  const found = new Map<number, Group>();
  const mixed = (a: number, b: number, t: number) => Math.round(a + (b - a) * t);
  for (let i = 0; i < at.length / 2; i++) {
    const alpha = ink[4 * i + 3]!;
    if (alpha === HIDDEN) continue;
    // Shades in eight steps: more would be as many colors as points.
    const shade = alpha === FILTERED ? 10 : alpha === BELOW ? 9 : alpha === PLAIN ? 8 : Math.round(shareOfByte(alpha) * 7);
    const [r, g, b] = alpha === FILTERED ? grey : [ink[4 * i]!, ink[4 * i + 1]!, ink[4 * i + 2]!];
    const key = ((((r << 8) | g) << 8) | b) * 16 + shade;
    let group = found.get(key);
    if (!group) {
      const t = shade >= 8 ? 1 : PALE + (1 - PALE) * (shade / 7);
      const color = `rgb(${mixed(background[0], r, t)} ${mixed(background[1], g, t)} ${mixed(background[2], b, t)})`;
      found.set(key, (group = { color, alpha: alpha === FILTERED ? FAINT.filtered : alpha === BELOW ? FAINT.below : opacity, at: [] }));
    }
    group.at.push(at[2 * i]!, at[2 * i + 1]!);
  }
  const low = (key: number) => Math.max(8, key % 16);
  return [...found.entries()].sort((a, b) => low(b[0]) - low(a[0])).map(([, group]) => group);
}

/** Draws the points in an order in which no color hides another: in turns of a few of each. */
export function drawPoints(pen: Pen, seen: Seen): void {
  const all = groups(seen);
  const r = seen.size / 2;
  const TURN = 64;
  const most = Math.max(0, ...all.map((group) => group.at.length / 2));
  for (let from = 0; from < most; from += TURN)
    for (const { color, alpha, at } of all) {
      const end = Math.min(at.length / 2, from + TURN);
      if (from >= end) continue;
      pen.globalAlpha = alpha;
      pen.fillStyle = color;
      pen.beginPath();
      for (let i = from; i < end; i++) {
        pen.moveTo(at[2 * i]! + r, at[2 * i + 1]!);
        pen.arc(at[2 * i]!, at[2 * i + 1]!, r, 0, 7);
      }
      pen.fill();
    }
  pen.globalAlpha = 1;
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
/** Two decimals are a hundredth of a pixel. */
const short = (x: number) => String(Math.round(x * 100) / 100);

/** Writes what is drawn as SVG; texts are measured by a canvas. */
export class SvgPen implements Pen {
  fillStyle: string | CanvasGradient | CanvasPattern = "#000";
  strokeStyle: string | CanvasGradient | CanvasPattern = "#000";
  lineWidth = 1;
  imageSmoothingEnabled = true;
  globalAlpha = 1;
  font = "12px sans-serif";
  textAlign: CanvasTextAlign = "start";
  textBaseline: CanvasTextBaseline = "alphabetic";
  lineCap: CanvasLineCap = "butt";
  lineJoin: CanvasLineJoin = "miter";
  private dash: number[] = [];
  private path = "";
  private readonly parts: string[] = [];
  private readonly ruler = document.createElement("canvas").getContext("2d");

  setTransform(): void {}
  clearRect(): void {}
  setLineDash(dash: Iterable<number>): void {
    this.dash = [...dash];
  }
  beginPath(): void {
    this.path = "";
  }
  closePath(): void {
    this.path += "Z";
  }
  moveTo(x: number, y: number): void {
    this.path += `M${short(x)} ${short(y)}`;
  }
  lineTo(x: number, y: number): void {
    this.path += `L${short(x)} ${short(y)}`;
  }
  /** A whole circle: layers draw no other arcs. */
  arc(x: number, y: number, r: number): void {
    const [left, width, radius] = [short(x - r), short(2 * r), short(r)];
    this.path += `M${left} ${short(y)}a${radius} ${radius} 0 1 0 ${width} 0a${radius} ${radius} 0 1 0 -${width} 0`;
  }
  fill(): void {
    if (this.path) this.parts.push(`<path d="${this.path}" fill="${this.fillStyle}"${this.alpha("fill")}/>`);
  }
  stroke(): void {
    if (this.path) this.parts.push(`<path d="${this.path}" fill="none"${this.line()}/>`);
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" fill="${this.fillStyle}"${this.alpha("fill")}/>`);
  }
  /** A part of an image, as a file within the file. */
  drawImage(image: CanvasImageSource, ...[sx, sy, sw, sh, x, y, w, h]: number[]): void {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [sw!, sh!];
    canvas.getContext("2d")!.drawImage(image, sx!, sy!, sw!, sh!, 0, 0, sw!, sh!);
    const smooth = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    this.parts.push(`<image x="${short(x!)}" y="${short(y!)}" width="${short(w!)}" height="${short(h!)}" href="${canvas.toDataURL()}"${smooth}/>`);
  }
  fillText(text: string, x: number, y: number): void {
    this.parts.push(`<text x="${short(x)}" y="${short(y)}" fill="${this.fillStyle}"${this.alpha("fill")}${this.type()}>${escaped(text)}</text>`);
  }
  strokeText(text: string, x: number, y: number): void {
    this.parts.push(`<text x="${short(x)}" y="${short(y)}" fill="none"${this.line()}${this.type()}>${escaped(text)}</text>`);
  }
  measureText(text: string): TextMetrics {
    this.ruler!.font = this.font;
    return this.ruler!.measureText(text);
  }
  /** Points of one color are one path of dots of zero length: a few bytes a point. */
  dots(at: number[], size: number, color: string, alpha: number): void {
    let path = "";
    for (let i = 0; i < at.length; i += 2) path += `M${short(at[i]!)} ${short(at[i + 1]!)}h0`;
    this.parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="${short(size)}" stroke-linecap="round" stroke-opacity="${short(alpha)}"/>`);
  }
  document(width: number, height: number, title: string): string {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>${escaped(title)}</title>${this.parts.join("")}</svg>`;
  }

  private alpha(what: "fill" | "stroke"): string {
    return this.globalAlpha === 1 ? "" : ` ${what}-opacity="${short(this.globalAlpha)}"`;
  }
  private line(): string {
    const dash = this.dash.length > 0 ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    return ` stroke="${this.strokeStyle}" stroke-width="${short(this.lineWidth)}" stroke-linecap="${this.lineCap}" stroke-linejoin="${this.lineJoin}"${dash}${this.alpha("stroke")}`;
  }
  private type(): string {
    const [, weight = "400", size = "12", family = "sans-serif"] = /^(?:(\d+) )?([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const anchor = this.textAlign === "center" ? "middle" : this.textAlign === "right" || this.textAlign === "end" ? "end" : "start";
    const baseline = this.textBaseline === "middle" ? "central" : this.textBaseline === "top" ? "hanging" : "auto";
    return ` font-family="${escaped(family)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" dominant-baseline="${baseline}"`;
  }
}
