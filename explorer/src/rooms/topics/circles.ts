// The circles of the map of topics: where, how large, which one is meant, and what can be written beside them.
import type { PlacedTopic, Topic } from "./types.ts";
import type { Camera } from "../../scatter/camera.ts";

/** Of the picture's smaller side squared: what all circles cover together. */
const COVERED = 0.16;
/** The largest circle is at most as wide as this part of the smaller side. */
const WIDEST = 0.3;
/** At the foot of the picture, for what is written there. */
export const FOOT_PX = 60;
const LEAST_PX = 2.5;
/** A topic that a word does not belong to. */
export const GONE_PX = 1.6;
const NEAR_PX = 8;

/** Half the coordinates' range, and their middle: both axes have one scale, since distances are what is shown. */
export function frame(topics: PlacedTopic[]): { x: number; y: number; span: number } {
  const [xs, ys] = [topics.map((t) => t.x), topics.map((t) => t.y)];
  const [x0, x1, y0, y1] = [xs.reduce((a, b) => Math.min(a, b), Infinity), xs.reduce((a, b) => Math.max(a, b), -Infinity), ys.reduce((a, b) => Math.min(a, b), Infinity), ys.reduce((a, b) => Math.max(a, b), -Infinity)];
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, span: Math.max(x1 - x0, y1 - y0) || 1 };
}

/** The area of all circles, in squares of the smaller side. */
export function covered(topics: Topic[]): number {
  const most = topics.reduce((m, t) => Math.max(m, t.share), 1e-9);
  return Math.min(COVERED, (Math.PI * (WIDEST / 2) ** 2) / most);
}
/** The radius of a share in CSS pixels: area is what tells it. `all`: what all circles cover. */
export function radius(share: number, all: number, side: number, zoom: number): number {
  // Circles grow more slowly than the distances between them: looking closer takes them apart.
  return Math.max(LEAST_PX, side * Math.sqrt((all * share) / Math.PI)) * Math.sqrt(Math.max(0.5, zoom));
}

/** The view that shows all circles whole. */
export function fitted(camera: Camera, topics: PlacedTopic[]): Camera["view"] {
  const { x, y, span } = frame(topics);
  const [width, height] = [camera.width, Math.max(camera.height / 2, camera.height - FOOT_PX)];
  const side = Math.min(camera.width, camera.height);
  const all = covered(topics);
  const most = topics.reduce((m, t) => Math.max(m, radius(t.share, all, side, 1)), 0);
  const pad = Math.min(Math.min(width, height) / 3, most + 26);
  const xs = topics.map((t) => Math.abs(t.x - x)).reduce((a, b) => Math.max(a, b), 0);
  const ys = topics.map((t) => Math.abs(t.y - y)).reduce((a, b) => Math.max(a, b), 0);
  const scale = Math.min((width / 2 - pad) / (xs || 1e-9), (height / 2 - pad) / (ys || 1e-9), side / span);
  return { ...camera.view, x, y: y - (camera.height - height) / 2 / scale, span: side / scale };
}

export interface Circle {
  /** Place among the topics by falling share. */
  at: number;
  x: number;
  y: number;
  r: number;
}

/**
 * The circles under a place, the one on top first: smaller ones lie on larger ones. Where none is, one whose edge is near.
 */
export function under(circles: Circle[], x: number, y: number): number[] {
  const hits: Circle[] = [];
  let near: Circle | null = null;
  let least = NEAR_PX;
  for (const c of circles) {
    const d = Math.hypot(c.x - x, c.y - y) - c.r;
    if (d <= 0) hits.push(c);
    else if (d < least) [near, least] = [c, d];
  }
  if (hits.length === 0) return near ? [near.at] : [];
  return hits.sort((a, b) => a.r - b.r || b.at - a.at).map((c) => c.at);
}

export interface Writing {
  at: number;
  text: string;
  x: number;
  y: number;
}

/** How far a name may reach into a circle that is not its own. */
const INTO_PX = 3;
/** Of smaller circles than these none has a name: looking closer leaves fewer. */
const TRIED = 300;

/**
 * Names beside circles, from the largest circle on: below it, above it, to a side, or none where all would touch another
 * name, another circle or the edge. `first`: circles whose names go before all others.
 */
export function written(circles: Circle[], names: (at: number) => string, measure: (text: string) => number, size: { width: number; height: number }, most: number, first: number[] = []): Writing[] {
  const taken: [number, number, number, number][] = [];
  const done: Writing[] = [];
  /** Whether a box lies on a circle whose name it is not: it would seem to be. */
  const on = (box: [number, number, number, number], own: Circle) =>
    seen.some((c) => {
      if (c === own) return false;
      const dx = Math.max(box[0] + 4 - c.x, 0, c.x - box[2] + 4);
      const dy = Math.max(box[1] + 2 - c.y, 0, c.y - box[3] + 2);
      return c.r > INTO_PX && dx * dx + dy * dy < (c.r - INTO_PX) ** 2;
    });
  const seen = circles.filter((c) => c.x >= 0 && c.y >= 0 && c.x <= size.width && c.y <= size.height);
  const order = [...seen.filter((c) => first.includes(c.at)), ...seen.filter((c) => !first.includes(c.at)).sort((a, b) => a.at - b.at).slice(0, TRIED)];
  for (const c of order) {
    if (done.length >= most) break;
    const text = names(c.at);
    const half = measure(text) / 2 + 3;
    const tries: [number, number][] = [[c.x, c.y + c.r + 9], [c.x, c.y - c.r - 9], [c.x + c.r + half + 2, c.y], [c.x - c.r - half - 2, c.y]];
    for (const [x, y] of tries) {
      const box: [number, number, number, number] = [x - half, y - 8, x + half, y + 8];
      if (box[0] < 2 || box[1] < 2 || box[2] > size.width - 2 || box[3] > size.height - 2) continue;
      if (taken.some(([a, b, d, e]) => box[0] < d && box[2] > a && box[1] < e && box[3] > b) || on(box, c)) continue;
      taken.push(box);
      done.push({ at: c.at, text, x, y });
      break;
    }
  }
  return done;
}
/** From this radius on a circle holds its number. */
export const NUMBERED_PX = 9;
