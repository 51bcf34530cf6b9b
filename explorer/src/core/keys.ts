// The keyboard: one list for what keys do and for the page that tells of them.
import { type Key, titleOf } from "./room.ts";
import type { Store } from "./store.svelte.ts";

const ZOOM = 1.5;
const zoom = (store: Store, factor: number) => store.page.canvas?.(store)?.move((c) => c.zoom(factor, c.width / 2, c.height / 2), true);

/** For a room that has a canvas. */
export const ZOOM_KEYS: Key[] = [
  { keys: ["+", "="], shown: "+", does: "Zoom in", run: (store) => zoom(store, ZOOM) },
  { keys: ["-", "_"], shown: "−", does: "Zoom out", run: (store) => zoom(store, 1 / ZOOM) },
  { keys: ["f"], shown: "f", does: "Fit everything", run: (store) => store.page.canvas?.(store)?.fit() },
];

/** The keys of the page that is shown. */
export function keysOf(store: Store): Key[] {
  const { page, pages, met } = store;
  const next = pages[(pages.indexOf(page) + 1) % pages.length]!;
  const titles = pages.map((r, i) => (i === 0 ? titleOf(r, store) : titleOf(r, store).toLowerCase()));
  return [
    { keys: ["/"], shown: "/", does: "Search", run: () => document.getElementById("search")?.focus() },
    ...(pages.length > 1 ? [{ keys: ["d"], shown: "d", does: titles.join(", or "), run: () => store.go(next.id) }] : []),
    ...page.keys,
    ...met.filter((r) => r.within?.room === page.id).flatMap((r) => r.keys),
    { keys: ["Escape"], shown: "Esc", does: "Clear the selection", run: () => (page.escape ? page.escape(store) : store.letGo()) },
    { keys: ["?"], shown: "?", does: "This list", run: () => (store.keys = true) },
  ];
}

export function onKey(store: Store, e: KeyboardEvent): void {
  if (e.altKey || e.defaultPrevented || store.keys) return;
  const key = e.ctrlKey || e.metaKey ? `Ctrl+${e.shiftKey ? "Shift+" : ""}${e.key.toLowerCase()}` : e.key;
  const at = e.target as HTMLElement;
  // What is typed into a field belongs to it, letters to a list of choices; arrows to whatever slides, lists or scrolls.
  if (at.closest("input:not([type=checkbox], [type=range], [type=radio]), textarea, [contenteditable]")) return;
  if (at.closest("select") && !["/", "?", "Escape"].includes(e.key)) return;
  if (e.key.startsWith("Arrow") && at.closest("[role=grid], [role=listbox], [type=range], [type=radio], .side, .drawer, dialog")) return;
  // Enter presses what has the focus; on the map it is a key like others.
  if (e.key === "Enter" && at.getAttribute("role") !== "application") return;
  const found = keysOf(store).find((k) => k.keys.includes(key));
  if (!found) return;
  e.preventDefault();
  found.run(store, key);
}
