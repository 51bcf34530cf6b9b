// What the room knows of topics, in the words of docs/http-api.md.
import type { Measure } from "../../data/types.ts";

export interface Topic {
  /** Its number; the same in codes (z0). */
  topic: number;
  name: string;
  /** Of all tokens. */
  share: number;
  x: number;
  y: number;
  /** Of which it is the largest topic. */
  documents: number;
  coherence: number | null;
  exclusivity: number | null;
}

/** Two that become one: 0 to k - 1 are topics, k + i is the i-th merge. */
export interface Merge {
  a: number;
  b: number;
  height: number;
}

export interface Topics {
  title: string;
  documents: number;
  tokens: number;
  words: number;
  topics: Topic[];
  /** Share of the squared distances along the two axes. */
  explained: number[];
  tree: Merge[];
  times: { field: number; name: string }[];
  measures: Record<string, Measure>;
}

export interface Word {
  word: number;
  text: string;
  total: number;
}
export type SalientWord = Word & { saliency: number };
export type TopicWord = Word & { p: number };
/** Of which topics a word's tokens are, the largest share first. */
export type WordTopics = Word & { topics: [number, number][] };

export interface TopicDocument {
  row: number;
  id: string;
  share: number;
  text: string | null;
}

export interface Piece {
  text: string;
  word?: number;
  topic?: number;
  /** Where only counts are known. */
  count?: number;
}
export interface RowWords {
  row: number;
  topics: [number, number][];
  pieces: Piece[];
  /** Whether the pieces' topics are those their words are mostly of, rather than what was found for this document. */
  guessed?: boolean;
}

export interface Times {
  bins: { label: string; documents: number }[];
  /** For each bin the share of each topic, by its number. */
  shares: number[][];
}
