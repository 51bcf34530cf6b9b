// What is measured of topics, in words.
import type { Measure } from "../../data/types.ts";
import { figure } from "../../words.ts";

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
    term: "log-likelihood per word of held-out documents (document completion); nearer to 0 is better",
    noise: "without topics",
    says(m) {
      const perplexity = `Perplexity ${figure(Math.exp(-m.value))}: as uncertain as among that many equally likely words.`;
      if (m.null === null || m.null === undefined) return perplexity;
      const factor = Math.exp(m.value - m.null);
      return `${factor >= 1 ? `Topics make each held-out word ${figure(factor)} times as probable.` : "Topics predict held-out words no better than word frequencies alone."} ${perplexity}`;
    },
  },
  coherence_npmi: {
    label: "Coherence (NPMI)",
    term: "normalized pointwise mutual information of a topic's top words: −1 never together, 0 as by chance, 1 always together",
    says: (m) => beside(m, "The top words of a topic occur together more often than by chance.", "The top words of topics occur together no more often than by chance: do not interpret them."),
  },
  coherence: { label: "Coherence", term: "how often the top words of a topic occur together in documents", says: (m) => beside(m, "The top words of a topic belong together.", "The top words of topics hardly belong together.") },
  exclusivity: { label: "Exclusivity", term: "how exclusive the top words are to their topics, from 0 to 1", says: () => "" },
  diversity: { label: "Diversity", term: "the share of top words that appear in one topic only", says: (m) => (m.value < 0.5 ? "Many topics share their top words: try fewer topics." : "") },
  stability: { label: "Stability", term: "how alike the topics are when they are learned again with another seed", says: () => "" },
};

export function told(name: string, m: Measure): { label: string; term: string; value: string; noise: string | null; says: string } {
  const known = KNOWN[name];
  const label = known?.label ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
  const value = m.high - m.low > 1e-9 ? `${figure(m.value)} ± ${figure((m.high - m.low) / 2)}` : figure(m.value);
  const without = m.null === null || m.null === undefined ? null : `${known?.noise ?? "by chance"} ${figure(m.null)}`;
  return { label, term: known?.term ?? label, value, noise: without, says: known?.says(m) ?? "" };
}
