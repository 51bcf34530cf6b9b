// Maps of several values of one parameter, small and side by side.
import type { Room } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import Form from "./Form.svelte";
import { gridOf, GridSlice } from "./slice.svelte.ts";
import View from "./View.svelte";

const has = (s: Store) => s.state !== null && s.state.grid !== null;

export const grid: Room = {
  id: "grid",
  order: 40,
  title: "Compare values",
  within: { room: "documents", as: "over", open: (s) => gridOf(s).open, close: (s) => gridOf(s).set(false) },
  view: View,
  panels: [],
  keys: [{ keys: ["g"], shown: "g", does: "Maps for several values", run: (s) => has(s) && gridOf(s).set(!gridOf(s).open) }],
  slice: (store, address) => new GridSlice(store, address),
  offers: {
    tool: { label: "Values", title: "Maps for several values (g)", when: has, run: (s) => gridOf(s).set(true) },
    form: Form,
  },
};
