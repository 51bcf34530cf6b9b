// What the room knows of topics: the server's types, which are generated, and what only the page adds.
import type { RowWords, Topic, Whole } from "./wire.ts";

export type * from "./wire.ts";

/** A topic on the map of topics. */
export interface PlacedTopic extends Topic {
  x: number;
  y: number;
}

/** The words of a document. */
export interface ShownWords extends RowWords {
  /** Whether the pieces' topics are those their words are mostly of, rather than what was found for this document. */
  guessed?: boolean;
}

/** What a page in one file holds. */
export interface TopicFile extends Whole {
  /** Points of a map of documents. */
  map?: { x: number[]; y: number[]; topic: number[]; rows: number[] } | null;
}
