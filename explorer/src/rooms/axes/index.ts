// The axes of a space: what each dimension is made of, a biplot of two, and sliders that decode.
import { ZOOM_KEYS } from "../../core/keys.ts";
import { later } from "../../core/later.svelte.ts";
import type { Room } from "../../core/room.ts";
import { AxesSlice, axesOf } from "./slice.svelte.ts";

/** A page in one file decodes nothing, and never shows the room. */
const drawn = later(async () => (__ONE_FILE__ ? Promise.reject(new Error("A file has no axes.")) : (await import("./later/parts.ts")).parts));

declare global {
  interface Handle {
    /** The two dimensions of the biplot, and where the sliders stand. */
    readonly axes: { across: number; up: number; codes: number[] };
    /** Where a row is drawn on the biplot. */
    biplotPlace(row: number): [number, number] | null;
  }
}

export const axes: Room = {
  id: "axes",
  order: 25,
  title: "Axes",
  when: (s) => axesOf(s).place !== null,
  get view() {
    return drawn.view;
  },
  get heading() {
    return drawn.heading;
  },
  get panels() {
    return drawn.panels;
  },
  fetch: (s) => drawn.fetch(s),
  sides: { left: "Dimensions", right: "What a dimension is made of" },
  wide: true,
  keys: [{ keys: [",", "."], shown: ", .", does: "The dimension before, or after", run: (s, key) => axesOf(s).step(key === "," ? -1 : 1) }, ...ZOOM_KEYS],
  pointer: "Drag moves the biplot, the wheel zooms, a click chooses a row: the sliders start at its codes.",
  canvas: (s) => axesOf(s).scatter,
  slice: (store, address) => new AxesSlice(store, address),
  handle: (s) => ({
    get axes() {
      const { across, up, codes } = axesOf(s);
      return { across, up, codes };
    },
    biplotPlace: (row: number) => axesOf(s).scatter?.place(row) ?? null,
  }),
  ...(import.meta.env.MODE === "test" ? { demo: async () => (await import("./demo.ts")).demoRoom } : {}),
};
