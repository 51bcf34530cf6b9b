// What sets the selection apart, and its means: asked for where something shows it, once for each selection.
import type { SelectionExplanation } from "../data/types.ts";
import type { Store } from "./store.svelte.ts";

/** A selection that is being drawn or told by a program may change again. */
const REST_MS = 120;

export class Contrast {
  private readonly store: Store;
  found = $state.raw<SelectionExplanation | null>(null);
  failed = $state<string | null>(null);
  asking = $state(false);
  /** What was asked for last, and what was answered last: a selection, a set, the version of the measures. */
  private of: readonly unknown[] = [];
  private answered = this.of;

  constructor(store: Store) {
    this.store = store;
  }

  /** The set that is compared with; null: all other rows. */
  get against() {
    const { sets, against } = this.store.selection;
    return sets.find((set) => set.name === against) ?? null;
  }
  /** Whether all rows are selected, and no set is compared with. */
  get alone(): boolean {
    return this.against === null && this.store.selection.rows?.length === this.store.maps.map?.rows;
  }

  /** Asks for the selection of now, if it is another one; in an effect, whose end lets go of what was not asked yet. */
  follow(): (() => void) | undefined {
    const { source, selection, state } = this.store;
    const [rows, other] = [selection.rows, this.against];
    // The measures of the map may come later: then its column of kept neighbors can be compared, too.
    const asked = [rows, other?.rows, state?.trust_version];
    if (!rows || this.alone || !source.explain) return undefined;
    const same = asked.every((part, i) => part === this.of[i]);
    this.asking = !same || this.answered !== this.of;
    if (same) return undefined;
    const timer = window.setTimeout(() => {
      this.of = asked;
      source.explain!(rows, other?.rows ?? null).then(
        (found) => this.put(asked, found, null),
        (e) => this.put(asked, null, this.store.told(e).error),
      );
    }, REST_MS);
    return () => clearTimeout(timer);
  }
  private put(asked: readonly unknown[], found: SelectionExplanation | null, failed: string | null): void {
    if (asked !== this.of) return;
    this.answered = asked;
    [this.found, this.failed, this.asking] = [found, failed, false];
  }
  /** The means of the selection of now; null until they are known, and where rows have none. */
  get means() {
    const { found } = this;
    return found && this.answered[0] === this.store.selection.rows ? found.means : null;
  }
}
