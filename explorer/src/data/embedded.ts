// What a page in one file holds: a map, or the data of a room (docs/http-api.md).
import type { Room } from "../core/room.ts";
import { bundleSource, fromBase64, fromFile } from "./bundle.ts";
import { still } from "./file.ts";
import type { DataSource } from "./source.ts";

/** What stands in the document, by what rooms need, or a map; null where the program put nothing there. */
export type Embedded = Record<string, unknown> | null;

export function readEmbedded(): Embedded {
  return JSON.parse(document.getElementById("latentspace-room")?.textContent ?? "null") as Embedded;
}

export function embeddedSource(data: Embedded, rooms: readonly Room[]): DataSource {
  if (typeof data?.map === "string") return bundleSource(fromBase64(data.map));
  if (data?.map) return bundleSource(fromFile((data.map as { file: string }).file));
  const room = rooms.find((r) => r.file && r.needs !== undefined && data?.[r.needs] !== undefined);
  return room ? room.file!(data![room.needs!]) : still();
}
