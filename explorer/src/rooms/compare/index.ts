// Two maps side by side.
import type { Room } from "../../core/room.ts";
import { arrows } from "../../scatter/layers/arrows.ts";
import ComparePanel from "./ComparePanel.svelte";
import { CompareSlice, compareOf } from "./slice.svelte.ts";
import View from "./View.svelte";

declare global {
  interface Handle {
    placeBeside(row: number): [number, number] | null;
    readonly arrows: number[];
  }
}

export const compare: Room = {
  id: "compare",
  order: 30,
  title: "Compare",
  within: { room: "documents", as: "beside", open: (s) => compareOf(s).map !== null },
  view: View,
  panels: [{ id: "compare", place: "left", order: 15, component: ComparePanel, when: (s) => compareOf(s).map !== null }],
  keys: [{ keys: ["s"], shown: "s", does: "Two maps side by side", run: (s) => compareOf(s).toggle() }],
  slice: (store, address) => new CompareSlice(store, address),
  offers: {
    top: { label: "Compare", title: "Two maps side by side (s)", when: (s) => s.maps.list.length > 0 && !s.source.still, pressed: (s) => compareOf(s).id !== null, run: (s) => compareOf(s).toggle() },
    map: {
      path: "M3.5 3h9A1.5 1.5 0 0 1 14 4.5v7a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 11.5v-7A1.5 1.5 0 0 1 3.5 3ZM8 3v10",
      title: "Show beside",
      label: (name) => `${name} beside the map that is shown`,
      pressed: (s, id) => compareOf(s).id === id,
      run(s, id) {
        s.uncover();
        compareOf(s).show(compareOf(s).id === id ? null : id).catch((e) => s.fail(e));
      },
    },
    facts(s) {
      const { info } = compareOf(s);
      return info && info.row === s.selection.row && info.kept !== null ? [{ name: "in the second map", value: `${info.kept} of ${info.neighbors.length}` }] : [];
    },
    layers(s) {
      const found = compareOf(s).arrows;
      return found ? [["arrows", arrows(found)]] : [];
    },
  },
  handle: (s) => ({
    placeBeside: (row: number) => s.camera.beside?.place(row) ?? null,
    get arrows() {
      return compareOf(s).arrows?.rows ?? [];
    },
  }),
};
