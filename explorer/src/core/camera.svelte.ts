// From where the map is looked at, and the canvas on which it is drawn.
import type { View } from "../scatter/camera.ts";
import type { Scatter } from "../scatter/scatter.ts";
import type { Place } from "./address.ts";
import type { Store } from "./store.svelte.ts";

/** Draws around points: those become the selection, or are added to it, or taken from it. */
export type Lasso = "lasso" | "add" | "subtract";

export class CameraState {
  private readonly store: Store;
  view = $state.raw<View | null>(null);
  flat = $state(false);
  /** What dragging on the map does; null: it moves the camera. */
  tool = $state<Lasso | null>(null);
  renderer = $state<{ kind: string; why: string } | null>(null);
  /** The canvases: of the map, and of one that stands beside it. */
  scatter = $state.raw<Scatter | null>(null);
  beside: Scatter | null = null;
  /** Where each map was looked at from; null where all of it was shown. */
  private readonly views = new Map<number, View | null>();

  constructor(store: Store, place: Place) {
    this.store = store;
    this.view = place.view;
    this.flat = place.flat;
  }

  setFlat(flat: boolean): void {
    this.flat = flat;
    this.scatter?.setFlat(flat);
    this.beside?.setFlat(flat);
    this.view = null;
    this.store.write();
  }
  moved(view: View): void {
    this.view = this.scatter?.following ? null : { ...view };
    this.store.write();
  }
  /** Takes up a tool, or puts it down. */
  take(tool: Lasso): void {
    this.tool = this.tool === tool ? null : tool;
    if (this.tool) this.store.sheet = "none"; // it covers the map where the window is narrow
  }
  /** Keeps from where a map is looked at. */
  keep(map: number, view: View | null): void {
    this.views.set(map, view);
  }
  /** Where the map that is shown was last looked at from. */
  get last(): View | null {
    return this.views.get(this.store.maps.shown) ?? null;
  }
}
