// What the room asks of the data, by the paths of docs/http-api.md.
import type { DataSource } from "../../data/source.ts";
import type { LayoutProgress, ShownWords, SalientWord, Times, TopicDocument, TopicLayout, Topics, TopicWord, Word, WordTopics } from "./types.ts";

export interface TopicSource {
  topics(): Promise<Topics>;
  /** The topics compared with each other; this may take a while. */
  layout(): Promise<TopicLayout>;
  /** How much of the comparison is done, from 0 to 1. */
  progress(): Promise<LayoutProgress>;
  /** The most salient words of all topics. */
  all(): Promise<{ words: SalientWord[] }>;
  topic(topic: number): Promise<{ topic: number; words: TopicWord[] }>;
  word(word: number): Promise<WordTopics>;
  findWords(text: string, limit: number): Promise<Word[]>;
  documents(topic: number, limit: number): Promise<TopicDocument[]>;
  rowWords(row: number): Promise<ShownWords>;
  times(field: number): Promise<Times>;
}

export function askTopics({ ask }: Pick<DataSource, "ask">): TopicSource {
  return {
    topics: () => ask("topics"),
    layout: () => ask("topics/layout"),
    progress: () => ask("topics/layout/progress"),
    all: () => ask("topics/all"),
    topic: (topic) => ask(`topics/${topic}`),
    word: (word) => ask(`words/${word}`),
    findWords: (q, limit) => ask("words", { q, limit }),
    documents: (topic, limit) => ask(`topics/${topic}/documents`, { limit }),
    rowWords: (row) => ask(`rows/${row}/words`),
    times: (field) => ask(`topics/times/${field}`),
  };
}

/** The inverse: answers such paths from a source; undefined for paths of others. */
export function answerTopics(source: TopicSource, path: string, query: Record<string, string | number> = {}): Promise<unknown> | undefined {
  const limit = Number(query.limit ?? 20);
  if (path === "topics") return source.topics();
  if (path === "topics/layout") return source.layout();
  if (path === "topics/layout/progress") return source.progress();
  if (path === "topics/all") return source.all();
  if (path === "words") return source.findWords(String(query.q ?? ""), limit);
  const [, kind, number, rest] = /^(topics|words|rows|topics\/times)\/(\d+)(?:\/(documents|words))?$/.exec(path) ?? [];
  if (kind === "topics") return rest === "documents" ? source.documents(Number(number), limit) : source.topic(Number(number));
  if (kind === "words") return source.word(Number(number));
  if (kind === "topics/times") return source.times(Number(number));
  return kind === "rows" && rest === "words" ? source.rowWords(Number(number)) : undefined;
}
