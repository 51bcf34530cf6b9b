// The map of the rows, how far to trust it, and the rows themselves.
import { ZOOM_KEYS } from "../../core/keys.ts";
import type { Room } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import { axes } from "../../scatter/layers/axes.ts";
import { numberIn } from "../../words.ts";
import Heading from "./Heading.svelte";
import AgainPanel from "./panels/AgainPanel.svelte";
import ColorPanel from "./panels/ColorPanel.svelte";
import ContrastPanel from "./panels/ContrastPanel.svelte";
import DataPanel from "./panels/DataPanel.svelte";
import GroupsPanel from "./panels/GroupsPanel.svelte";
import LabelsPanel from "./panels/LabelsPanel.svelte";
import MapsPanel from "./panels/MapsPanel.svelte";
import MethodPanel from "./panels/MethodPanel.svelte";
import NeighborsPanel from "./panels/NeighborsPanel.svelte";
import RowPanel from "./panels/RowPanel.svelte";
import RowsPanel from "./panels/RowsPanel.svelte";
import SelectionPanel from "./panels/SelectionPanel.svelte";
import SetsPanel from "./panels/SetsPanel.svelte";
import TrustPanel from "./panels/TrustPanel.svelte";
import Search from "./Search.svelte";
import { mapOf, MapSlice } from "./slice.svelte.ts";
import TablePanel from "./table/TablePanel.svelte";
import View from "./View.svelte";

const PAN_PX = 60;
/** Whether rows are selected, and none of them is looked at. */
const selected = (s: Store) => s.selection.row === null && s.selection.rows !== null;

export const map: Room = {
  id: "documents",
  order: 20,
  title: (s) => s.met.find((r) => r.rows !== undefined)?.rows ?? "Map",
  when: (s) => s.state === null || s.state.map !== null || !s.source.still,
  view: View,
  heading: Heading,
  search: Search,
  sides: { left: "Color, trust and map", right: "Selection" },
  panels: [
    { id: "color", place: "left", order: 10, component: ColorPanel, when: () => true },
    { id: "sets", place: "left", order: 15, component: SetsPanel, when: (s) => s.selection.sets.length > 0 },
    { id: "trust", place: "left", order: 20, component: TrustPanel, when: (s) => !s.source.still || Boolean(s.maps.about?.measures) },
    { id: "method", place: "left", order: 30, component: MethodPanel, when: (s) => !s.source.still },
    { id: "maps", place: "left", order: 40, component: MapsPanel, when: (s) => s.maps.list.length > 0 },
    { id: "groups", place: "left", order: 50, component: GroupsPanel, when: (s) => s.maps.keptShown !== null && s.maps.keptShown.groups !== null },
    { id: "again", place: "left", order: 60, component: AgainPanel, when: (s) => Boolean(s.maps.keptShown?.learned) && (!s.source.still || s.maps.keptShown?.stability !== null) },
    { id: "data", place: "left", order: 70, component: DataPanel, when: (s) => (s.state?.rows ?? 0) > 0 && !s.source.still },
    { id: "row", place: "right", order: 20, component: RowPanel, focus: true, when: (s) => s.selection.row !== null },
    { id: "selection", place: "right", order: 30, component: SelectionPanel, focus: true, when: selected },
    { id: "labels", place: "right", order: 35, component: LabelsPanel, when: (s) => s.annotations.offered && (s.selection.row !== null || s.selection.rows !== null) },
    { id: "neighbors", place: "right", order: 37, component: NeighborsPanel, when: (s) => s.selection.row !== null },
    { id: "contrast", place: "right", order: 40, component: ContrastPanel, when: selected },
    { id: "rows", place: "right", order: 50, component: RowsPanel, when: selected },
    { id: "table", place: "below", order: 10, component: TablePanel, focus: true, when: (s) => mapOf(s).table && s.state !== null && !s.source.still },
  ],
  keys: [
    {
      keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
      shown: "← → ↑ ↓",
      does: "Move the map; turn it in 3-D",
      run: (s, key) => {
        const dx = key === "ArrowLeft" ? PAN_PX : key === "ArrowRight" ? -PAN_PX : 0;
        const dy = key === "ArrowUp" ? PAN_PX : key === "ArrowDown" ? -PAN_PX : 0;
        s.camera.scatter?.move((c) => (c.orbit ? c.turn(dx, dy) : c.pan(dx, dy)), true);
      },
    },
    ...ZOOM_KEYS,
    { keys: ["Enter"], shown: "Enter", does: "Choose the point nearest to the middle of the map", run: (s) => s.camera.scatter?.chooseMiddle() },
    { keys: ["v"], shown: "v", does: "Select the points in view", run: (s) => s.camera.scatter?.selectView() },
    { keys: ["c"], shown: "c", does: "Color by the next column", run: (s) => s.columns.next() },
    { keys: ["t"], shown: "t", does: "Fade points whose neighbors were lost", run: (s) => s.maps.trust && s.columns.setShade(!s.columns.shade) },
    { keys: ["l"], shown: "l", does: "Lasso; drag with shift to add, with alt to subtract", run: (s) => s.camera.take("lasso") },
    {
      keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
      shown: "1 … 9 0",
      does: "Give the chosen or selected rows one of your labels; take it away",
      run: (s, key) => {
        const value = key === "0" ? null : (s.annotations.values[Number(key) - 1]?.label ?? undefined);
        if (value !== undefined) s.annotations.label(value);
      },
    },
    { keys: ["Ctrl+z"], shown: "Ctrl-Z", does: "Undo a label or note", run: (s) => void s.annotations.undo() },
    { keys: ["Ctrl+y", "Ctrl+Shift+z"], shown: "Ctrl-Y", does: "Redo a label or note", run: (s) => void s.annotations.redo() },
    { keys: ["i"], shown: "i", does: "Show only the selection, or the rows that pass the filters; again for all", run: (s) => (s.filters.isolated ? s.filters.join() : s.filters.isolate()) },
    { keys: ["r"], shown: "r", does: "Table of rows", run: (s) => mapOf(s).setTable(!mapOf(s).table) },
    { keys: ["[", "]"], shown: "[ ]", does: "Previous or next map", run: (s, key) => s.maps.showNext(key === "[" ? -1 : 1) },
  ],
  escape(s) {
    if (s.uncover()) return;
    if (s.camera.tool) s.camera.tool = null;
    else if (s.filters.isolated && s.selection.row === null) s.filters.join();
    else if (!s.letGo()) s.filters.undo();
  },
  pointer: "Drag moves the map, the wheel zooms, a click chooses a point. In 3-D a drag turns the map and the right button moves it.",
  canvas: (s) => s.camera.scatter,
  slice: (store, address) => new MapSlice(store, address),
  offers: {
    layers(s) {
      const { about, map } = s.maps;
      const [across, up] = about?.axes ?? [];
      if (!map || map.dims !== 2 || across === undefined || up === undefined) return [];
      const names: [string, string] = [across, up];
      return [["axes", axes({ names, center: [map.center[0], map.center[1]], radius: map.radius, tell: (axis, value) => numberIn(names[axis], value) })]];
    },
  },
};
