// The keyboard: one list for what keys do and for the page that tells of them.
import type { Store } from "./store.svelte.ts";

const PAN_PX = 60;
const ZOOM = 1.5;

export interface Key {
  keys: string[];
  shown: string;
  does: string;
  /** Where it means something; everywhere if it is not said. */
  page?: "topics" | "documents";
  run(store: Store, key: string): void;
}

const mapOf = (store: Store) => (store.page === "topics" ? store.topics.map : store.scatter);
const zoom = (store: Store, factor: number) => mapOf(store)?.move((c) => c.zoom(factor, c.width / 2, c.height / 2), true);

export const KEYS: Key[] = [
  { keys: ["/"], shown: "/", does: "Search", run: () => document.getElementById("search")?.focus() },
  { keys: ["d"], shown: "d", does: "Topics, or documents", run: (store) => store.source.topics && store.state?.topics && store.setPage(store.page === "topics" ? "documents" : "topics") },
  {
    keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
    shown: "← →",
    does: "The topic before, or after",
    page: "topics",
    run: (store, key) => store.topics.step(key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1),
  },
  {
    keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
    page: "documents",
    shown: "← → ↑ ↓",
    does: "Move the map; turn it in 3-D",
    run: (store, key) => {
      const dx = key === "ArrowLeft" ? PAN_PX : key === "ArrowRight" ? -PAN_PX : 0;
      const dy = key === "ArrowUp" ? PAN_PX : key === "ArrowDown" ? -PAN_PX : 0;
      store.scatter?.move((c) => (c.orbit ? c.turn(dx, dy) : c.pan(dx, dy)), true);
    },
  },
  { keys: ["+", "="], shown: "+", does: "Zoom in", run: (store) => zoom(store, ZOOM) },
  { keys: ["-", "_"], shown: "−", does: "Zoom out", run: (store) => zoom(store, 1 / ZOOM) },
  {
    keys: ["f"],
    shown: "f",
    does: "Fit everything",
    run: (store) => mapOf(store)?.fit(),
  },
  { keys: [",", "."], shown: ", .", does: "Relevance toward words of the topic alone, or frequent ones", page: "topics", run: (store, key) => store.topics.setLambda(Math.round(100 * Math.max(0, Math.min(1, store.topics.lambda + (key === "." ? 0.1 : -0.1)))) / 100) },
  { keys: ["c"], shown: "c", does: "Color by the next field", page: "documents", run: (store) => store.nextColor() },
  { keys: ["t"], shown: "t", does: "Shade by trust", page: "documents", run: (store) => store.trust && store.setShade(!store.shade) },
  { keys: ["l"], shown: "l", does: "Lasso, or drag with shift", page: "documents", run: (store) => (store.lassoing = !store.lassoing) },
  { keys: ["r"], shown: "r", does: "Table of rows", page: "documents", run: (store) => store.setTable(!store.table) },
  { keys: ["s"], shown: "s", does: "Two maps side by side", page: "documents", run: (store) => store.toggleBeside() },
  { keys: ["g"], shown: "g", does: "Maps of several parameters", page: "documents", run: (store) => store.state?.grid && store.setGrid(!store.grid) },
  { keys: ["[", "]"], shown: "[ ]", does: "The map learned before, or after", page: "documents", run: (store, key) => store.showNext(key === "[" ? -1 : 1) },
  { keys: ["Escape"], shown: "Esc", does: "Clear the selection", run: (store) => (store.page === "topics" ? store.topics.clear() : store.grid ? store.setGrid(false) : store.lassoing ? (store.lassoing = false) : store.clear()) },
  { keys: ["?"], shown: "?", does: "This list", run: (store) => (store.keys = true) },
];

/** The keys of the page that is shown. */
export const keysOf = (store: Store): Key[] => KEYS.filter((k) => (k.page ?? store.page) === store.page && (k.shown !== "d" || (Boolean(store.state?.topics) && (store.state?.map !== null || !store.source.still))));

export function onKey(store: Store, e: KeyboardEvent): void {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || store.keys) return;
  const at = e.target as HTMLElement;
  // Keys typed into a field belong to it; arrows also to whatever lists or scrolls.
  if (at.closest("input:not([type=checkbox]), select, textarea")) return;
  if (e.key.startsWith("Arrow") && at.closest("[role=grid], [role=listbox], .side, .drawer")) return;
  const found = keysOf(store).find((k) => k.keys.includes(e.key));
  if (!found) return;
  e.preventDefault();
  found.run(store, e.key);
}
