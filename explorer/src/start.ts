// Puts the page into its document, with what it knows from a source.
import { mount } from "svelte";
import App from "./App.svelte";
import type { Room } from "./core/room.ts";
import { Store } from "./core/store.svelte.ts";
import type { DataSource } from "./data/source.ts";
import type { RowInfo } from "./data/types.ts";

/** For the console and for tests: where a row is drawn, and what the map is doing; rooms add to it. */
declare global {
  interface Handle {
    place(row: number): [number, number] | null;
    rowAt(x: number, y: number): number;
    time(frames: number): number[];
    info(row: number): Promise<RowInfo>;
    readonly phase: string;
    readonly count: number;
    readonly dims: number;
    readonly frames: number;
    readonly renderer: string;
    readonly version: number;
    /** Rows whose names are drawn. */
    readonly named: number[];
    /** Thumbnails that are drawn. */
    readonly pictures: number;
    readonly row: number | null;
    readonly rows: number[] | null;
    /** The id of the room. */
    readonly page: string;
  }
  interface Window {
    explorer: Handle;
  }
}

export function start(source: DataSource, rooms: readonly Room[]): Store {
  const store = new Store(source, rooms);
  // Only a reader changes the part after # by hand: the page replaces it without a word.
  addEventListener("hashchange", () => location.reload());
  mount(App, { target: document.getElementById("app")!, props: { store } });
  const { camera, maps, selection } = store;
  const handle: Partial<Handle> = {
    place: (row) => camera.scatter?.place(row) ?? null,
    rowAt: (x, y) => camera.scatter?.rowAt(x, y) ?? -1,
    time: (frames) => camera.scatter?.time(frames) ?? [],
    info: (row) => store.source.row(row),
    get phase() {
      return store.state?.phase ?? "none";
    },
    get count() {
      return maps.map?.rows ?? 0;
    },
    get dims() {
      return maps.map?.dims ?? 0;
    },
    get frames() {
      return camera.scatter?.frames ?? 0;
    },
    get renderer() {
      return camera.scatter?.kind ?? "none";
    },
    get version() {
      return maps.map?.version ?? 0;
    },
    get named() {
      return camera.scatter?.named ?? [];
    },
    get pictures() {
      return store.drawing.pictures.drawn;
    },
    get row() {
      return selection.row;
    },
    get rows() {
      return selection.rows;
    },
    get page() {
      return store.page.id;
    },
  };
  for (const room of rooms) Object.defineProperties(handle, Object.getOwnPropertyDescriptors(room.handle?.(store) ?? {}));
  window.explorer = handle as Handle;
  return store;
}
