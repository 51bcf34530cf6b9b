// The map: owns the two canvases, the camera, what is drawn when, and what a pointer means. Knows nothing of the data's
// meaning: it is given coordinates, inks and names.
import { type Back, canAccelerate, FILTERED, type Frame } from "./back.ts";
import { between, Camera, easeOut, type View } from "./camera.ts";
import type { Ramp } from "./density.ts";
import { GlBack } from "./gl.ts";
import { type Box, boxOf, gridOf } from "./grid.ts";
import { type Polygon, within } from "./lasso.ts";
import { type Colors, type Layer, paintLayers, type Positions, type Sheet } from "./layer.ts";
import { hovered } from "./layers/links.ts";
import { NAME_FONT } from "./layers/names.ts";
import { type Order, shuffled } from "./order.ts";
import { CANVAS, css, GREY, pointLook, type Theme } from "./palette.ts";
import type { Seen } from "./picture.ts";
import { followPointer } from "./pointer.ts";
import { RasterBack } from "./raster.ts";
import { Shade } from "./shade.ts";
import { Lasso } from "./tools/lasso.ts";
import type { Tool } from "./tools/tool.ts";

const EASE_MS = 200;
/** Points drawn in sight while anything moves; all of them once it rests. */
const MOVING_POINTS = 150_000;
/** How many of those in sight there are, is estimated from the first ones. */
const SIGHT_SAMPLE = 1000;
const REST_MS = 140;
/** From one map to another of the same rows: long enough for the eye to follow a group. */
const OTHER_MS = 600;
const PICK_PX = 9;
/** A panel that opens within this time after a press was opened by it. */
const PRESS_MS = 1500;
/** What a lasso does with the rows that were selected before. */
export type How = "replace" | "add" | "subtract";
export interface Events {
  hover(row: number, x: number, y: number): void;
  choose(row: number): void;
  /** `how`: with what was selected before. */
  lasso(rows: number[], polygon: Polygon | null, how: How): void;
  /** The reader moved the camera. */
  moved(view: View): void;
  /** Density is drawn in place of points, or no longer. */
  dense(yes: boolean): void;
  /** The back was taken; `why` says why not WebGL2. */
  renderer(kind: Back["kind"], why: string): void;
}

export class Scatter {
  readonly camera = new Camera();
  frames = 0;
  /** Whether density is seen in place of points. */
  dense = false;
  /** What dragging does; null: it moves the camera. With shift or alt it draws around points. */
  tool: Tool | null = null;
  /** Draw around points, by what becomes of those selected before. */
  readonly lassos: Readonly<Record<How, Lasso>> = {
    replace: new Lasso((polygon) => this.lassoed(polygon, "replace")),
    add: new Lasso((polygon) => this.lassoed(polygon, "add")),
    subtract: new Lasso((polygon) => this.lassoed(polygon, "subtract")),
  };
  /** A row that stays in sight when the map becomes smaller. */
  anchor: number | null = null;
  /** A map of the same rows in the same units, which is looked at from the same place. */
  twin: Scatter | null = null;
  private readonly host: HTMLElement;
  private readonly events: Events;
  private points!: HTMLCanvasElement;
  private readonly shade = new Shade();
  private readonly over: HTMLCanvasElement;
  private readonly pen: CanvasRenderingContext2D;
  private back!: Back;
  private order: Order = shuffled(0);
  private from = new Float32Array(0);
  private to = new Float32Array(0);
  private dims: 2 | 3 = 2;
  private flat = false;
  private ink = new Uint8Array(0);
  private ramp: Ramp | null = null;
  private below = false;
  private allowed: (slot: number) => boolean = () => true;
  private readonly layers = new Map<string, Layer>();
  private centered = false;
  private hovered = -1;
  /** Whether the points must be drawn again, or only what is over them. */
  private stale = true;
  private theme: Theme = "light";
  private colors!: Colors;
  private tween: { start: number; ms: number } | null = null;
  private glide: { from: View; to: View; start: number; ms: number } | null = null;
  private follow = true;
  private fitSpan = 2.2;
  private lastMove = 0;
  private asked = 0;
  private lastMap = 0;
  private frameSize = [0, 0];
  private pressed = -1e9;
  private readonly quiet = matchMedia("(prefers-reduced-motion: reduce)");
  private readonly undo: (() => void)[] = [];

  constructor(host: HTMLElement, events: Events, force: string | null) {
    this.host = host;
    this.events = events;
    this.over = document.createElement("canvas");
    this.over.className = "overlay";
    const pen = this.over.getContext("2d");
    if (!pen) throw new Error("This browser has no canvas to draw on.");
    this.pen = pen;
    host.append(this.shade.canvas, this.over);
    const able = force === "raster" ? { yes: false, why: "" } : force === "webgl2" ? { yes: true, why: "" } : canAccelerate();
    this.take(able.yes, able.why);
    const resize = new ResizeObserver(() => this.resize());
    resize.observe(host);
    // Names are drawn with the page's font, which may come after the first picture.
    void document.fonts.load(NAME_FONT).then(() => this.drew());
    this.undo.push(() => resize.disconnect(), followPointer(host, this));
    this.resize();
  }

  /** Takes a back on a fresh canvas: one that was WebGL2's can never be drawn on otherwise. */
  private take(accelerate: boolean, why: string): void {
    if (accelerate) {
      const canvas = document.createElement("canvas");
      try {
        this.back = new GlBack(canvas);
        canvas.addEventListener("webglcontextlost", () => {
          if (this.points !== canvas) return;
          this.take(false, "the GPU was lost");
          this.restore();
        });
        this.show(canvas, why);
        return;
      } catch {
        why = "WebGL2 could not be started";
      }
    }
    const canvas = document.createElement("canvas");
    this.back = new RasterBack(canvas);
    this.show(canvas, why);
  }
  private show(canvas: HTMLCanvasElement, why: string): void {
    canvas.className = "points";
    this.points?.remove();
    this.points = canvas;
    this.host.prepend(canvas);
    this.events.renderer(this.back.kind, why);
  }
  private restore(): void {
    this.back.setPoints(this.from, this.to, this.dims);
    this.back.setInk(this.ink);
    this.redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.asked);
    for (const f of this.undo) f();
    this.back.destroy();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.host;
    if (clientWidth === 0 || clientHeight === 0) return;
    const { camera } = this;
    const [dw, dh] = [clientWidth - camera.width, clientHeight - camera.height];
    const framed = innerWidth === this.frameSize[0] && innerHeight === this.frameSize[1];
    const s = camera.scale;
    const first = camera.width <= 1;
    camera.width = clientWidth;
    camera.height = clientHeight;
    this.frameSize = [innerWidth, innerHeight];
    const pressed = performance.now() - this.pressed < PRESS_MS;
    if (this.centered && !this.follow) this.glide = null;
    else if (!first && framed && (pressed || !this.follow)) {
      // A panel opened at a press on the map: what is seen stays, so that the point does not leave the pointer.
      camera.view = { ...camera.view, span: Math.min(clientWidth, clientHeight) / s, x: camera.view.x + dw / 2 / s, y: camera.view.y - dh / 2 / s };
      this.glide = null;
      if (this.anchor !== null) this.reveal(this.anchor, false);
    } else if (this.follow) {
      this.glide = null;
      camera.view = this.fitted();
    }
    this.centered = false;
    this.over.width = this.shade.canvas.width = Math.round(clientWidth * this.ratio);
    this.over.height = this.shade.canvas.height = Math.round(clientHeight * this.ratio);
    // At once, not in the next frame: a canvas that changed its size is empty until then.
    this.stale = true;
    if (this.colors) this.paint(performance.now());
    this.redraw();
  }
  private get ratio(): number {
    return Math.min(2, devicePixelRatio || 1);
  }

  get rows(): number {
    return this.order.rowOf.length;
  }
  get kind(): Back["kind"] {
    return this.back.kind;
  }

  /**
   * A map, or the next version of it: points glide to their new places. `coords` row by row, divided by `radius`. Another
   * map of the same rows comes with its own view, null to show all of it.
   */
  setMap(coords: Float32Array, dims: 2 | 3, radius: number, other?: View | null): void {
    const n = coords.length / dims;
    const fresh = n !== this.rows || dims !== this.dims;
    const now = performance.now();
    const before = fresh ? null : this.current(now);
    if (n !== this.rows) this.order = shuffled(n);
    const to = new Float32Array(coords.length);
    const { rowOf } = this.order;
    for (let s = 0; s < n; s++) {
      const r = rowOf[s]! * dims;
      const t = s * dims;
      to[t] = coords[r]! / radius;
      to[t + 1] = coords[r + 1]! / radius;
      if (dims === 3) to[t + 2] = coords[r + 2]! / radius;
    }
    this.to = to;
    this.dims = dims;
    this.from = before ?? to;
    // As long as versions take to come, so that the motion has no pauses.
    const pace = other === undefined ? Math.max(120, Math.min(900, now - this.lastMap)) : OTHER_MS;
    this.lastMap = now;
    this.tween = before && !this.quiet.matches ? { start: now, ms: pace } : null;
    if (!this.tween) this.from = to;
    this.camera.orbit = dims === 3 && !this.flat;
    this.back.setPoints(this.from, this.to, dims);
    this.shade.moved();
    if (this.ink.length !== n * 4) this.setInk(new Uint8Array(n * 4).fill(255));
    for (const layer of this.layers.values()) layer.moved?.(this.positions);
    if (other !== undefined) this.follow = other === null;
    const goal = other ?? this.fitted();
    if (other) {
      this.fitted(); // for the pivot and the measure of zoom
      if (fresh) [this.camera.view, this.glide] = [goal, null];
      else this.glide = { from: this.camera.view, to: goal, start: now, ms: this.tween?.ms ?? 0 };
    } else if (fresh && this.follow) this.camera.view = goal;
    else if (this.follow) this.glide = { from: this.camera.view, to: goal, start: now, ms: this.tween?.ms ?? 0 };
    this.redraw();
  }
  /** Where points are right now, between two maps. */
  private current(now: number): Float32Array<ArrayBuffer> {
    const t = this.tween ? Math.min(1, (now - this.tween.start) / this.tween.ms) : 1;
    if (t >= 1) return this.to as Float32Array<ArrayBuffer>;
    const out = new Float32Array(this.to.length);
    for (let i = 0; i < out.length; i++) out[i] = this.from[i]! + (this.to[i]! - this.from[i]!) * t;
    return out;
  }

  /**
   * Four bytes a slot (see back.ts); rows map to slots by `slots`. Points that are filtered away cannot be pointed at, unless
   * `allowed` says which can. `ramp`: the numbers that the colors stand for.
   */
  setInk(ink: Uint8Array<ArrayBuffer>, below = false, allowed?: (slot: number) => boolean, ramp: Ramp | null = null): void {
    this.ink = ink;
    this.below = below;
    this.ramp = ramp;
    this.shade.recolored();
    this.allowed = allowed ?? (below ? (slot) => this.ink[slot * 4 + 3]! > FILTERED : () => true);
    this.back.setInk(ink);
    this.redraw();
  }
  /** Whether density is drawn where points cover each other. */
  setDense(may: boolean): void {
    this.shade.may = may;
    this.redraw();
  }
  get slots(): Order {
    return this.order;
  }
  get positions(): Positions {
    return { at: this.to, dims: this.dims };
  }

  setTheme(theme: Theme, colors: Colors): void {
    this.theme = theme;
    this.shade.recolored();
    this.colors = colors;
    this.redraw();
  }
  /** Draws a layer in place of the one of this name; null: none. */
  setLayer(name: string, layer: Layer | null): void {
    if (layer === null && !this.layers.has(name)) return;
    if (layer) this.layers.set(name, layer);
    else this.layers.delete(name);
    layer?.moved?.(this.positions);
    this.drew();
  }
  /** Rows whose names are drawn. */
  get named(): number[] {
    return [...this.layers.values()].flatMap((layer) => layer.named?.() ?? []);
  }
  /** Rings the row that the pointer is over on another map; -1: none. */
  ring(row: number): void {
    if (row === this.hovered) return;
    this.hovered = row;
    this.drew();
  }
  /** What is in the middle stays there when the size changes next. */
  keepMiddle(): void {
    this.centered = true;
  }
  /** Looks from where another map is looked at from. */
  private look({ view, pivot }: Camera, follow: boolean): void {
    this.follow = follow;
    const { view: own, pivot: about } = this.camera;
    const turned = this.camera.orbit && (own.yaw !== view.yaw || own.pitch !== view.pitch || pivot.some((at, d) => at !== about[d]));
    if (own.x === view.x && own.y === view.y && own.span === view.span && !turned) return;
    this.glide = null;
    this.camera.view = { ...view };
    this.camera.pivot = [...pivot];
    this.lastMove = performance.now();
    this.redraw();
  }
  setFlat(flat: boolean): void {
    this.flat = flat;
    this.camera.orbit = this.dims === 3 && !flat;
    this.fit(false);
  }

  // --- camera ---

  private fitted(): View {
    const { camera, dims } = this;
    const box = this.box();
    let [w, h] = [box.x1 - box.x0 || 0.1, box.y1 - box.y0 || 0.1];
    const view = { ...camera.view, x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
    if (dims === 3) {
      const all = this.twin?.dims === 3 ? [this.to, this.twin.to] : [this.to];
      let [z0, z1] = [Infinity, -Infinity];
      for (const to of all)
        for (let i = 2; i < to.length; i += 3) {
          if (to[i]! < z0) z0 = to[i]!;
          if (to[i]! > z1) z1 = to[i]!;
        }
      camera.pivot = [view.x, view.y, z0 <= z1 ? (z0 + z1) / 2 : 0];
      if (camera.orbit) {
        const [px, py, pz] = camera.pivot;
        let far = 0;
        for (const to of all)
          for (let i = 0; i < to.length; i += 3) {
            const d = (to[i]! - px) ** 2 + (to[i + 1]! - py) ** 2 + (to[i + 2]! - pz) ** 2;
            if (d > far) far = d;
          }
        w = h = 1.8 * Math.sqrt(far) || 0.1;
        view.x = view.y = 0;
      }
    }
    // Room at the border, and above the buttons at the foot.
    const pad = Math.min(64, camera.width / 8, camera.height / 8);
    const scale = Math.min((camera.width - 2 * pad) / w, (camera.height - 2 * pad) / h);
    view.span = Math.max(1e-6, Math.min(camera.width, camera.height) / Math.max(1e-9, scale));
    this.fitSpan = view.span;
    return view;
  }
  /** Of all points, and of the twin's. */
  private box(): Box {
    const own = boxOf(this.to, this.dims);
    if (!this.twin || this.twin.rows === 0) return own;
    const other = boxOf(this.twin.to, this.twin.dims);
    return { x0: Math.min(own.x0, other.x0), y0: Math.min(own.y0, other.y0), x1: Math.max(own.x1, other.x1), y1: Math.max(own.y1, other.y1) };
  }
  /** Shows everything, and keeps doing so while the map is learned. */
  fit(ease = true): void {
    this.follow = true;
    const goal = this.fitted();
    if (ease) this.easeTo(goal);
    else this.camera.view = goal;
    this.redraw();
  }
  /** Shows these rows as large as they fit; on a flat map. */
  fitRows(rows: ArrayLike<number>): void {
    if (this.camera.orbit || rows.length === 0) return;
    const at = new Float32Array(2 * rows.length);
    for (let i = 0; i < rows.length; i++) {
      const s = this.order.slotOf[rows[i]!]! * this.dims;
      at[2 * i] = this.to[s]!;
      at[2 * i + 1] = this.to[s + 1]!;
    }
    const { x0, x1, y0, y1 } = boxOf(at, 2);
    const { width, height, view } = this.camera;
    // Not so close that a few rows in one place are all that is seen.
    const least = this.fitSpan / 50;
    const side = Math.min(width, height);
    const span = 1.25 * Math.max(least, ((x1 - x0) * side) / width, ((y1 - y0) * side) / height);
    this.follow = false;
    this.easeTo({ ...view, x: (x0 + x1) / 2, y: (y0 + y1) / 2, span });
  }
  easeTo(view: View, ms = EASE_MS): void {
    this.glide = { from: this.camera.view, to: view, start: performance.now(), ms: this.quiet.matches ? 0 : ms };
    this.redraw();
  }
  setView(view: View | null): void {
    if (!view) return this.fit(false);
    this.follow = false;
    this.fitted(); // for the pivot and the measure of zoom
    this.camera.view = view;
    this.redraw();
  }
  /** Moves the camera by hand: the map no longer fits itself. */
  move(change: (camera: Camera) => void, ease = false): void {
    this.follow = false;
    const before = this.glide && ease ? this.glide.to : this.camera.view;
    this.glide = null;
    const seen = this.camera.view;
    this.camera.view = { ...before };
    change(this.camera);
    if (ease) {
      const goal = this.camera.view;
      this.camera.view = seen;
      this.easeTo(goal);
    }
    this.lastMove = performance.now();
    this.redraw();
  }
  get following(): boolean {
    return this.follow;
  }
  /** Eases to a row that is out of sight: into the middle, or just into the picture. */
  reveal(row: number, middle = true): void {
    const p = this.place(row);
    const { width, height } = this.camera;
    const edge = middle ? 30 : 60;
    if (!p || (p[0] > edge && p[0] < width - edge && p[1] > edge && p[1] < height - edge)) return;
    const x = middle ? width / 2 : Math.max(edge, Math.min(width - edge, p[0]));
    const y = middle ? height / 2 : Math.max(edge, Math.min(height - edge, p[1]));
    this.move((c) => c.pan(x - p[0], y - p[1]), true);
  }

  /** Where a row is on the screen, in CSS pixels from the map's corner. */
  place(row: number): [number, number] | null {
    const slot = this.order.slotOf[row];
    if (slot === undefined) return null;
    const now = performance.now();
    const t = this.tween ? Math.min(1, (now - this.tween.start) / this.tween.ms) : 1;
    const i = slot * this.dims;
    const c = (d: number) => (d < this.dims ? this.from[i + d]! + (this.to[i + d]! - this.from[i + d]!) * t : 0);
    const [x, y] = this.camera.project(c(0), c(1), c(2));
    return [x, y];
  }

  // --- pointer ---

  /** What a click on a layer does; null where none of them has anything at this place. */
  private clickAt(x: number, y: number): (() => void) | null {
    for (const layer of this.layers.values()) {
      const click = layer.click?.(x, y);
      if (click) return click;
    }
    return null;
  }
  /** The row under a place, or -1; a name that can be clicked hides what is below. */
  rowAt(x: number, y: number): number {
    if (this.rows === 0 || this.clickAt(x, y)) return -1;
    let slot = -1;
    if (this.camera.orbit) {
      slot = this.back.pick(x, y, this.frame(performance.now()));
      if (slot >= 0 && !this.allowed(slot)) return -1;
    } else {
      const [mx, my] = this.camera.unproject(x, y);
      slot = gridOf(this.to, this.dims).nearest(mx, my, PICK_PX / this.camera.scale, this.allowed);
    }
    return slot < 0 ? -1 : this.order.rowOf[slot]!;
  }
  hover(x: number, y: number): void {
    const row = x < 0 ? -1 : this.rowAt(x, y);
    this.host.classList.toggle("pointing", x >= 0 && this.clickAt(x, y) !== null);
    this.ring(row);
    this.events.hover(row, x, y);
  }
  choose(x: number, y: number): void {
    this.pressed = performance.now();
    const click = this.clickAt(x, y);
    if (click) click();
    else this.events.choose(this.rowAt(x, y));
  }
  /** Chooses the row nearest to the middle of the picture, of those that are not filtered away. */
  chooseMiddle(): void {
    this.pressed = performance.now();
    const { width, height } = this.camera;
    let [best, least] = [-1, Infinity];
    for (let s = 0; s < this.rows; s++) {
      if (!this.allowed(s)) continue;
      const i = s * this.dims;
      const [x, y] = this.camera.project(this.to[i]!, this.to[i + 1]!, this.dims === 3 ? this.to[i + 2]! : 0);
      const far = (x - width / 2) ** 2 + (y - height / 2) ** 2;
      if (far < least) [best, least] = [this.order.rowOf[s]!, far];
    }
    if (best >= 0) this.events.choose(best);
  }
  /** Selects the rows in the picture. */
  selectView(): void {
    const { width, height } = this.camera;
    this.lassoed([[0, 0], [width, 0], [width, height], [0, height]], "replace");
  }
  used(): void {
    this.pressed = performance.now();
    this.hover(-1, -1);
  }
  private lassoed(polygon: Polygon, how: How): void {
    this.events.lasso(this.rowsWithin(polygon), this.camera.orbit ? null : polygon.map(([x, y]) => this.camera.unproject(x, y)), how);
  }
  /** Rows within a line on the screen. */
  private rowsWithin(line: Polygon): number[] {
    if (!this.camera.orbit) return this.rowsInside(line.map(([x, y]) => this.camera.unproject(x, y)));
    const at = new Float32Array(this.rows * 2);
    for (let s = 0; s < this.rows; s++) {
      const [x, y] = this.camera.project(this.to[s * 3]!, this.to[s * 3 + 1]!, this.to[s * 3 + 2]!);
      at[2 * s] = x;
      at[2 * s + 1] = y;
    }
    return this.toRows(within(line, at, 2, this.allowed));
  }
  /** Rows within a line on a flat map, in map units. */
  rowsInside(line: Polygon): number[] {
    return this.toRows(within(line, this.to, this.dims, this.allowed));
  }
  private toRows(slots: number[]): number[] {
    return [...Uint32Array.from(slots, (s) => this.order.rowOf[s]!).sort()];
  }
  ended(): void {
    this.events.moved(this.camera.view);
  }

  // --- drawing ---

  /** Everything is drawn again in the next frame. */
  redraw(): void {
    this.stale = true;
    this.drew();
  }
  /** What is over the points is drawn again: it alone, if nothing else changed. */
  drew(): void {
    if (!this.asked) this.asked = requestAnimationFrame((now) => this.tick(now));
  }
  private tick(now: number): void {
    this.asked = 0;
    if (this.colors) this.paint(now);
    const busy = this.tween || this.glide || now - this.lastMove < REST_MS;
    if (busy) this.redraw();
  }

  private frame(now: number): Frame {
    const moving = Boolean(this.tween || this.glide) || now - this.lastMove < REST_MS;
    const zoom = this.fitSpan / this.camera.view.span;
    const look = pointLook(this.rows, zoom);
    return {
      camera: this.camera,
      mix: this.tween ? Math.min(1, Math.max(0, (now - this.tween.start) / this.tween.ms)) : 1,
      count: moving ? Math.min(this.rows, Math.round(MOVING_POINTS / this.inSight())) : this.rows,
      size: look.size,
      opacity: look.opacity,
      background: CANVAS[this.theme],
      grey: GREY[this.theme],
      below: this.below,
      ratio: this.ratio,
    };
  }
  /** The share of the points that are in sight, where others cost nothing; estimated. */
  private inSight(): number {
    if (this.back.kind === "webgl2") return 1; // there they cost as much
    const { camera, to, dims } = this;
    const n = Math.min(SIGHT_SAMPLE, this.rows);
    let seen = 1;
    for (let s = 0; s < n; s++) {
      const i = s * dims;
      const [x, y] = camera.project(to[i]!, to[i + 1]!, dims === 3 ? to[i + 2]! : 0);
      if (x > 0 && x < camera.width && y > 0 && y < camera.height) seen++;
    }
    return seen / (n + 1);
  }

  private paint(now: number): void {
    if (this.glide) {
      const t = this.glide.ms > 0 ? Math.min(1, (now - this.glide.start) / this.glide.ms) : 1;
      // With the map itself moving, both must keep one pace.
      this.camera.view = between(this.glide.from, this.glide.to, this.tween ? Math.max(0, t) : easeOut(Math.max(0, t)));
      if (t >= 1) {
        this.glide = null;
        this.ended();
      }
    }
    this.twin?.look(this.camera, this.follow);
    const frame = this.frame(now);
    if (this.stale) this.paintPoints(frame);
    this.stale = false;
    const tools = new Set([...Object.values(this.lassos), ...(this.tool ? [this.tool] : [])]);
    paintLayers([...this.layers.values(), hovered(this.hovered), ...tools], this.sheet(frame, this.pen), this.ratio);
    this.frames++;
    if (this.tween && now - this.tween.start >= this.tween.ms) {
      this.tween = null;
      this.from = this.to; // what was drawn from stays with the back: at a mix of 1 it is not seen
      this.redraw();
    }
  }

  /** Draws points, or their density, or both as one becomes the other. */
  private paintPoints(frame: Frame): void {
    const share = this.tween ? 0 : this.shade.share(this.positions, frame);
    const dense = share >= 0.5;
    if (dense !== this.dense) {
      this.dense = dense;
      this.events.dense(dense);
    }
    // Both at their full strength in the middle, so that nothing becomes pale on the way.
    this.points.style.opacity = String(Math.min(1, 2 * (1 - share)));
    if (share < 1) this.back.draw(frame);
    this.shade.draw(share, frame, { ink: this.ink, ramp: this.ramp, rowOf: this.order.rowOf });
  }
  /** Draws on another canvas the density that is seen. */
  paintDensity(pen: CanvasRenderingContext2D, ratio: number): void {
    this.shade.paint(pen, this.camera, ratio);
  }

  /** The points that are seen, for a picture; `all`: with their places and colors. */
  seen(all = true): Seen {
    const { camera, to, dims, ink } = this;
    const frame = this.frame(-1e9);
    const { width, height } = camera;
    const edge = frame.size;
    const [at, colors]: [number[], number[]] = [[], []];
    for (let s = 0; all && s < this.rows; s++) {
      const i = s * dims;
      const [x, y] = camera.project(to[i]!, to[i + 1]!, dims === 3 ? to[i + 2]! : 0);
      if (!(x > -edge && x < width + edge && y > -edge && y < height + edge)) continue;
      at.push(x, y);
      colors.push(ink[4 * s]!, ink[4 * s + 1]!, ink[4 * s + 2]!, ink[4 * s + 3]!);
    }
    const { size, opacity, background, grey } = frame;
    return { at: Float32Array.from(at), ink: Uint8Array.from(colors), width, height, size, opacity, background, grey };
  }
  /** Draws on another canvas, or as SVG, what is over the points. */
  paintOver(pen: CanvasRenderingContext2D, ratio: number): void {
    paintLayers(this.layers.values(), this.sheet(this.frame(-1e9), pen), ratio, false);
  }

  private sheet(frame: Frame, pen: CanvasRenderingContext2D): Sheet {
    return {
      pen,
      color: this.colors,
      camera: this.camera,
      size: frame.size,
      place: (row) => this.place(row),
      ink: (row) => {
        const at = 4 * this.order.slotOf[row]!;
        return css([this.ink[at]!, this.ink[at + 1]!, this.ink[at + 2]!]);
      },
    };
  }

  /** Milliseconds of each frame along one path of the camera, counted until the picture can be read back. */
  time(frames: number): number[] {
    const start = { ...this.camera.view };
    const spent: number[] = [];
    for (let i = 0; i < frames; i++) {
      const t = i / frames;
      this.camera.view = { ...start, x: start.x + 0.1 * Math.sin(6.28 * t), span: start.span * (1 - 0.6 * Math.sin(3.14 * t)), yaw: start.yaw + 3 * t };
      const begun = performance.now();
      this.lastMove = begun;
      this.stale = true;
      this.paint(begun);
      this.back.finish();
      spent.push(performance.now() - begun);
    }
    this.camera.view = start;
    this.lastMove = -1e9;
    const begun = performance.now();
    this.stale = true;
    this.paint(begun);
    this.back.finish();
    spent.push(performance.now() - begun);
    this.redraw();
    return spent;
  }
}
