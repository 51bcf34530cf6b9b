// Names of what is measured of topics.
import type { Measure } from "../../data/types.ts";
import { figure, percent } from "../../words.ts";

interface Name {
  label: string;
  term: string;
  /** Whether it is a share, told in percent. */
  share?: boolean;
  /** What its null is of. */
  noise?: string;
}

const KNOWN: Record<string, Name> = {
  log_likelihood_per_word: {
    label: "Held-out log likelihood, per word",
    term: "log-likelihood per word of held-out documents (document completion); nearer to 0 is better",
    noise: "without topics",
  },
  coherence_npmi: { label: "Coherence (NPMI)", term: "normalized pointwise mutual information of a topic's top words: −1 never together, 0 as by chance, 1 always together" },
  coherence: { label: "Coherence", term: "how often the top words of a topic occur together in documents" },
  exclusivity: { label: "Exclusivity", term: "how exclusive the top words are to their topics, from 0 to 1" },
  diversity: { label: "Unique top words", share: true, term: "diversity: the share of different words among the top words of all topics" },
  stability: { label: "Stability", term: "how alike the topics are when they are learned again with another seed" },
};

export function named(name: string, m: Measure): { label: string; term: string; value: string; noise: string | null } {
  const known = KNOWN[name];
  const label = known?.label ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
  const told = known?.share ? percent : figure;
  const value = m.high - m.low > 1e-9 ? `${told(m.value)} ± ${told((m.high - m.low) / 2)}` : told(m.value);
  const without = m.null === null || m.null === undefined ? null : `${known?.noise ?? "by chance"} ${told(m.null)}`;
  return { label, term: known?.term ?? label, value, noise: without };
}
