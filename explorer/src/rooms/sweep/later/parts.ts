// What is drawn in the room: fetched when it is first shown.
import type { Parts } from "../../../core/later.svelte.ts";
import EstimatesPanel from "./EstimatesPanel.svelte";
import View from "./View.svelte";

export const parts: Parts = { view: View, panels: [{ id: "estimates", place: "left", order: 10, component: EstimatesPanel, when: () => true }] };
