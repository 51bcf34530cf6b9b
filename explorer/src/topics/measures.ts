// What is measured of topics, in words.
import type { Measure } from "../data/types.ts";
import { figure } from "../words.ts";

interface Told {
  label: string;
  term: string;
  /** What its null is of. */
  noise?: string;
  /** What its value means, in a sentence. */
  says(m: Measure): string;
}

/** Where a measure lies beside what chance would score. */
function beside(m: Measure, good: string, poor: string): string {
  if (m.null === null || m.null === undefined) return "";
  return m.value > m.null && m.low > m.null ? good : poor;
}
const KNOWN: Record<string, Told> = {
  log_likelihood_per_word: {
    label: "Held-out log likelihood, per word",
    term: "how well words of documents that were not learned from are foretold; nearer to 0 is better",
    noise: "without topics",
    says(m) {
      const perplexity = `As unsure as among ${figure(Math.exp(-m.value))} equally likely words (perplexity).`;
      if (m.null === null || m.null === undefined) return perplexity;
      const factor = Math.exp(m.value - m.null);
      return `${factor >= 1 ? `Each unseen word is foretold ${figure(factor)} times as well as without topics.` : "Unseen words are foretold no better than without topics."} ${perplexity}`;
    },
  },
  coherence_npmi: {
    label: "Coherence (NPMI)",
    term: "how much oftener the chief words of a topic stand together than chance would have it: from −1, never, over 0, as chance has it, to 1, always",
    says: (m) => beside(m, "The chief words of a topic stand together in documents more often than by chance.", "The chief words of topics stand together no more often than by chance: do not read much into them."),
  },
  coherence: { label: "Coherence", term: "how often the chief words of a topic stand together in documents", says: (m) => beside(m, "The chief words of a topic belong together.", "The chief words of topics hardly belong together.") },
  exclusivity: { label: "Exclusivity", term: "how far the chief words of topics are theirs alone, from 0 to 1", says: () => "" },
  diversity: { label: "Different chief words", term: "the share of the topics' chief words that only one of them has", says: (m) => (m.value < 0.5 ? "Many topics share their chief words: fewer topics may do." : "") },
  stability: { label: "Stability", term: "how alike the topics are when they are learned again with another seed", says: () => "" },
};

export function told(name: string, m: Measure): { label: string; term: string; value: string; noise: string | null; says: string } {
  const known = KNOWN[name];
  const label = known?.label ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
  const value = m.high - m.low > 1e-9 ? `${figure(m.value)} ± ${figure((m.high - m.low) / 2)}` : figure(m.value);
  const without = m.null === null || m.null === undefined ? null : `${known?.noise ?? "by chance"} ${figure(m.null)}`;
  return { label, term: known?.term ?? label, value, noise: without, says: known?.says(m) ?? "" };
}
