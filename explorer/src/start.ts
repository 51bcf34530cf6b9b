// Puts the page into its document, with what it knows from a source.
import { mount } from "svelte";
import App from "./App.svelte";
import type { DataSource } from "./data/source.ts";
import type { RowInfo } from "./data/types.ts";
import { Store } from "./store.svelte.ts";

/** For the console and for tests: where a row is drawn, and what the map is doing. */
declare global {
  interface Window {
    explorer: {
      place(row: number): [number, number] | null;
      placeBeside(row: number): [number, number] | null;
      rowAt(x: number, y: number): number;
      time(frames: number): number[];
      info(row: number): Promise<RowInfo>;
      readonly phase: string;
      readonly count: number;
      readonly dims: number;
      readonly frames: number;
      readonly renderer: string;
      readonly version: number;
      readonly row: number | null;
      readonly rows: number[] | null;
      readonly arrows: number[];
      readonly page: string;
      readonly topic: number | null;
      /** Where the topic at a place by share is drawn, and its radius. */
      circle(at: number): [number, number, number] | null;
      timeTopics(times: number): { hover: number[]; whole: number[] } | null;
    };
  }
}
export function start(source: DataSource): Store {
  const store = new Store(source);
  // Only a reader changes the part after # by hand: the page replaces it without a word.
  addEventListener("hashchange", () => location.reload());
  mount(App, { target: document.getElementById("app")!, props: { store } });
  window.explorer = {
    place: (row) => store.scatter?.place(row) ?? null,
    placeBeside: (row) => store.scatterBeside?.place(row) ?? null,
    rowAt: (x, y) => store.scatter?.rowAt(x, y) ?? -1,
    time: (frames) => store.scatter?.time(frames) ?? [],
    info: (row) => store.source.row(row),
    get phase() {
      return store.state?.phase ?? "none";
    },
    get count() {
      return store.map?.rows ?? 0;
    },
    get dims() {
      return store.map?.dims ?? 0;
    },
    get frames() {
      return store.scatter?.frames ?? 0;
    },
    get renderer() {
      return store.scatter?.kind ?? "none";
    },
    get version() {
      return store.map?.version ?? 0;
    },
    get row() {
      return store.row;
    },
    get rows() {
      return store.rows;
    },
    get arrows() {
      return store.arrows?.rows ?? [];
    },
    get page() {
      return store.page;
    },
    get topic() {
      return store.topics.topic;
    },
    circle: (at) => store.topics.map?.placeOf(at) ?? null,
    timeTopics: (times) => store.topics.map?.time(times) ?? null,
  };
  return store;
}
