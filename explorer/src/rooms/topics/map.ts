// The map of topics on two canvases: circles with their names, and over them what is chosen or under the pointer, so that a
// hover draws one circle and not all. Knows nothing of where topics come from.
import type { PlacedTopic } from "./types.ts";
import { between, Camera, easeOut, type View } from "../../scatter/camera.ts";
import { css, type Rgb } from "../../scatter/palette.ts";
import { followPointer } from "../../scatter/pointer.ts";
import { type Circle, covered, fitted, FOOT_PX, GONE_PX, NUMBERED_PX, radius, under, written, type Writing } from "./circles.ts";

const EASE_MS = 200;
/** More names would be a thicket. */
const NAMES_MOST = 60;
const NAME_FONT = '500 12px "Inter Variable", system-ui, sans-serif';
const NUMBER_FONT = '600 12px "Inter Variable", system-ui, sans-serif';
const LEGEND_FONT = '400 11px "Inter Variable", system-ui, sans-serif';
const NAME_LETTERS = 34;
const LEGEND_LEFT_PX = 210;
const LEGEND_PX = 18;
/** In narrower pictures the caption needs the room. */
const LEGEND_FROM_PX = 660;
/** Shares that the circles at the foot stand for: the largest two that fit. */
const LEGEND = [0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

export interface Inks {
  text: string;
  canvas: string;
  accent: string;
  muted: string;
  line: string;
  /** Colors of groups, and of those beyond. */
  groups: Rgb[];
}
export interface Events {
  hover(at: number | null, x: number, y: number): void;
  choose(at: number | null): void;
}

export class TopicMap {
  readonly camera = new Camera();
  readonly tool = null;
  readonly lassos = null;
  frames = 0;
  private readonly host: HTMLElement;
  private readonly events: Events;
  private readonly base: HTMLCanvasElement;
  private readonly over: HTMLCanvasElement;
  private readonly pen: CanvasRenderingContext2D;
  private readonly overPen: CanvasRenderingContext2D;
  private topics: PlacedTopic[] = [];
  /** Numbers and names, by place. */
  private names: string[] = [];
  private shares: Float64Array = new Float64Array(0);
  private from: Float64Array = new Float64Array(0);
  /** Whether the circles tell the topics of a word. */
  private ofWord = false;
  private groupOf: Int32Array | null = null;
  private chosen: number[] = [];
  private hovered: number | null = null;
  private inks: Inks | null = null;
  private tween = 0;
  private glide: { from: View; to: View; start: number } | null = null;
  private follow = true;
  private circles: Circle[] = [];
  private labels: Writing[] = [];
  private explained: number[] = [];
  private stale = true;
  private asked = 0;
  private widths = new Map<string, number>();
  private readonly quiet = matchMedia("(prefers-reduced-motion: reduce)");
  private readonly undo: (() => void)[] = [];

  constructor(host: HTMLElement, events: Events) {
    this.host = host;
    this.events = events;
    const layer = (name: string) => {
      const canvas = document.createElement("canvas");
      canvas.className = name;
      const pen = canvas.getContext("2d");
      if (!pen) throw new Error("This browser has no canvas to draw on.");
      host.append(canvas);
      return [canvas, pen] as const;
    };
    [this.base, this.pen] = layer("circles");
    [this.over, this.overPen] = layer("overlay");
    const resize = new ResizeObserver(() => this.resize());
    resize.observe(host);
    void document.fonts.load(NAME_FONT).then(() => {
      this.widths.clear();
      this.redraw();
    });
    this.undo.push(() => resize.disconnect(), followPointer(host, this));
    this.resize();
  }
  destroy(): void {
    cancelAnimationFrame(this.asked);
    for (const f of this.undo) f();
    this.base.remove();
    this.over.remove();
  }
  private get ratio(): number {
    return Math.min(2, devicePixelRatio || 1);
  }
  private resize(): void {
    const { clientWidth, clientHeight } = this.host;
    if (clientWidth === 0 || clientHeight === 0) return;
    [this.camera.width, this.camera.height] = [clientWidth, clientHeight];
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(clientWidth * this.ratio);
      canvas.height = Math.round(clientHeight * this.ratio);
    }
    if (this.follow) this.camera.view = this.whole();
    this.paintAll(performance.now()); // at once: a canvas that changed its size is empty until then
  }

  // --- what is shown ---

  setTopics(topics: PlacedTopic[], names: string[], explained: number[]): void {
    [this.topics, this.names, this.explained] = [topics, names, explained];
    this.shares = this.from = Float64Array.from(topics, (t) => t.share);
    this.tween = 0;
    if (this.follow) this.camera.view = this.whole();
    this.redraw();
  }
  /** Sizes the circles by their topics' shares of a word, by place, or with null by their own. */
  resizeTo(shares: Float64Array | null): void {
    const to = shares ?? Float64Array.from(this.topics, (t) => t.share);
    const now = performance.now();
    this.from = this.mixed(now);
    this.shares = to;
    this.ofWord = shares !== null;
    this.tween = this.quiet.matches ? 0 : now;
    this.redraw();
  }
  setGroups(of: Int32Array | null): void {
    this.groupOf = of;
    this.redraw();
  }
  setChosen(chosen: number[]): void {
    this.chosen = chosen;
    this.redraw();
  }
  setInks(inks: Inks): void {
    this.inks = inks;
    this.redraw();
  }
  /** Rings a topic that is meant elsewhere on the page. */
  ring(at: number | null): void {
    if (at === this.hovered) return;
    this.hovered = at;
    this.paintOver();
  }

  // --- camera and pointer ---

  private whole(): View {
    return this.topics.length > 0 ? fitted(this.camera, this.topics) : this.camera.view;
  }
  fit(): void {
    this.follow = true;
    this.ease(this.whole());
  }
  private ease(to: View): void {
    if (this.quiet.matches) this.camera.view = to;
    else this.glide = { from: this.camera.view, to, start: performance.now() };
    this.redraw();
  }
  move(change: (camera: Camera) => void, ease = false): void {
    this.follow = false;
    const seen = this.camera.view;
    this.camera.view = { ...(this.glide && ease ? this.glide.to : seen) };
    change(this.camera);
    this.glide = null;
    if (ease) {
      const goal = this.camera.view;
      this.camera.view = seen;
      this.ease(goal);
    }
    this.redraw();
  }
  /** Brings a topic into the picture. */
  reveal(at: number): void {
    const t = this.topics[at];
    if (!t) return;
    const [x, y] = this.camera.project(t.x, t.y, 0);
    const { width, height } = this.camera;
    const edge = 40;
    if (x > edge && y > edge && x < width - edge && y < height - edge) return;
    this.move((c) => c.pan(width / 2 - x, height / 2 - y), true);
  }
  hover(x: number, y: number): void {
    const at = x < 0 ? null : (under(this.circles, x, y)[0] ?? null);
    if (at !== this.hovered) {
      this.hovered = at;
      this.paintOver();
    }
    this.events.hover(at, x, y);
  }
  /** The circle on top; at a second click the one beneath it, so that none is out of reach. */
  choose(x: number, y: number): void {
    const hits = under(this.circles, x, y);
    const last = this.chosen.length === 1 ? hits.indexOf(this.chosen[0]!) : -1;
    this.events.choose(hits.length === 0 ? null : last >= 0 && hits.length > 1 ? hits[(last + 1) % hits.length]! : hits[0]!);
  }
  ended(): void {}
  drew(): void {}
  used(): void {}
  /** Where a topic is drawn, in CSS pixels from the map's corner, and its radius. */
  placeOf(at: number): [number, number, number] | null {
    const c = this.circles.find((c) => c.at === at);
    return c ? [c.x, c.y, c.r] : null;
  }

  // --- drawing ---

  redraw(): void {
    this.stale = true;
    if (!this.asked) this.asked = requestAnimationFrame((now) => this.tick(now));
  }
  private tick(now: number): void {
    this.asked = 0;
    if (this.stale) this.paintAll(now);
    if (this.tween || this.glide) this.redraw();
  }
  private mixed(now: number): Float64Array {
    const t = this.tween ? Math.min(1, (now - this.tween) / EASE_MS) : 1;
    if (t >= 1 || this.from.length !== this.shares.length) return this.shares;
    const e = easeOut(Math.max(0, t));
    return this.shares.map((s, i) => this.from[i]! + (s - this.from[i]!) * e);
  }
  private paintAll(now: number): void {
    this.stale = false;
    if (!this.inks) return;
    if (this.glide) {
      const t = Math.min(1, Math.max(0, (now - this.glide.start) / EASE_MS));
      this.camera.view = between(this.glide.from, this.glide.to, easeOut(t));
      if (t >= 1) this.glide = null;
    }
    const { camera } = this;
    const side = Math.min(camera.width, camera.height);
    const [zoom, all] = [this.zoom, covered(this.topics)];
    const shares = this.mixed(now);
    if (this.tween && now - this.tween >= EASE_MS) this.tween = 0;
    this.circles = this.topics.map((t, at) => {
      const [x, y] = camera.project(t.x, t.y, 0);
      const gone = this.ofWord && shares[at]! <= 1e-9;
      return { at, x, y, r: gone ? GONE_PX : radius(shares[at]!, all, side, zoom) };
    });
    // Larger ones first: smaller ones lie on them.
    const drawn = [...this.circles].sort((a, b) => b.r - a.r || a.at - b.at);
    const g = this.pen;
    this.begin(g);
    this.paintAxes(g);
    g.lineWidth = 1;
    for (const c of drawn) this.paintCircle(g, c, false);
    g.textAlign = "center";
    g.textBaseline = "middle";
    g.font = NUMBER_FONT;
    // A number that would lie on another is left to the hover.
    const numbers: Circle[] = [];
    for (const c of drawn) {
      if (c.r < NUMBERED_PX || numbers.some((o) => Math.abs(o.x - c.x) < 17 && Math.abs(o.y - c.y) < 13)) continue;
      numbers.push(c);
      this.write(g, String(c.at + 1), c.x, c.y, 2.5);
    }
    // Names wait until nothing moves: they would jump.
    g.font = NAME_FONT;
    const still = !this.tween && !this.glide;
    if (still) {
      const shown = this.ofWord ? this.circles.filter((c) => c.r > GONE_PX) : this.circles;
      this.labels = written(shown, (at) => this.short(at), (text) => this.width(text), { width: camera.width, height: camera.height - FOOT_PX }, NAMES_MOST, this.chosen.length === 1 ? this.chosen : []);
      for (const n of this.labels) this.write(g, n.text, n.x, n.y, 3.5);
    }
    this.paintLegend(g, (share) => radius(share, all, side, zoom));
    this.frames++;
    this.paintOver();
  }
  private get zoom(): number {
    const { span } = this.topics.length > 1 ? fitted(this.camera, this.topics) : this.camera.view;
    return span / this.camera.view.span;
  }
  private short(at: number): string {
    const name = this.names[at] ?? "";
    const number = this.circles[at]!.r >= NUMBERED_PX ? "" : `${at + 1} `;
    return number + (name.length > NAME_LETTERS ? `${name.slice(0, NAME_LETTERS - 1)}…` : name);
  }
  private width(text: string): number {
    let found = this.widths.get(text);
    if (found === undefined) this.widths.set(text, (found = this.pen.measureText(text).width));
    return found;
  }
  private begin(g: CanvasRenderingContext2D): void {
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.clearRect(0, 0, g.canvas.width, g.canvas.height);
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.lineJoin = "round";
  }
  private ink(at: number): string {
    const { inks, groupOf } = this;
    if (groupOf) {
      const rgb = inks!.groups[groupOf[at]!];
      return rgb ? css(rgb) : inks!.muted;
    }
    return inks!.muted;
  }
  private paintCircle(g: CanvasRenderingContext2D, c: Circle, strong: boolean): void {
    const chosen = this.chosen.includes(c.at);
    // Of a group that is looked at, the others step back.
    const faded = this.chosen.length > 1 && !chosen && !strong;
    const ink = chosen && !this.groupOf ? this.inks!.accent : this.ink(c.at);
    g.beginPath();
    g.arc(c.x, c.y, c.r, 0, 6.2832);
    g.fillStyle = g.strokeStyle = ink;
    g.globalAlpha = strong ? 0.36 : chosen ? 0.42 : this.groupOf ? 0.38 : 0.2;
    if (c.r <= GONE_PX) g.globalAlpha = 0.45;
    else if (faded) g.globalAlpha = 0.1;
    g.fill();
    g.globalAlpha = chosen || strong ? 1 : faded ? 0.3 : 0.75;
    if (c.r > GONE_PX) g.stroke();
    g.globalAlpha = 1;
  }
  private write(g: CanvasRenderingContext2D, text: string, x: number, y: number, halo: number): void {
    g.lineWidth = halo;
    g.strokeStyle = this.inks!.canvas;
    g.globalAlpha = 0.8;
    g.strokeText(text, x, y);
    g.globalAlpha = 1;
    g.fillStyle = this.inks!.text;
    g.fillText(text, x, y);
  }
  /** The axes cross where all topics have their middle; each says how much of the distances it shows. */
  private paintAxes(g: CanvasRenderingContext2D): void {
    if (this.topics.length < 2) return;
    const { camera, inks } = this;
    const [x, y] = camera.project(0, 0, 0);
    g.strokeStyle = inks!.line;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(0, Math.round(y) + 0.5);
    g.lineTo(camera.width, Math.round(y) + 0.5);
    if ((this.explained[1] ?? 0) > 0) {
      g.moveTo(Math.round(x) + 0.5, 0);
      g.lineTo(Math.round(x) + 0.5, camera.height);
    }
    g.stroke();
  }
  /** Circles of known shares at the foot, beside the buttons. */
  private paintLegend(g: CanvasRenderingContext2D, radiusOf: (share: number) => number): void {
    const { camera, inks } = this;
    if (this.topics.length < 2 || camera.width < LEGEND_FROM_PX) return;
    const shares = LEGEND.filter((s) => radiusOf(s) <= LEGEND_PX && radiusOf(s) > 3).slice(0, 2);
    let x = LEGEND_LEFT_PX;
    const y = camera.height - FOOT_PX / 2;
    g.textAlign = "left";
    g.font = LEGEND_FONT;
    g.lineWidth = 1;
    g.strokeStyle = g.fillStyle = inks!.muted;
    for (const share of shares) {
      const r = radiusOf(share);
      const text = `${Number((100 * share).toPrecision(2))}\u202f%`;
      g.beginPath();
      g.arc(x + r, y, r, 0, 6.2832);
      g.stroke();
      g.fillText(text, x + 2 * r + 5, y);
      x += 2 * r + 16 + g.measureText(text).width;
    }
    g.textAlign = "center";
  }
  /** The chosen circle and the one under the pointer come to the front, with their names. */
  private paintOver(): void {
    const g = this.overPen;
    this.begin(g);
    if (!this.inks) return;
    const front = this.chosen.length <= 1 ? [...this.chosen] : [];
    if (this.hovered !== null && !front.includes(this.hovered)) front.push(this.hovered);
    for (const at of front) {
      const c = this.circles[at];
      if (!c) continue;
      const hovered = at === this.hovered;
      if (hovered && !this.chosen.includes(at)) this.paintCircle(g, c, true);
      g.beginPath();
      g.arc(c.x, c.y, Math.max(c.r, 3) + (hovered ? 0 : 1), 0, 6.2832);
      g.lineWidth = 2;
      g.strokeStyle = hovered ? this.inks.text : this.inks.accent;
      g.stroke();
      g.textAlign = "center";
      g.textBaseline = "middle";
      if (c.r >= NUMBERED_PX) {
        g.font = NUMBER_FONT;
        this.write(g, String(at + 1), c.x, c.y, 2.5);
      }
      if (this.labels.some((n) => n.at === at)) continue;
      g.font = NAME_FONT;
      const text = this.short(at);
      const half = this.width(text) / 2 + 4;
      const y = c.y + c.r + 22 > this.camera.height ? c.y - c.r - 10 : c.y + c.r + 10;
      this.write(g, text, Math.max(half, Math.min(this.camera.width - half, c.x)), y, 4);
    }
  }
  /** Milliseconds of each of so many hovers, from one topic to the next, and of as many whole pictures. */
  time(times: number): { hover: number[]; whole: number[] } {
    const [hover, whole]: [number[], number[]] = [[], []];
    const done = () => void this.overPen.getImageData(0, 0, 1, 1) === void this.pen.getImageData(0, 0, 1, 1);
    for (let i = 0; i < times; i++) {
      const c = this.circles[(i * 37) % Math.max(1, this.circles.length)]!;
      const begun = performance.now();
      this.hover(c.x, c.y);
      done();
      hover.push(performance.now() - begun);
      const again = performance.now();
      this.paintAll(again);
      done();
      whole.push(performance.now() - again);
    }
    this.hover(-1, -1);
    return { hover, whole };
  }
}
