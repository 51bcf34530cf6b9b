// How the rows of a map are drawn: what the reader chose, and what of it is seen.
import type { Store } from "./store.svelte.ts";

export class Drawing {
  private readonly store: Store;
  /** Whether points are drawn even where they cover each other. */
  points = $state(false);
  /** Whether lines enclose shares of the points. */
  contours = $state(false);
  /** Whether density is seen in place of points. */
  dense = $state(false);

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.points = address.get("points") === "1";
    this.contours = address.get("contours") === "1";
  }
  write(address: URLSearchParams): void {
    if (this.points) address.set("points", "1");
    if (this.contours) address.set("contours", "1");
  }
  setContours(on: boolean): void {
    this.contours = on;
    this.store.write();
  }
  setPoints(on: boolean): void {
    this.points = on;
    this.store.write();
  }
}
