// Colors of points: Okabe and Ito's set for categories (safe for color-blind eyes), carried on to 20 by lightness;
// viridis for numbers. Source: Okabe and Ito 2008, jfly.uni-koeln.de/color; van der Walt and Smith 2015, bids.github.io/colormap.

export type Theme = "light" | "dark";
export type Rgb = [number, number, number];

export const CANVAS: Record<Theme, Rgb> = { light: [251, 251, 250], dark: [21, 23, 27] };
/** Rows beyond the palette, without a value, or filtered away. */
export const GREY: Record<Theme, Rgb> = { light: [150, 153, 160], dark: [118, 123, 134] };

export function toLinear(c: number): number {
  c /= 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}
/** The other way, from 0 to 1. */
export const toByte = (c: number) => Math.round(255 * Math.max(0, Math.min(1, c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055)));

/** sRGB to OKLab (Ottosson 2020). */
export function oklab([r, g, b]: Rgb): [number, number, number] {
  const [x, y, z] = [toLinear(r), toLinear(g), toLinear(b)];
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z);
  const m = Math.cbrt(0.2119034982 * x + 0.6806995451 * y + 0.1073969566 * z);
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}
export function fromOklab([L, a, b]: [number, number, number]): Rgb {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s), toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s), toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)];
}

/** WCAG contrast of two colors, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const light = ([r, g, bl]: Rgb) => 0.2126 * toLinear(r) + 0.7152 * toLinear(g) + 0.0722 * toLinear(bl) + 0.05;
  const [x, y] = [light(a), light(b)];
  return x > y ? x / y : y / x;
}

const hex = (s: string): Rgb => [0, 2, 4].map((i) => Number.parseInt(s.slice(i, i + 2), 16)) as Rgb;

/** Blue, vermilion, green, purple, orange, sky, yellow; the eighth, black, gives way to greys for "no value". */
const BASE = ["0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "F0E442"].map(hex);
const [ORANGE, SKY] = [4, 5];
const [VIOLET, UMBER] = [hex("a06be0"), hex("b88a6a")];
export const N_COLORS = 20;

function build(theme: Theme): Rgb[] {
  const range = theme === "light" ? [0.34, 0.8] : [0.5, 0.87];
  const muted = theme === "light" ? 1 : 0.84; // on dark, full colors glare where points pile up
  const at = (rgb: Rgb, lift: number, strength: number): Rgb => {
    const chroma = strength * muted;
    const [L, a, b] = oklab(rgb);
    return fromOklab([Math.max(range[0]!, Math.min(range[1]!, L + lift)), a * chroma, b * chroma]);
  };
  const base = theme === "light" ? 0 : 0.05;
  // A darker sky would be the blue again, and a darker orange the vermilion: violet and umber stand in for them.
  const dark = BASE.map((c, i) => at(i === SKY ? VIOLET : i === ORANGE ? UMBER : c, theme === "light" ? -0.19 : -0.17, 0.85));
  const pale = BASE.map((c) => at(c, theme === "light" ? 0.13 : 0.17, 0.62));
  // Orange goes darker: yellow had to, to be seen on the map, and the two must stay apart.
  const first = BASE.map((c, i) => at(c, i === ORANGE ? base - 0.06 : base, 1));
  return [...first, ...dark, ...pale].slice(0, N_COLORS);
}
const PALETTES: Record<Theme, Rgb[]> = { light: build("light"), dark: build("dark") };

export const category = (theme: Theme, code: number): Rgb => PALETTES[theme][code] ?? GREY[theme];

const VIRIDIS = "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725".split(" ").map(hex);

/** Color of a number, by viridis; `t` in [0, 1]. The end that would melt into the background is cut off. */
export function ramp(theme: Theme, t: number): Rgb {
  const c = Math.max(0, Math.min(1, t));
  const x = (theme === "light" ? c * 0.9 : 0.14 + c * 0.86) * (VIRIDIS.length - 1);
  const i = Math.min(VIRIDIS.length - 2, Math.floor(x));
  return VIRIDIS[i]!.map((v, k) => Math.round(v + (VIRIDIS[i + 1]![k]! - v) * (x - i))) as Rgb;
}

export const css = ([r, g, b]: Rgb) => `rgb(${r} ${g} ${b})`;

/** Diameter (CSS pixels) and opacity of a point: smaller and fainter as n grows, larger when one looks closer. */
export function pointLook(n: number, zoom: number): { size: number; opacity: number } {
  const size = Math.max(1.5, Math.min(6.4, 6.2 * (Math.max(1, n) / 2000) ** -0.235)) * Math.max(0.8, zoom) ** 0.38;
  const opacity = Math.max(0.6, Math.min(0.82, 0.82 - 0.07 * Math.log10(Math.max(1, n) / 1000)));
  return { size: Math.min(14, size), opacity };
}
