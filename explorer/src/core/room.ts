// What a room of the page is. It is declared by one object in its own folder and listed by one line in rooms/index.ts;
// everything else goes through the list and names none.
import type { Component } from "svelte";
import type { FormField } from "../schema.ts";
import type { DataSource } from "../data/source.ts";
import type { DemoRoom } from "../data/demo.ts";
import type { State } from "../data/types.ts";
import type { Layer } from "../scatter/layer.ts";
import type { Camera } from "../scatter/camera.ts";
import type { Store } from "./store.svelte.ts";

declare global {
  /** Whether the page is one file, which needs no server. */
  const __ONE_FILE__: boolean;
}

export type Part = Component<{ store: Store }>;

export interface Panel {
  id: string;
  place: "left" | "right" | "below";
  /** Panels of one place stand by this number, whatever room they are of. */
  order: number;
  component: Part;
  when(store: Store): boolean;
  /** Whether it also stands in the other rooms. */
  everywhere?: boolean;
  /** Whether the focus goes to it where a key opened it. */
  focus?: boolean;
}

export interface Key {
  keys: string[];
  shown: string;
  does: string;
  run(store: Store, key: string): void;
}

export interface Button {
  label: string;
  title: string;
  when(store: Store): boolean;
  pressed?(store: Store): boolean;
  run(store: Store): void;
}

/** What can be zoomed by keys. */
export interface Canvas {
  move(change: (camera: Camera) => void, ease?: boolean): void;
  fit(): void;
}

/** What a room adds to the others. */
export interface Offers {
  /** A button in the top bar. */
  top?: Button;
  /** A button at the foot of the map. */
  tool?: Button;
  /** A button for each kept map in their list; `path` is drawn in 16 x 16. */
  map?: { path: string; title: string; label(name: string): string; pressed(store: Store, id: number): boolean; run(store: Store, id: number): void };
  /** In the form that learns maps: `read` gives its parameters but for one, or null where one is wrong. */
  form?: Component<FormProps>;
  /** More about the chosen row. */
  facts?(store: Store): { name: string; value: string }[];
  /** Whether it shows the text of the chosen row, which then need not stand among its columns. */
  text?: boolean;
  /** What is drawn over the map, by name. */
  layers?(store: Store): [string, Layer][];
}
export interface FormProps {
  store: Store;
  method: string;
  fields: FormField[];
  read: (but: string) => Record<string, unknown> | null;
  /** Tells a mistake, or with null that all is well: the form begins anew. */
  done: (wrong: { error: string; hint: string | null } | null) => void;
}

/** A room's own part of the state. The core tells it what happens; rooms do not know each other's. */
export interface Slice {
  /** A newer state. */
  take?(state: State): void;
  /** Another server may answer now: what was fetched is of no use. */
  reset?(): void;
  /** The columns are known, or others than before. */
  fields?(): void;
  /** The reader colors by another column, or filters its categories. */
  colored?(how: "column" | "filter"): void;
  /** Another row is chosen, or none. */
  opened?(row: number | null): void;
  /** The list of kept maps changed. */
  listed?(): void;
  /** Another map is about to be shown (its id), in place of the one before. */
  showing?(next: number | null, before: number): Promise<void>;
  /** Another map is shown. */
  shown?(): void;
  /** There is a first map: what the address asked for can be shown on it. */
  arrive?(): Promise<void>;
  /** Lets go of what was chosen in this room; false where nothing was. */
  letGo?(): boolean;
  /** Writes what the reader chose into the address. */
  write?(address: URLSearchParams): void;
}

export interface Room {
  id: string;
  /** Rooms stand by this number in the top bar; the first page that has something to show opens. */
  order: number;
  /** In the top bar. */
  title: string | ((store: Store) => string);
  /** What rows are called where this room is offered. */
  rows?: string;
  /** What the data must have, a word of the state's `can`; nothing if it is not said. */
  needs?: string;
  /** Whether there is anything to show; always if it is not said. */
  when?(store: Store): boolean;
  /** The room that it is shown in: over its view, or as a further pane. A page of its own if it is not said. */
  within?: { room: string; as: "over" | "beside"; open(store: Store): boolean; close?(store: Store): void };
  view: Part;
  /** Asks for its parts, where they are fetched when it is shown (see later.svelte.ts). */
  fetch?(store: Store): void;
  /** In the top bar: what is shown, and where to look for something. */
  heading?: Part;
  search?: Part;
  /** What the two sides of the page are called. */
  sides?: { left: string; right: string };
  /** Whether its right side needs more width. */
  wide?: boolean;
  panels: Panel[];
  keys: Key[];
  /** What Esc lets go of; the selection if it is not said. */
  escape?(store: Store): void;
  /** What pointers do, in the list of keys. */
  pointer?: string;
  canvas?(store: Store): Canvas | null;
  slice?(store: Store, address: URLSearchParams): Slice;
  /** The category by which maps are colored at first. */
  color?: string;
  offers?: Offers;
  /** For the console and for tests: added to `window.explorer`. */
  handle?(store: Store): object;
  /** The source of a page in one file, from what the file holds for this room. */
  file?(data: unknown): DataSource;
  /** Test data; never part of the page that is shipped. */
  demo?(): Promise<DemoRoom>;
}

export const titleOf = (room: Room, store: Store): string => (typeof room.title === "string" ? room.title : room.title(store));
export const inOrder = (rooms: Room[]): Room[] => [...rooms].sort((a, b) => a.order - b.order);
/** The rooms whose need the data meet. */
export const met = (rooms: readonly Room[], can: readonly string[]): Room[] => rooms.filter((r) => r.needs === undefined || can.includes(r.needs));
/** The pages among them that have something to show; the last page whose parts are here is there in any case. */
export function pagesOf(rooms: readonly Room[], can: readonly string[], has: (room: Room) => boolean): Room[] {
  const pages = met(rooms, can).filter((r) => r.within === undefined);
  const found = pages.filter(has);
  return found.length > 0 ? found : pages.filter((r) => r.fetch === undefined).slice(-1);
}
/** The panels of a page and of what is shown within it, for one place. */
export function panelsOf(rooms: readonly Room[], page: Room, place: Panel["place"]): Panel[] {
  const here = (r: Room) => r === page || r.within?.room === page.id;
  return rooms.flatMap((r) => r.panels.filter((p) => p.place === place && (p.everywhere || here(r)))).sort((a, b) => a.order - b.order);
}
