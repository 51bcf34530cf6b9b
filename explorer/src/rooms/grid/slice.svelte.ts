// Whether the maps of several parameters stand in place of the one.
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import type { Failure } from "../../data/types.ts";

export const gridOf = (store: Store) => store.slice("grid") as GridSlice;

export class GridSlice implements Slice {
  private readonly store: Store;
  private wanted = $state(false);
  readonly open = $derived.by(() => this.wanted && this.store.state !== null && this.store.state.grid !== null);

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.wanted = address.get("grid") === "1";
  }

  write(address: URLSearchParams): void {
    if (this.wanted) address.set("grid", "1");
  }
  set(open: boolean): void {
    this.wanted = open;
    this.store.write();
  }
  /** Learns a map for each value of one parameter, and shows them as they come. */
  async fit(method: string, params: Record<string, unknown>, vary: string, values: number[]): Promise<Failure | null> {
    const { store } = this;
    try {
      await store.source.fitGrid(method, params, vary, values);
      await store.maps.show(null);
      store.sheet = "none";
      this.set(true);
      return null;
    } catch (e) {
      return store.told(e);
    }
  }
}
