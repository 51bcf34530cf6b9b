// Whether the table of rows is open below the map.
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";

export const mapOf = (store: Store) => store.slice("documents") as MapSlice;

export class MapSlice implements Slice {
  private readonly store: Store;
  table = $state(false);

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.table = address.get("table") === "1";
  }
  write(address: URLSearchParams): void {
    if (this.table) address.set("table", "1");
  }
  setTable(open: boolean): void {
    this.table = open;
    this.store.write();
  }
}
