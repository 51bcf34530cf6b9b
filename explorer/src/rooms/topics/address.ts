// What the reader chose among topics, in the address.
import { natural, numbers } from "../../core/address.ts";

export interface TopicPlace {
  topic: number | null;
  word: number | null;
  lambda: number | null;
  /** Into how many groups topics are merged. */
  groups: number | null;
}

export function writePlace(q: URLSearchParams, place: TopicPlace): void {
  for (const name of ["topic", "word", "lambda", "groups"] as const) if (place[name] !== null) q.set(name, String(place[name]));
}
export function readPlace(q: URLSearchParams): TopicPlace {
  const one = (name: string) => natural(q.get(name))?.[0] ?? null;
  const lambda = numbers(q.get("lambda"), "_")?.[0] ?? -1;
  return { topic: one("topic"), word: one("word"), lambda: lambda >= 0 && lambda <= 1 ? lambda : null, groups: one("groups") };
}
