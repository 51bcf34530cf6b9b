// The types of what the server answers (docs/http-api.md), generated from its structs: do not edit.
// `UPDATE=1 cargo test --release --test wire` writes this file.
import type { Measure, Sentence } from "../../data/wire.ts";

/** All that a page in one file holds. */
export interface Whole {
  topics: Topics;
  layout: TopicLayout;
  all: SalientWords;
  /** The words of each topic. */
  topic: TopicWords[];
  words: WordTopics[];
  /** The first documents of each topic. */
  documents: TopicDocument[][];
  times: TimesOf[];
}

/** The topics. */
export interface Topics {
  title: string;
  documents: number;
  tokens: number;
  words: number;
  topics: Topic[];
  times: TimeField[];
  measures: Partial<Record<string, Measure>>;
  /** What the measures mean, the most important first. */
  sentences: Sentence[];
}

/** A topic. */
export interface Topic {
  /** Its number; the same in codes (z0). */
  topic: number;
  name: string;
  /** Of all tokens. */
  share: number;
  /** Number of documents of which it is the largest topic. */
  documents: number;
  coherence: number | null;
  exclusivity: number | null;
}

/** A metadata column with dates. */
export interface TimeField {
  field: number;
  name: string;
}

/** The topics compared with each other: a map of them, and the tree that merges them. */
export interface TopicLayout {
  /** Where each topic is, by its number. */
  places: ([number, number])[];
  /** Share of the squared distances along the two axes. */
  explained: [number, number];
  tree: Merge[];
}

/** A merge of two nodes: 0 to k - 1 are axes, k + i is the result of merge i. */
export interface Merge {
  /** The node with the smaller number. */
  a: number;
  /** The other. */
  b: number;
  /** Their distance: the mean over pairs of their axes (average linkage). */
  height: number;
}

/** The most salient words of all topics. */
export interface SalientWords {
  words: SalientWord[];
}

/** A word and how much it tells of the topics. */
export interface SalientWord {
  word: number;
  text: string;
  total: number;
  saliency: number;
}

/** The words of a topic. */
export interface TopicWords {
  topic: number;
  words: TopicWord[];
}

/** A word and its probability in a topic. */
export interface TopicWord {
  word: number;
  text: string;
  total: number;
  p: number;
}

/** A word and the topics of its tokens, the largest share first. */
export interface WordTopics {
  word: number;
  text: string;
  total: number;
  topics: ([number, number])[];
}

/** A document of a topic. */
export interface TopicDocument {
  row: number;
  id: string;
  share: number;
  /** Its beginning, or its words. */
  text: string | null;
}

/** The shares of topics over the time of one column. */
export interface TimesOf {
  bins: Bin[];
  /** For each bin the share of each topic, by its number. */
  shares: number[][];
  field: number;
}

/** A time bin. */
export interface Bin {
  label: string;
  documents: number;
}

/** A word and its count in all documents. */
export interface Word {
  word: number;
  text: string;
  total: number;
}

/** How much of the comparison is done. */
export interface LayoutProgress {
  share: number;
}

/** The shares of topics over time. */
export interface Times {
  bins: Bin[];
  /** For each bin the share of each topic, by its number. */
  shares: number[][];
}

/** The topics and words of a document. */
export interface RowWords {
  row: number;
  topics: ([number, number])[];
  pieces: Piece[];
}

/** A piece of a document: a word with its most probable topic, or what is between words. */
export interface Piece {
  text: string;
  word?: number;
  topic?: number;
  /** Where only counts are known. */
  count?: number;
}
