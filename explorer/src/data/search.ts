// The search for rows where a source holds them itself, as the server does it.
import type { SearchBy } from "./source.ts";
import { SourceError } from "./source.ts";
import type { Hit, Hits } from "./types.ts";

/** Quality of a match; smaller is better. */
const EXACT = 0;
const PREFIX = 1;
const WITHIN = 2;
/** All words of the query, but not next to each other. */
const WORDS = 3;
/** Characters of a text that are shown around a match. */
const AROUND = 60;

interface Matcher {
  rank(text: string): number | null;
  excerpt(text: string): string;
}

function matcher(query: string, by: SearchBy): Matcher {
  let place: (text: string) => [number, number] | null;
  let rank: Matcher["rank"];
  if (by === "pattern") {
    let pattern: RegExp;
    try {
      pattern = new RegExp(query, "iu");
    } catch (e) {
      throw new SourceError(`'${query}' is no regular expression (${e instanceof Error ? e.message.replace(/^.*: /, "") : ""}).`, "An example: ^colou?r");
    }
    place = (text) => {
      const found = pattern.exec(text);
      return found && [found.index, found.index + found[0].length];
    };
    rank = (text) => (pattern.test(text) ? WITHIN : null);
  } else {
    const whole = query.trim().toLowerCase();
    const words = whole.split(/\s+/);
    const at = (text: string, needle: string): [number, number] | null => {
      const from = text.indexOf(needle);
      return from < 0 ? null : [from, from + needle.length];
    };
    place = (text) => {
      const lower = text.toLowerCase();
      return at(lower, whole) ?? words.map((word) => at(lower, word)).find((found) => found !== null) ?? null;
    };
    rank = (text) => {
      const lower = text.toLowerCase();
      const found = lower.indexOf(whole);
      if (found >= 0) return found > 0 ? WITHIN : lower.length === whole.length ? EXACT : PREFIX;
      return words.length > 1 && words.every((word) => lower.includes(word)) ? WORDS : null;
    };
  }
  const excerpt = (text: string) => {
    const [start, end] = place(text) ?? [0, 0];
    const [from, to] = [Math.max(0, start - AROUND), Math.min(text.length, end + 2 * AROUND)];
    return `${from > 0 ? "…" : ""}${text.slice(from, to).replace(/\s+/g, " ").trim()}${to < text.length ? "…" : ""}`;
  };
  return { rank, excerpt };
}

/** What a source holds of its rows. */
export interface Searched {
  rows: number;
  id(row: number): string;
  /** The texts of a row, by the name of their column. */
  texts(row: number): Iterable<[field: string, text: string]>;
}

function* matches(of: Searched, query: string, by: SearchBy): Iterable<Hit & { rank: number }> {
  if (by === "meaning") throw new SourceError("This page cannot search by meaning.", "`latent explore` can, where rows are texts.");
  if (query.trim() === "") return;
  const { rank, excerpt } = matcher(query, by);
  for (let row = 0; row < of.rows; row++) {
    const id = of.id(row);
    let best: (Hit & { rank: number }) | null = null;
    const offer = (field: string, text: string, least: number) => {
      const found = rank(text);
      if (found === null || (best && best.rank <= Math.max(least, found))) return;
      best = { row, id, field, text: excerpt(text), distance: null, rank: Math.max(least, found) };
    };
    offer("id", id, EXACT);
    for (const [field, text] of of.texts(row)) offer(field, text, PREFIX);
    if (best) yield best;
  }
}

export function search(of: Searched, query: string, by: SearchBy, limit: number): Hits {
  const all = [...matches(of, query, by)].sort((a, b) => a.rank - b.rank || a.row - b.row);
  return { total: all.length, hits: all.slice(0, limit).map(({ rank: _, ...hit }) => hit) };
}
export const searchRows = (of: Searched, query: string, by: SearchBy): number[] => [...matches(of, query, by)].map((hit) => hit.row);
