// Puts made-up topics into the one file, as the program does.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DemoTopics } from "../../src/rooms/topics/demo.ts";
import type { TopicFile } from "../../src/rooms/topics/types.ts";

export const PAGE = fileURLToPath(new URL("../../dist/room.html", import.meta.url));
const PLACE = '<script type="application/json" id="latentspace-room">null</script>';

/** What the file holds of `n` documents, with a map of the first `shown`. */
export async function embed(from: DemoTopics, n: number, shown: number): Promise<TopicFile> {
  const topics = await from.topics();
  const all = await from.all();
  const topic = await Promise.all(topics.topics.map((t) => from.topic(t.topic)));
  const named = new Set([...all.words, ...topic.flatMap((t) => t.words)].map((w) => w.word));
  return {
    topics,
    layout: await from.layout(),
    all,
    topic,
    words: await Promise.all([...named].map((w) => from.word(w))),
    documents: await Promise.all(topics.topics.map((t) => from.documents(t.topic, 10))),
    times: await Promise.all(topics.times.map(async ({ field }) => ({ field, ...(await from.times(field)) }))),
    map: shown === 0 ? null : { x: Array.from({ length: shown }, (_, i) => Math.cos(i * 2.4) * Math.sqrt(i)), y: Array.from({ length: shown }, (_, i) => Math.sin(i * 2.4) * Math.sqrt(i)), topic: [...from.largest.slice(0, shown)], rows: Array.from({ length: Math.min(n, shown) }, (_, i) => i) },
  };
}

/** The built page with data in it. */
export function page(data: unknown): string {
  const built = readFileSync(PAGE, "utf8");
  if (built.split(PLACE).length !== 2) throw new Error("The page must have one place for its data.");
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return built.replace(PLACE, () => PLACE.replace("null", () => json));
}

/** Writes the built page with topics in it. */
export const writeFile = (path: string, data: TopicFile | null): void => writeFileSync(path, page(data && { topics: data }));
