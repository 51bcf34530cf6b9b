// The view that a notebook shares with the page in its cell: the address, the named sets, and a picture of the map.
import { readPlace } from "./address.ts";
import { png } from "./picture.ts";
import type { RowSet } from "./selection.svelte.ts";
import type { Store } from "./store.svelte.ts";

/** A picture is made once nothing has changed for this time. */
const REST_MS = 1500;

export class SharedView {
  private readonly store: Store;
  /** What programs know. */
  private known = "";
  private knownSets = "";
  private timer = 0;

  constructor(store: Store) {
    this.store = store;
  }

  /** Tells programs what is shown. */
  tell(): void {
    const { source, selection } = this.store;
    if (!source.shareView || (this.store.state?.rows ?? 0) === 0) return;
    const place = new URL(this.store.address()).hash.slice(1);
    const sets = Object.fromEntries(selection.sets.map(({ name, rows }) => [name, Array.from(rows)]));
    const told = JSON.stringify(sets);
    const [moved, kept] = [place !== this.known, told !== this.knownSets];
    if (moved || kept) {
      [this.known, this.knownSets] = [place, told];
      // What a program is not told now it is told with the next change.
      source.shareView({ ...(moved ? { place } : {}), ...(kept ? { sets } : {}) }).catch(() => undefined);
    }
    // A page of its own needs no picture: whoever prints it saves one.
    if (window.parent === window) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.picture(), REST_MS);
  }
  private async picture(): Promise<void> {
    const { source, camera, busy } = this.store;
    if (!camera.scatter || busy) return;
    await source.sharePicture?.(await png(this.store, 1)).catch(() => undefined);
  }

  /** Shows what a program asked for. */
  async fetch(): Promise<void> {
    const told = await this.store.source.view?.();
    if (!told) return;
    const { columns, selection } = this.store;
    const sets: RowSet[] = Object.entries(told.sets).map(([name, rows]) => ({ name, rows: Uint32Array.from(rows) }));
    this.knownSets = JSON.stringify(told.sets);
    selection.takeSetsOf(sets);
    if (told.place === this.known) return;
    const [old, asked] = [new URLSearchParams(this.known), new URLSearchParams(told.place)];
    this.known = told.place;
    const by = readPlace(asked).by;
    for (const q of [old, asked]) q.delete("by");
    if (old.toString() === asked.toString() && by !== null) return columns.colorBy(by);
    history.replaceState(null, "", `#${told.place}`);
    location.reload();
  }
}
