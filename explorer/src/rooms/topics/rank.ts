// Which words tell of a topic, and how topics are numbered.
import type { Topic, TopicWord } from "./types.ts";

/** Rows of bars. */
export const SHOWN = 30;
/** What readers named topics best by (Sievert and Shirley 2014, doi:10.3115/v1/W14-3110). */
export const LAMBDA = 0.6;

export interface Ranked {
  word: number;
  text: string;
  /** Of all documents. */
  total: number;
  /** Estimated, in the topic. */
  count: number;
}

/**
 * The words that are most relevant to a topic: lambda ln p(w | t) + (1 - lambda) ln(p(w | t) / p(w)), equal ones by their
 * number. `share` of the topic, `tokens` in all.
 */
export function relevant(words: TopicWord[], lambda: number, share: number, tokens: number, most = SHOWN): Ranked[] {
  const scored = words.map((w) => {
    const p = Math.max(w.p, 1e-300);
    return { w, relevance: lambda * Math.log(p) + (1 - lambda) * Math.log((p * tokens) / Math.max(1, w.total)) };
  });
  scored.sort((a, b) => b.relevance - a.relevance || a.w.word - b.w.word);
  return scored.slice(0, most).map(({ w: { word, text, total, p } }) => {
    // An estimate may pass the whole by a little; a bar should not.
    const count = Math.min(total, p * share * tokens);
    return { word, text, total, count };
  });
}

/** The words of topics taken together: p(w | group) is the mean of p(w | t) by the topics' shares. */
export function together(lists: { share: number; words: TopicWord[] }[]): TopicWord[] {
  const whole = lists.reduce((s, l) => s + l.share, 0);
  const found = new Map<number, TopicWord>();
  for (const { share, words } of lists)
    for (const w of words) {
      const old = found.get(w.word);
      const p = (w.p * share) / (whole || 1);
      if (old) old.p += p;
      else found.set(w.word, { ...w, p });
    }
  return [...found.values()];
}

/** Topics by falling share, equal ones by their number: place i is called i + 1. */
export const byShare = (topics: Topic[]): Topic[] => [...topics].sort((a, b) => b.share - a.share || a.topic - b.topic);

/**
 * The topic that a category names: "7 film · actor · award", or the bare name. Where several topics have the name, the
 * number tells them apart; null where nothing fits.
 */
export function topicNamed(label: string, sorted: Topic[]): Topic | null {
  const [, digits, rest] = /^\s*(\d+)[\s.:·-]+(.*)$/.exec(label) ?? [];
  const named = sorted.filter((t) => t.name === (rest ?? label) || t.name === label);
  if (named.length === 1) return named[0]!;
  if (digits === undefined) return named[0] ?? null;
  const at = sorted[Number(digits) - 1];
  return named.length === 0 || (at && named.includes(at)) ? (at ?? null) : named[0]!;
}

/** How much the shares of a topic change from bin to bin, for its size: chi-square over the documents of each bin. */
export function changed(bins: { documents: number }[], shares: number[]): number {
  const mean = meanShare(bins, shares);
  if (mean <= 0) return 0;
  return bins.reduce((s, b, i) => s + (b.documents * (shares[i]! - mean) ** 2) / mean, 0);
}
export function meanShare(bins: { documents: number }[], shares: number[]): number {
  const all = bins.reduce((s, b) => s + b.documents, 0);
  return all > 0 ? bins.reduce((s, b, i) => s + b.documents * (shares[i] ?? 0), 0) / all : 0;
}
