// Whether the table of rows is open below the map, and what it shows.
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import { RowsTable } from "./table/rows.svelte.ts";

export const mapOf = (store: Store) => store.slice("documents") as MapSlice;

export class MapSlice implements Slice {
  private readonly store: Store;
  readonly rows: RowsTable;
  table = $state(false);

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.rows = new RowsTable(store, address);
    this.table = address.get("table") === "1";
  }
  write(address: URLSearchParams): void {
    if (!this.table) return;
    address.set("table", "1");
    this.rows.write(address);
  }
  setTable(open: boolean): void {
    this.table = open;
    this.store.write();
  }
}
