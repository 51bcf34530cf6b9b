// Which source a page shows: the server that it came from, or test data, which no shipped page holds.
import type { Room } from "../core/room.ts";
import { serverSource } from "./server.ts";
import type { DataSource } from "./source.ts";

/** The source that the address asks for. Test data exists in development and test builds alone. */
export async function openSource(query: URLSearchParams, rooms: readonly Room[]): Promise<DataSource> {
  if (import.meta.env.MODE === "test" && query.get("source") === "demo") {
    const { demoSource } = await import("./demo.ts");
    return demoSource(query, await Promise.all(rooms.flatMap((room) => room.demo?.() ?? [])));
  }
  return serverSource("api/");
}
