// The panels of the page: one line each.
import type { Component } from "svelte";
import type { Store } from "../store.svelte.ts";
import AgainPanel from "./AgainPanel.svelte";
import ColorPanel from "./ColorPanel.svelte";
import ComparePanel from "./ComparePanel.svelte";
import DocumentPanel from "./DocumentPanel.svelte";
import GroupsPanel from "./GroupsPanel.svelte";
import MapsPanel from "./MapsPanel.svelte";
import MethodPanel from "./MethodPanel.svelte";
import RowPanel from "./RowPanel.svelte";
import SelectionPanel from "./SelectionPanel.svelte";
import TablePanel from "./TablePanel.svelte";
import TopicDocumentsPanel from "./TopicDocumentsPanel.svelte";
import TopicListPanel from "./TopicListPanel.svelte";
import TopicMeasuresPanel from "./TopicMeasuresPanel.svelte";
import TopicTimesPanel from "./TopicTimesPanel.svelte";
import TopicTreePanel from "./TopicTreePanel.svelte";
import TopicWordsPanel from "./TopicWordsPanel.svelte";
import TrustPanel from "./TrustPanel.svelte";

export interface Panel {
  id: string;
  place: "left" | "right" | "below";
  /** On which page; the documents' map where none is said. */
  page?: "topics";
  component: Component<{ store: Store }>;
  when(store: Store): boolean;
}

export const panels: Panel[] = [
  { id: "color", place: "left", component: ColorPanel, when: () => true },
  { id: "compare", place: "left", component: ComparePanel, when: (s) => s.beside !== null },
  { id: "trust", place: "left", component: TrustPanel, when: (s) => !s.source.still },
  { id: "groups", place: "left", component: GroupsPanel, when: (s) => s.keptShown !== null && s.keptShown.groups !== null },
  { id: "again", place: "left", component: AgainPanel, when: (s) => s.keptShown?.learned ?? false },
  { id: "maps", place: "left", component: MapsPanel, when: (s) => s.maps.length > 0 },
  { id: "method", place: "left", component: MethodPanel, when: (s) => !s.source.still },
  { id: "document", place: "right", component: DocumentPanel, when: (s) => s.row !== null && s.topics.known !== null },
  { id: "row", place: "right", component: RowPanel, when: (s) => s.row !== null },
  { id: "selection", place: "right", component: SelectionPanel, when: (s) => s.row === null && s.rows !== null },
  { id: "table", place: "below", component: TablePanel, when: (s) => s.table && s.state !== null && !s.source.still },
  { id: "topic-list", place: "left", page: "topics", component: TopicListPanel, when: (s) => s.topics.known !== null },
  { id: "topic-tree", place: "left", page: "topics", component: TopicTreePanel, when: (s) => s.topics.steps.length > 1 && s.topics.known!.tree.length > 0 },
  { id: "topic-trust", place: "left", page: "topics", component: TopicMeasuresPanel, when: (s) => s.topics.known !== null },
  { id: "topic-document", place: "right", page: "topics", component: DocumentPanel, when: (s) => s.row !== null && s.topics.known !== null },
  { id: "topic-words", place: "right", page: "topics", component: TopicWordsPanel, when: (s) => s.row === null },
  { id: "topic-documents", place: "right", page: "topics", component: TopicDocumentsPanel, when: (s) => s.row === null && s.topics.chosen !== null },
  { id: "topic-times", place: "right", page: "topics", component: TopicTimesPanel, when: (s) => s.row === null && (s.topics.known?.times.length ?? 0) > 0 && s.topics.sorted.length > 1 },
];
