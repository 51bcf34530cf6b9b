// The template of a room (CONTRIBUTING.md), and its test: a room of test builds, at ?source=demo&template=1.
import type { Room } from "../../src/core/room.ts";
import Panel from "./Panel.svelte";
import { TemplateSlice, templateOf } from "./slice.svelte.ts";
import View from "./View.svelte";

export const template: Room = {
  id: "template",
  order: 15,
  title: "Template",
  needs: "template",
  view: View,
  sides: { left: "About the template", right: "More about it" },
  panels: [{ id: "template", place: "left", order: 10, component: Panel, when: () => true }],
  keys: [{ keys: ["n"], shown: "n", does: "The next step", run: (store) => templateOf(store).go() }],
  slice: (store, address) => new TemplateSlice(store, address),
  demo: async () => ({
    groups: (query) => (query.has("template") ? 10 : null),
    make: (_, n) => ({ can: "template", name: "A template", kind: "table", field: null, ask: (path) => (path === "template" ? Promise.resolve({ rows: n }) : undefined) }),
  }),
};
