// What is drawn in the room: fetched when it is first shown.
import type { Parts } from "../../../core/later.svelte.ts";
import Heading from "./Heading.svelte";
import DimensionPanel from "./DimensionPanel.svelte";
import ListPanel from "./ListPanel.svelte";
import { axesOf } from "../slice.svelte.ts";
import View from "./View.svelte";

export const parts: Parts = {
  view: View,
  heading: Heading,
  panels: [
    { id: "dimensions", place: "left", order: 10, component: ListPanel, when: (s) => axesOf(s).known !== null },
    { id: "dimension", place: "right", order: 10, component: DimensionPanel, when: (s) => axesOf(s).known !== null },
  ],
};
