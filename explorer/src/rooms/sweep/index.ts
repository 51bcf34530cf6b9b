// How many dimensions are enough: training and held-out error by their number, and what it means.
import { later } from "../../core/later.svelte.ts";
import type { Room } from "../../core/room.ts";
import { SweepSlice } from "./slice.svelte.ts";

/** A page in one file learns nothing, and never shows the room. */
const drawn = later(async () => (__ONE_FILE__ ? Promise.reject(new Error("A file is not swept.")) : (await import("./later/parts.ts")).parts));

export const sweep: Room = {
  id: "sweep",
  order: 27,
  title: "Dimensions",
  needs: "sweep",
  get view() {
    return drawn.view;
  },
  get panels() {
    return drawn.panels;
  },
  fetch: (s) => drawn.fetch(s),
  sides: { left: "Estimates of the number of dimensions", right: "" },
  keys: [],
  slice: (store) => new SweepSlice(store),
};
