// What draws the points: WebGL2, or the processor where that is missing or itself only software.
import type { Camera } from "./camera.ts";
import type { Rgb } from "./palette.ts";

/** Alpha of a point's ink: not drawn, or filtered away, or without a value, or the share of neighbors kept (3 to 254), or no shade (255). */
export const HIDDEN = 0;
export const FILTERED = 1;
/** Fainter than others, and below them. */
export const BELOW = 2;
export const PLAIN = 255;
const SHARE_STEPS = 251;
export const shadeByte = (share: number) => (Number.isNaN(share) ? PLAIN : 3 + Math.round(SHARE_STEPS * Math.max(0, Math.min(1, share))));
/** The share that a byte stands for. */
export const shareOfByte = (byte: number) => (byte - 3) / SHARE_STEPS;
/** Opacity of points that are filtered away, and of those without a value beside others. */
export const FAINT = { filtered: 0.16, below: 0.4 };
/** Rows that kept less than this are drawn hollow, where points are large enough to show it. */
export const HOLLOW_BELOW = 1 / 3;
export const HOLLOW_FROM_PX = 4.2;

export interface Frame {
  camera: Camera;
  /** From the map before (0) to the newest (1). */
  mix: number;
  /** Points drawn: a prefix of the shuffled order. */
  count: number;
  /** Diameter, CSS pixels. */
  size: number;
  opacity: number;
  background: Rgb;
  grey: Rgb;
  /** Whether some points are filtered away or without a value: drawn first, fainter. */
  below: boolean;
  ratio: number;
}

export interface Back {
  readonly kind: "webgl2" | "raster";
  /** Places before and now, in drawing order, `dims` floats a point. */
  setPoints(from: Float32Array, to: Float32Array, dims: 2 | 3): void;
  /** Four bytes a point: red, green, blue, and alpha as above. */
  setInk(ink: Uint8Array): void;
  draw(frame: Frame): void;
  /** What was drawn on top near a pixel (CSS pixels), or -1; for maps in 3-D. */
  pick(x: number, y: number, frame: Frame): number;
  /** Returns once everything asked for is in the picture: for timing. */
  finish(): void;
  destroy(): void;
}

/** Names by which a renderer says that it is software: slower than our own raster. */
const SOFTWARE = /swiftshader|llvmpipe|software|basic render|softpipe/i;

/** Whether WebGL2 is there and, as far as it tells, made of hardware. */
export function canAccelerate(): { yes: boolean; why: string } {
  const gl = document.createElement("canvas").getContext("webgl2", { antialias: false });
  if (!gl) return { yes: false, why: "this browser offers no WebGL 2" };
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(name) ? { yes: false, why: "no GPU found" } : { yes: true, why: "" };
}
