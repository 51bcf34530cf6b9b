// How the rows of a map are drawn: what the reader chose, and what of it is seen.
import type { Store } from "./store.svelte.ts";

export class Drawing {
  private readonly store: Store;
  /** Whether points are drawn even where they cover each other. */
  points = $state(false);
  /** Whether density is seen in place of points. */
  dense = $state(false);

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.points = address.get("points") === "1";
  }
  write(address: URLSearchParams): void {
    if (this.points) address.set("points", "1");
  }
  setPoints(on: boolean): void {
    this.points = on;
    this.store.write();
  }
}
