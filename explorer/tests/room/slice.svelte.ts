// What is known in the room, and what the reader chose in it.
import { natural } from "../../src/core/address.ts";
import type { Slice } from "../../src/core/room.ts";
import type { Store } from "../../src/core/store.svelte.ts";
import type { State } from "../../src/data/types.ts";

export const templateOf = (store: Store) => store.slice("template") as TemplateSlice;

export class TemplateSlice implements Slice {
  private readonly store: Store;
  known = $state.raw<{ rows: number } | null>(null);
  step = $state(0);
  private asked = false;

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.step = natural(address.get("step"))?.[0] ?? 0;
  }

  /** Asks once the state says that there is something to ask for. */
  take({ can }: State): void {
    if (this.asked || !can.includes("template")) return;
    this.asked = true;
    this.store.source.ask<{ rows: number }>("template", { limit: 1 }).then((found) => (this.known = found), (e) => this.store.fail(e));
  }
  reset(): void {
    this.asked = false;
    this.known = null;
  }
  write(address: URLSearchParams): void {
    if (this.step > 0) address.set("step", String(this.step));
  }
  go(): void {
    this.step++;
    this.store.write();
  }
}
