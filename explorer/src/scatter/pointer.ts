// What a pointer, a wheel or two fingers on a map mean.
import type { Camera } from "./camera.ts";
import type { Tool } from "./tools/tool.ts";

/** A press that moved less than this is a click. */
const CLICK_PX = 4;

/** What is told of it: places in CSS pixels from the map's corner, -1 where the pointer left. */
export interface Followed {
  /** What dragging does in place of moving the camera; null: it moves the camera. */
  readonly tool: Tool | null;
  /** What it does with shift and with alt; null: nothing else. */
  readonly lassos: { readonly add: Tool; readonly subtract: Tool } | null;
  hover(x: number, y: number): void;
  choose(x: number, y: number): void;
  move(change: (camera: Camera) => void): void;
  /** The camera rests again. */
  ended(): void;
  /** The tool drew something. */
  drew(): void;
  /** The tool was used. */
  used(): void;
}

export function followPointer(host: HTMLElement, map: Followed): () => void {
  const down = new Map<number, [number, number]>();
  let mode: "none" | "press" | "drag" | "tool" | "pinch" = "none";
  let began: [number, number] = [0, 0];
  let tool: Tool | null = null;
  let pinch = 0;
  let pan = false;
  let restless = 0;

  const place = (e: PointerEvent | WheelEvent): [number, number] => {
    const box = host.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...down.values()];
    return a && b ? { d: Math.hypot(a[0] - b[0], a[1] - b[1]), x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 } : null;
  };
  const settle = () => {
    clearTimeout(restless);
    restless = window.setTimeout(() => map.ended(), 160);
  };

  const onDown = (e: PointerEvent) => {
    if (e.button > 2 || (e.target as Element).closest("button, a, input, [data-over]")) return;
    // The map is drawn, not typed into, but its keys should follow a click on it.
    host.focus({ preventScroll: true });
    host.setPointerCapture(e.pointerId);
    down.set(e.pointerId, place(e));
    if (down.size === 2) {
      mode = "pinch";
      pinch = spread()?.d ?? 1;
      tool?.cancel();
      map.drew();
      return;
    }
    began = place(e);
    pan = e.button !== 0 || e.ctrlKey;
    tool = e.button !== 0 ? null : map.lassos && e.shiftKey ? map.lassos.add : map.lassos && e.altKey ? map.lassos.subtract : map.tool;
    if (tool) {
      mode = "tool";
      tool.down(...began);
    } else mode = "press";
  };
  const onMove = (e: PointerEvent) => {
    const [x, y] = place(e);
    const last = down.get(e.pointerId);
    if (!last) {
      if (e.pointerType !== "touch") map.hover(x, y);
      return;
    }
    down.set(e.pointerId, [x, y]);
    if (mode === "pinch") {
      const now = spread();
      if (!now) return;
      map.move((c) => c.zoom(now.d / pinch, now.x, now.y));
      pinch = now.d;
      return;
    }
    if (mode === "press" && Math.hypot(x - began[0], y - began[1]) >= CLICK_PX) {
      mode = "drag";
      map.hover(-1, -1);
    }
    if (mode === "drag") map.move((c) => (c.orbit && !pan ? c.turn(x - last[0], y - last[1]) : c.pan(x - last[0], y - last[1])));
    else if (mode === "tool") {
      tool?.drag(x, y);
      map.drew();
    }
  };
  const onUp = (e: PointerEvent) => {
    if (!down.delete(e.pointerId)) return;
    if (mode === "press" && e.type === "pointerup" && e.button === 0) map.choose(...place(e));
    else if (mode === "tool") {
      map.used();
      tool?.up();
      map.drew();
    }
    else if (mode === "drag" || mode === "pinch") map.ended();
    mode = down.size > 0 ? "drag" : "none";
  };
  const onWheel = (e: WheelEvent) => {
    e.preventDefault();
    const unit = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 400 : 1;
    const step = Math.max(-240, Math.min(240, e.deltaY * unit)) * (e.ctrlKey ? 4 : 1);
    map.move((c) => c.zoom(Math.exp(-step * 0.0022), ...place(e)));
    settle();
  };
  const onLeave = () => map.hover(-1, -1);
  const onMenu = (e: Event) => e.preventDefault();

  host.addEventListener("pointerdown", onDown);
  host.addEventListener("pointermove", onMove);
  host.addEventListener("pointerup", onUp);
  host.addEventListener("pointercancel", onUp);
  host.addEventListener("pointerleave", onLeave);
  host.addEventListener("wheel", onWheel, { passive: false });
  host.addEventListener("contextmenu", onMenu);
  return () => {
    clearTimeout(restless);
    host.removeEventListener("pointerdown", onDown);
    host.removeEventListener("pointermove", onMove);
    host.removeEventListener("pointerup", onUp);
    host.removeEventListener("pointercancel", onUp);
    host.removeEventListener("pointerleave", onLeave);
    host.removeEventListener("wheel", onWheel);
    host.removeEventListener("contextmenu", onMenu);
  };
}
