// Points by WebGL2: one call of gl.POINTS a picture, never instanced (instancing measured 16 times slower in software
// and no faster elsewhere), no multisampling: each disc softens its own edge.
import { type Back, FAINT, type Frame, HOLLOW_BELOW, HOLLOW_FROM_PX } from "./back.ts";

// All that is one for a point is worked out once for it; a pixel only asks how far from the middle it lies.
const SHAPE = `#version 300 es
precision highp float; precision highp int;
in vec3 before; in vec3 now; in vec4 ink;
uniform float mixing, perspective, size, orbit, opacity, ratio; uniform int only, picking;
uniform vec3 origin, right, up, toward, background, grey; uniform vec2 shift, scale;
flat out vec4 paint; flat out vec2 form;
void main() {
  vec3 p = mix(before, now, mixing) - origin;
  float depth = dot(toward, p);
  float near = 1.0 / (1.0 - depth * perspective);
  vec2 at = (vec2(dot(right, p), dot(up, p)) * near - shift) * scale;
  bool filtered = ink.a < 0.006;
  bool low = ink.a < 0.01; // filtered away, or without a value
  bool skip = ink.a < 0.002 || (only == 1 && !low) || (only == 2 && low) || (picking == 1 && filtered);
  gl_Position = skip ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(at, clamp(-depth * 0.25, -0.99, 0.99), 1.0);
  float diameter = size * near;
  gl_PointSize = diameter + 1.0;
  float line = 0.0;
  float alpha = opacity;
  vec3 tone = ink.rgb;
  if (filtered) {
    tone = grey;
    alpha = ${FAINT.filtered.toFixed(2)};
  } else if (low) {
    alpha = ${FAINT.below.toFixed(2)};
  } else if (ink.a < 0.998) {
    float share = (ink.a * 255.0 - 3.0) / 251.0;
    if (share < ${HOLLOW_BELOW.toFixed(4)} && diameter >= ${HOLLOW_FROM_PX.toFixed(1)} * ratio) {
      line = 1.15 * ratio;
      tone = mix(tone, background, 0.12);
      alpha = 0.85;
    } else {
      tone = mix(tone, background, 0.78 * pow(1.0 - share, 1.3));
      alpha = min(1.0, opacity * (0.55 + 0.6 * share));
    }
  }
  float fade = orbit > 0.0 ? clamp(0.74 + 0.36 * depth, 0.34, 1.0) : 1.0;
  paint = vec4(mix(background, tone, fade), alpha);
  form = vec2(diameter, line);
  if (picking == 1) {
    int id = gl_VertexID + 1;
    paint = vec4(float(id & 255), float((id >> 8) & 255), float((id >> 16) & 255), float((id >> 24) & 255)) / 255.0;
  }
}`;

const PAINT = `#version 300 es
precision highp float; precision highp int;
flat in vec4 paint; flat in vec2 form;
uniform vec3 background; uniform int picking;
out vec4 color;
void main() {
  float edge = form.x * 0.5 - length(gl_PointCoord - 0.5) * (form.x + 1.0);
  float disc = clamp(edge + 0.5, 0.0, 1.0);
  vec4 c = paint;
  if (picking == 1) {
    if (disc < 0.5) discard;
    color = c;
    return;
  }
  if (form.y > 0.0) c = mix(c, vec4(background, 0.3), clamp(edge - form.y + 0.5, 0.0, 1.0));
  c.a *= disc;
  if (c.a < 0.02) discard;
  color = vec4(c.rgb * c.a, c.a);
}`;

export class GlBack implements Back {
  readonly kind = "webgl2";
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly at: Record<string, WebGLUniformLocation | null> = {};
  private readonly buffers: { before: WebGLBuffer; now: WebGLBuffer; ink: WebGLBuffer };
  private readonly canvas: HTMLCanvasElement;
  private ids: { frame: WebGLFramebuffer; color: WebGLRenderbuffer; depth: WebGLRenderbuffer; width: number; height: number } | null = null;

  /** Throws where WebGL2 cannot be had. */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, depth: true, powerPreference: "high-performance" });
    if (!gl) throw new Error("no WebGL2");
    this.gl = gl;
    this.canvas = canvas;
    this.program = link(gl);
    for (const name of "mixing perspective size orbit only origin right up toward shift scale background grey opacity ratio picking".split(" "))
      this.at[name] = gl.getUniformLocation(this.program, name);
    this.buffers = { before: gl.createBuffer(), now: gl.createBuffer(), ink: gl.createBuffer() };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthFunc(gl.LEQUAL);
  }

  private fill(buffer: WebGLBuffer, data: Float32Array | Uint8Array, name: string, dims: number): void {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    const place = gl.getAttribLocation(this.program, name);
    gl.enableVertexAttribArray(place);
    if (data instanceof Uint8Array) gl.vertexAttribPointer(place, 4, gl.UNSIGNED_BYTE, true, 0, 0);
    else gl.vertexAttribPointer(place, dims, gl.FLOAT, false, 0, 0);
  }
  setPoints(from: Float32Array, to: Float32Array, dims: 2 | 3): void {
    this.fill(this.buffers.before, from, "before", dims);
    this.fill(this.buffers.now, to, "now", dims);
  }
  setInk(ink: Uint8Array): void {
    this.fill(this.buffers.ink, ink, "ink", 4);
  }

  private prepare(f: Frame): void {
    const { gl, at } = this;
    const { camera } = f;
    const [w, h] = [Math.round(camera.width * f.ratio), Math.round(camera.height * f.ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) [this.canvas.width, this.canvas.height] = [w, h];
    gl.viewport(0, 0, w, h);
    gl.useProgram(this.program);
    const [r, u, t] = camera.axes();
    gl.uniform3fv(at.right!, r);
    gl.uniform3fv(at.up!, u);
    gl.uniform3fv(at.toward!, t);
    gl.uniform3fv(at.origin!, camera.origin);
    gl.uniform2fv(at.shift!, camera.shift);
    gl.uniform2f(at.scale!, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform1f(at.perspective!, camera.perspective);
    gl.uniform1f(at.orbit!, camera.orbit ? 1 : 0);
    gl.uniform1f(at.mixing!, f.mix);
    gl.uniform1f(at.size!, f.size * f.ratio);
    gl.uniform1f(at.opacity!, f.opacity);
    gl.uniform1f(at.ratio!, f.ratio);
    gl.uniform3fv(at.background!, f.background.map((c) => c / 255));
    gl.uniform3fv(at.grey!, f.grey.map((c) => c / 255));
    if (camera.orbit) gl.enable(gl.DEPTH_TEST);
    else gl.disable(gl.DEPTH_TEST);
  }

  draw(f: Frame): void {
    const { gl, at } = this;
    this.prepare(f);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.clearColor(f.background[0] / 255, f.background[1] / 255, f.background[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform1i(at.picking!, 0);
    for (const only of f.below ? [1, 2] : [0]) {
      gl.uniform1i(at.only!, only);
      if (only === 1) gl.depthMask(false); // faint ones hide nothing
      gl.drawArrays(gl.POINTS, 0, f.count);
      gl.depthMask(true);
    }
  }

  pick(x: number, y: number, f: Frame): number {
    const { gl, at } = this;
    this.prepare(f);
    const { width, height } = this.canvas;
    if (this.ids?.width !== width || this.ids.height !== height) {
      if (this.ids) {
        gl.deleteFramebuffer(this.ids.frame);
        gl.deleteRenderbuffer(this.ids.color);
        gl.deleteRenderbuffer(this.ids.depth);
      }
      this.ids = { frame: gl.createFramebuffer(), color: gl.createRenderbuffer(), depth: gl.createRenderbuffer(), width, height };
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.ids.frame);
      gl.bindRenderbuffer(gl.RENDERBUFFER, this.ids.color);
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, this.ids.color);
      gl.bindRenderbuffer(gl.RENDERBUFFER, this.ids.depth);
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT16, width, height);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, this.ids.depth);
    }
    const reach = Math.ceil(6 * f.ratio);
    const [cx, cy] = [Math.round(x * f.ratio), Math.round(height - y * f.ratio)];
    const side = 2 * reach + 1;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.ids.frame);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(cx - reach, cy - reach, side, side);
    gl.disable(gl.BLEND);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform1i(at.picking!, 1);
    gl.uniform1i(at.only!, 0);
    gl.drawArrays(gl.POINTS, 0, f.count);
    gl.enable(gl.BLEND);
    gl.disable(gl.SCISSOR_TEST);
    const bytes = new Uint8Array(side * side * 4);
    gl.readPixels(cx - reach, cy - reach, side, side, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return nearestId(new Int32Array(bytes.buffer), side, side, reach, reach, reach) - 1;
  }

  finish(): void {
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }
  destroy(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** The id (0: none) drawn nearest to a pixel, at most `reach` away. */
export function nearestId(ids: Int32Array, width: number, height: number, x: number, y: number, reach: number): number {
  let best = 0;
  let least = reach * reach + 1;
  for (let j = Math.max(0, y - reach); j <= Math.min(height - 1, y + reach); j++)
    for (let i = Math.max(0, x - reach); i <= Math.min(width - 1, x + reach); i++) {
      const d = (i - x) ** 2 + (j - y) ** 2;
      const id = ids[j * width + i]!;
      if (id > 0 && d < least) [best, least] = [id, d];
    }
  return best;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, SHAPE], [gl.FRAGMENT_SHADER, PAINT]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL2 made no shader");
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const logs = (gl.getAttachedShaders(program) ?? []).map((s) => gl.getShaderInfoLog(s)).join(" ");
    throw new Error(`WebGL2: ${gl.getProgramInfoLog(program)} ${logs}`);
  }
  return program;
}
