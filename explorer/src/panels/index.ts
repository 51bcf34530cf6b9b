// The panels of the page: one line each.
import type { Component } from "svelte";
import type { Store } from "../store.svelte.ts";
import AgainPanel from "./AgainPanel.svelte";
import ColorPanel from "./ColorPanel.svelte";
import ComparePanel from "./ComparePanel.svelte";
import GroupsPanel from "./GroupsPanel.svelte";
import MapsPanel from "./MapsPanel.svelte";
import MethodPanel from "./MethodPanel.svelte";
import RowPanel from "./RowPanel.svelte";
import SelectionPanel from "./SelectionPanel.svelte";
import TablePanel from "./TablePanel.svelte";
import TrustPanel from "./TrustPanel.svelte";

export interface Panel {
  id: string;
  place: "left" | "right" | "below";
  component: Component<{ store: Store }>;
  when(store: Store): boolean;
}

export const panels: Panel[] = [
  { id: "color", place: "left", component: ColorPanel, when: () => true },
  { id: "compare", place: "left", component: ComparePanel, when: (s) => s.beside !== null },
  { id: "trust", place: "left", component: TrustPanel, when: () => true },
  { id: "groups", place: "left", component: GroupsPanel, when: (s) => s.keptShown !== null && s.keptShown.groups !== null },
  { id: "again", place: "left", component: AgainPanel, when: (s) => s.keptShown?.learned ?? false },
  { id: "maps", place: "left", component: MapsPanel, when: (s) => s.maps.length > 0 },
  { id: "method", place: "left", component: MethodPanel, when: () => true },
  { id: "row", place: "right", component: RowPanel, when: (s) => s.row !== null },
  { id: "selection", place: "right", component: SelectionPanel, when: (s) => s.row === null && s.rows !== null },
  { id: "table", place: "below", component: TablePanel, when: (s) => s.table && s.state !== null },
];
