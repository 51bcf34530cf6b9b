// The parts of a room that are fetched when it is first shown, so that pages without it stay small.
import type { Panel, Part } from "./room.ts";
import type { Store } from "./store.svelte.ts";
import Waiting from "./Waiting.svelte";

export interface Parts {
  view: Part;
  heading?: Part;
  panels: Panel[];
}

export function later(load: () => Promise<Parts>) {
  let found = $state.raw<Parts | null>(null);
  let asked = false;
  return {
    get view(): Part {
      return found?.view ?? Waiting;
    },
    get heading(): Part | undefined {
      return found?.heading;
    },
    get panels(): Panel[] {
      return found?.panels ?? [];
    },
    fetch(store: Store): void {
      if (asked) return;
      asked = true;
      load().then(
        (parts) => (found = parts),
        (e) => {
          asked = false; // may be asked for again
          store.fail(e);
        },
      );
    },
  };
}
