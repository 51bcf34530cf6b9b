// The topics of documents: a map of them, their words, their documents.
import type { Room } from "../../core/room.ts";
import { ZOOM_KEYS } from "../../core/keys.ts";
import { fileSource } from "./file.ts";
import Heading from "./Heading.svelte";
import DocumentPanel from "./panels/DocumentPanel.svelte";
import DocumentsPanel from "./panels/DocumentsPanel.svelte";
import ListPanel from "./panels/ListPanel.svelte";
import MeasuresPanel from "./panels/MeasuresPanel.svelte";
import TimesPanel from "./panels/TimesPanel.svelte";
import TreePanel from "./panels/TreePanel.svelte";
import WordsPanel from "./panels/WordsPanel.svelte";
import Search from "./Search.svelte";
import { TOPIC_FIELD, topicsOf, TopicSlice } from "./slice.svelte.ts";
import View from "./View.svelte";

const LAMBDA_STEP = 0.1;

declare global {
  interface Handle {
    readonly topic: number | null;
    /** Where the topic at a place by share is drawn, and its radius. */
    circle(at: number): [number, number, number] | null;
    timeTopics(times: number): { hover: number[]; whole: number[] } | null;
  }
}

export const topics: Room = {
  id: "topics",
  order: 10,
  title: "Topics",
  rows: "Documents",
  needs: "topics",
  view: View,
  heading: Heading,
  search: Search,
  sides: { left: "Topics, and how far to trust them", right: "Words and documents" },
  wide: true,
  panels: [
    { id: "topic-list", place: "left", order: 10, component: ListPanel, when: (s) => topicsOf(s).known !== null },
    { id: "topic-tree", place: "left", order: 20, component: TreePanel, when: (s) => topicsOf(s).steps.length > 1 && (topicsOf(s).layout?.tree.length ?? 0) > 0 },
    { id: "topic-trust", place: "left", order: 30, component: MeasuresPanel, when: (s) => topicsOf(s).known !== null },
    { id: "document", place: "right", order: 10, everywhere: true, component: DocumentPanel, when: (s) => s.selection.row !== null && topicsOf(s).known !== null },
    { id: "topic-words", place: "right", order: 20, component: WordsPanel, when: (s) => s.selection.row === null },
    { id: "topic-documents", place: "right", order: 30, component: DocumentsPanel, when: (s) => s.selection.row === null && topicsOf(s).chosen !== null },
    { id: "topic-times", place: "right", order: 40, component: TimesPanel, when: (s) => s.selection.row === null && (topicsOf(s).known?.times.length ?? 0) > 0 && topicsOf(s).sorted.length > 1 },
  ],
  keys: [
    {
      keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
      shown: "← →",
      does: "The topic before, or after",
      run: (s, key) => topicsOf(s).step(key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1),
    },
    ...ZOOM_KEYS,
    {
      keys: [",", "."],
      shown: ", .",
      does: "Relevance toward words of the topic alone, or frequent ones",
      run: (s, key) => topicsOf(s).setLambda(Math.round(100 * Math.max(0, Math.min(1, topicsOf(s).lambda + (key === "." ? LAMBDA_STEP : -LAMBDA_STEP)))) / 100),
    },
  ],
  escape: (s) => topicsOf(s).clear(),
  pointer: "Drag moves the map, the wheel zooms, a click chooses a topic; a second click in the same place the one beneath it.",
  canvas: (s) => topicsOf(s).map,
  slice: (store, address) => new TopicSlice(store, address),
  color: TOPIC_FIELD,
  offers: { text: true },
  handle: (s) => ({
    get topic() {
      return topicsOf(s).topic;
    },
    circle: (at: number) => topicsOf(s).map?.placeOf(at) ?? null,
    timeTopics: (times: number) => topicsOf(s).map?.time(times) ?? null,
  }),
  ...(__ONE_FILE__ ? { file: fileSource } : {}),
  ...(import.meta.env.MODE === "test" ? { demo: async () => (await import("./demo.ts")).demoRoom } : {}),
};
