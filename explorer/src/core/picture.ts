// A map as a picture to print, with a legend and a caption: what is shown, how it was made, how far to trust it.
import { MISSING } from "../data/types.ts";
import { N_COLORS, css, GREY, ramp } from "../scatter/palette.ts";
import { drawPoints, groups, type Pen, SvgPen } from "../scatter/picture.ts";
import { figure, learning, MEASURES, percent, whole } from "../words.ts";
import type { Store } from "./store.svelte.ts";

/** Pixels of a picture for each of the screen: 300 dots an inch for a map as wide as a page. */
const PRINT = 3;
/** A picture of so many points as SVG would be slow to open: it holds a picture of pixels. */
const SVG_MOST = 200_000;
const FONT = '"Inter Variable", system-ui, sans-serif';
const LINE = 20;
const PAD = 16;

/** What was measured, and how the map was made. */
export function caption(store: Store): string[] {
  const { about } = store.maps;
  if (!about || !store.state) return [];
  const params = Object.entries(about.params).filter(([, value]) => typeof value !== "object" && value !== null);
  const made = params.map(([name, value]) => `${store.titleOf(about.method, name)} ${typeof value === "number" ? figure(value) : String(value)}`);
  const measures = MEASURES.flatMap(({ name, label }) => {
    const m = about.measures?.[name];
    if (!m) return [];
    const told = name === "recall" ? percent : figure;
    return [`${label.toLowerCase()} ${told(m.value)}${m.null === null || m.null === undefined ? "" : ` (random ${told(m.null)})`}`];
  });
  return [
    `${store.state.name} · ${about.title}${learning(about).replace(/ · learned in .*?,/, " ·")}`,
    ...(made.length > 0 ? [made.join(", ")] : []),
    ...(measures.length > 0 ? [`${measures.join(", ")}; k ${store.state.n_neighbors}`] : []),
  ];
}

interface Entry {
  color: string;
  text: string;
}
/** The legend: categories with their counts, or the ends of the ramp. */
function legend(store: Store): { title: string; entries: Entry[]; ramp: boolean } | null {
  const { field, column, scale, by } = store.columns;
  if (field === null || by === null) return null;
  if (typeof field === "object" && field.type === "category") {
    const entries = field.categories.slice(0, N_COLORS).map((c, code) => ({ color: css(store.columns.colorOf(code)), text: `${c.label} (${whole(c.count)})` }));
    const others = field.categories.length - entries.length;
    if (others > 0) entries.push({ color: css(GREY[store.theme]), text: `${whole(others)} more` });
    if (column?.some((code) => code === MISSING)) entries.push({ color: css(GREY[store.theme]), text: `without a value (${whole(field.missing)})` });
    return { title: field.name, entries, ramp: false };
  }
  if (!scale) return null;
  const entries = [scale.low, scale.high].map((end) => ({ color: "", text: store.columns.told(end) }));
  return { title: `${store.columns.nameOf(by)}${scale.log ? ", log scale" : ""}`, entries, ramp: true };
}

/** Words of a text in lines of at most so many pixels. */
function wrapped(pen: Pen, text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && pen.measureText(longer).width <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Where legend and caption stand below the map, and how they are drawn. */
function foot(store: Store, pen: Pen, width: number): { height: number; draw(top: number): void } {
  const style = getComputedStyle(document.documentElement);
  const [text, muted] = ["--text", "--muted"].map((name) => style.getPropertyValue(name).trim()) as [string, string];
  const found = legend(store);
  pen.font = `400 13px ${FONT}`;
  const lines = caption(store).flatMap((line) => wrapped(pen, line, width - 2 * PAD));
  const rows: { x: number; y: number; entry: Entry }[] = [];
  let [x, y] = [PAD, LINE];
  if (found && !found.ramp)
    for (const entry of found.entries) {
      const w = 16 + pen.measureText(entry.text).width + 16;
      if (x > PAD && x + w > width - PAD) [x, y] = [PAD, y + LINE];
      rows.push({ x, y, entry });
      x += w;
    }
  const legendHeight = found ? y + LINE : 0;
  return {
    height: PAD + legendHeight + lines.length * LINE + PAD,
    draw(top) {
      pen.textBaseline = "middle";
      pen.textAlign = "start";
      const at = top + PAD;
      if (found) {
        pen.font = `600 13px ${FONT}`;
        pen.fillStyle = text;
        pen.fillText(found.title, PAD, at + LINE / 2);
        pen.font = `400 13px ${FONT}`;
        for (const { x, y, entry } of rows) {
          pen.fillStyle = entry.color;
          pen.beginPath();
          pen.arc(x + 5, at + y + LINE / 2, 4.5, 0, 7);
          pen.fill();
          pen.fillStyle = text;
          pen.fillText(entry.text, x + 16, at + y + LINE / 2);
        }
        if (found.ramp) {
          const [from, steps, wide] = [PAD + pen.measureText(found.entries[0]!.text).width + 8, 64, 200];
          for (let i = 0; i < steps; i++) {
            pen.fillStyle = css(ramp(store.theme, i / (steps - 1)));
            pen.fillRect(from + (i * wide) / steps, at + LINE + 5, wide / steps + 0.5, 10);
          }
          pen.fillStyle = text;
          pen.fillText(found.entries[0]!.text, PAD, at + LINE + LINE / 2);
          pen.fillText(found.entries[1]!.text, from + wide + 8, at + LINE + LINE / 2);
        }
      }
      pen.font = `400 13px ${FONT}`;
      pen.fillStyle = muted;
      lines.forEach((line, i) => pen.fillText(line, PAD, at + legendHeight + LINE * (i + 0.5)));
    },
  };
}

/** The map that is shown as PNG, with so many pixels for each of the screen. */
export async function png(store: Store, scale = PRINT): Promise<Blob> {
  const scatter = store.camera.scatter;
  if (!scatter) throw new Error("There is no map to draw.");
  const dense = scatter.dense;
  const seen = scatter.seen(!dense);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("This browser has no canvas to draw on.");
  const below = foot(store, pen, seen.width);
  canvas.width = Math.round(seen.width * scale);
  canvas.height = Math.round((seen.height + below.height) * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = css(seen.background);
  pen.fillRect(0, 0, seen.width, seen.height + below.height);
  if (dense) scatter.paintDensity(pen, scale);
  else drawPoints(pen, seen);
  scatter.paintOver(pen, scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  below.draw(seen.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("The picture is too large for this browser."))), "image/png"));
}

/** The map that is shown as SVG. */
export async function svg(store: Store): Promise<Blob> {
  const scatter = store.camera.scatter;
  if (!scatter) throw new Error("There is no map to draw.");
  const seen = scatter.seen();
  if (seen.at.length / 2 > SVG_MOST) throw new Error(`A map of ${whole(seen.at.length / 2)} points would be an SVG that no program opens; zoom in, or save it as PNG.`);
  const pen = new SvgPen();
  const below = foot(store, pen, seen.width);
  pen.fillStyle = css(seen.background);
  pen.fillRect(0, 0, seen.width, seen.height + below.height);
  for (const { color, alpha, at } of groups(seen)) pen.dots(at, seen.size, color, alpha);
  scatter.paintOver(pen as unknown as CanvasRenderingContext2D, 1);
  pen.globalAlpha = 1;
  below.draw(seen.height);
  return new Blob([pen.document(seen.width, seen.height + below.height, caption(store)[0] ?? "map")], { type: "image/svg+xml" });
}
