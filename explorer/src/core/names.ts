// What a map is called beside others.
import { chief } from "../words.ts";
import type { Store } from "./store.svelte.ts";

export function mapName(store: Store, id: number): string {
  const { list } = store.maps;
  const map = list.find((m) => m.id === id);
  const method = map?.method ?? store.state?.method;
  const title = store.methods?.find((m) => m.name === method)?.title ?? method;
  return [title || "Map as given", map ? chief(map, list, (name) => store.titleOf(map.method, name), store.dimensionsOf(map.method)) : "being learned"].filter(Boolean).join(", ");
}
