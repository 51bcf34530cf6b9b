// Made-up topics of made-up documents, the same every time. Never part of the page that is shipped.
// ?topics=20: topics of documents, 1 to 1000 (& bare=1: without measures and times).
import type { DemoRoom } from "../../data/demo.ts";
import { answerTopics, type TopicSource } from "./source.ts";
import type { Merge, Piece, RowWords, Times, Topic, TopicDocument, TopicLayout, Topics, TopicWord, Word } from "./types.ts";

const THEMES = [
  "film actor director movie screen award festival role scene studio cinema drama camera comedy",
  "court judge law trial lawyer jury appeal ruling justice case evidence verdict attorney crime",
  "market stock price share investor trade index bond profit growth quarter rate earnings fund",
  "team game season player coach league score win match goal defense champion stadium fan",
  "planet star orbit telescope galaxy mission space rocket moon light astronomer launch sky comet",
  "patient doctor hospital drug disease treatment cancer study clinical vaccine symptom nurse trial dose",
  "church bishop faith prayer pope religious priest god holy saint parish worship service soul",
  "server software code data user network file program memory system computer version error driver",
  "school student teacher class college education university degree grade learning campus exam course tuition",
  "party election vote president campaign senate candidate minister poll governor policy democrat leader debate",
  "army war soldier troops attack military force general weapon peace border battle officer defense",
  "song album band music concert guitar singer record piano orchestra jazz rhythm tour stage",
  "oil energy power gas plant fuel coal solar electric reactor grid pipeline wind carbon",
  "food wine recipe sauce chef restaurant kitchen cook butter pepper dinner taste bread cheese",
  "river forest species bird fish water ocean wildlife tree climate storm ice island habitat",
  "car engine wheel road speed driver vehicle brake model tire motor fuel race truck",
  "house building city street architect design home room tenant rent garden roof bridge housing",
  "book novel author story poem writer reader chapter publisher character fiction essay critic letter",
  "flight airline airport plane pilot passenger travel ticket hotel tourist train luggage route cabin",
  "company chief executive merger deal board business firm employee contract bank office sale union",
].map((line) => line.split(" "));
const COMMON = "year people time day world new part way group number place week point country life work long state".split(" ");
const GLUE = ["the ", "of ", "and ", "a ", "in ", "that ", "with ", "to ", "for ", "was "];
const SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi xo za bre dor fen gal hin jor kel lum mar nor".split(" ");
const HOSTILE = ["<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "{@html 1}", "</script><b>bold</b>", "&amp;"];
const OWN = 60;

function hash(a: number, b: number): number {
  let h = Math.imul(a ^ 0x51ed270b, 0x85ebca6b) ^ Math.imul(b + 0x2545f491, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}
const made = (t: number, i: number) => Array.from({ length: 2 + Math.floor(2 * hash(t, i + 900)) }, (_, j) => SYLLABLES[Math.floor(SYLLABLES.length * hash(t * 97 + i, 700 + j))]!).join("");

export interface DemoTopics extends TopicSource {
  /** Names of the topics with their places by share, in the order of how many documents they lead. */
  readonly categories: { label: string; count: number; topic: number }[];
  /** The largest topic of each document. */
  readonly largest: Uint32Array;
}

/** `group`: what each document is near to on the documents' map. */
export function demoTopics(k: number, n: number, group: (row: number) => number, hostile = false, empty = false, slow = 0): DemoTopics {
  const tokens = 120 * Math.max(1, n);
  const weight = Array.from({ length: k }, (_, t) => (0.25 + hash(t, 1) ** 2) / (1 + 0.02 * t));
  const all = weight.reduce((a, b) => a + b, 0);
  const share = weight.map((w) => w / all);

  // Words: those of a topic, some of a kin's, and some that all use.
  const texts: string[] = [...COMMON];
  const known = new Map(texts.map((text, word) => [text, word]));
  const wordOf = (text: string) => {
    const old = known.get(text);
    if (old !== undefined) return old;
    known.set(text, texts.length);
    texts.push(text);
    return texts.length - 1;
  };
  const own = Array.from({ length: k }, (_, t) => {
    const theme = THEMES[t % THEMES.length]!;
    const words = Array.from({ length: OWN }, (_, i) => (hostile && i < HOSTILE.length ? `${HOSTILE[i]}${t}` : i < theme.length && (t < THEMES.length || i % 3 === 1) ? theme[i]! : made(t, i)));
    return [...new Set(words)].map(wordOf);
  });
  const phi = own.map((words, t) => {
    const p = new Map<number, number>();
    const add = (word: number, q: number) => p.set(word, (p.get(word) ?? 0) + q);
    words.forEach((word, i) => add(word, 0.62 / (i + 2)));
    for (const [i, word] of own[(t + THEMES.length) % k]!.slice(0, 20).entries()) add(word, 0.16 / (i + 3));
    COMMON.forEach((text, i) => add(known.get(text)!, (0.2 * (0.5 + hash(t, 40 + i))) / (i + 3)));
    const sum = [...p.values()].reduce((a, b) => a + b, 0);
    return new Map([...p].map(([word, q]) => [word, q / sum]));
  });
  const totals = new Float64Array(texts.length);
  const topicsOf: [number, number][][] = texts.map(() => []);
  phi.forEach((p, t) => {
    for (const [word, q] of p) {
      totals[word]! += q * share[t]! * tokens;
      topicsOf[word]!.push([t, q * share[t]! * tokens]);
    }
  });
  const told = (word: number): Word => ({ word, text: texts[word]!, total: Math.max(1, Math.round(totals[word]!)) });

  // Places: kin lie together.
  const families = Math.max(1, Math.min(k, THEMES.length));
  const at = Array.from({ length: k }, (_, t): [number, number] => {
    const f = t % families;
    const spread = k > THEMES.length ? 0.055 : 0.09;
    const turn = 6.2832 * hash(t, 3);
    const far = spread * Math.sqrt(hash(t, 4));
    return [0.34 * Math.cos(f * 2.4) * Math.sqrt((f + 0.5) / families) + far * Math.cos(turn), 0.28 * Math.sin(f * 2.4) * Math.sqrt((f + 0.5) / families) + far * Math.sin(turn)];
  });
  if (k === 1) at[0] = [0, 0];
  if (k === 2) at.splice(0, 2, [-0.3, 0], [0.3, 0]);

  // Documents: one topic leads, three follow.
  const led: number[][] = Array.from({ length: k }, () => []);
  const groups = new Map<number, number>();
  for (let row = 0; row < n; row++) groups.set(group(row), Math.max(groups.get(group(row)) ?? 0, group(row)));
  const many = Math.max(1, groups.size);
  const largest = Uint32Array.from({ length: n }, (_, row) => {
    const g = group(row) % k;
    const t = g + many * Math.floor(hash(row, 5) * Math.ceil(Math.max(0, k - g) / many));
    const topic = t < k ? t : g;
    led[topic]!.push(row);
    return topic;
  });
  const theta = (row: number): [number, number][] => {
    const lead = 0.4 + 0.55 * hash(row, 6);
    const parts = new Map<number, number>([[largest[row]!, lead]]);
    let left = 1 - lead;
    for (let i = 0; i < 3 && k > 1; i++) {
      const topic = Math.floor(k * hash(row, 20 + i));
      const q = i === 2 ? left : left * 0.6;
      parts.set(topic, (parts.get(topic) ?? 0) + q);
      left -= q;
    }
    if (k === 1) parts.set(0, 1);
    return [...parts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  };
  const sorted = phi.map((p) => [...p].sort((a, b) => b[1] - a[1] || a[0] - b[0]));
  const draw = (t: number, u: number) => {
    for (const [word, q] of sorted[t]!) if ((u -= q) < 0) return word;
    return sorted[t]![0]![0];
  };
  const rowWords = (row: number): RowWords => {
    const topics = theta(row);
    const pieces: Piece[] = [];
    const length = 45 + Math.floor(60 * hash(row, 8));
    for (let i = 0; i < length; i++) {
      let u = hash(row * 131 + i, 9);
      const topic = (topics.find(([, q]) => (u -= q) < 0) ?? topics[0]!)[0];
      const word = draw(topic, hash(row * 137 + i, 10));
      if (hash(row * 139 + i, 11) < 0.55) pieces.push({ text: GLUE[Math.floor(GLUE.length * hash(row * 149 + i, 12))]! });
      pieces.push({ text: texts[word]!, word, topic }, { text: i % 11 === 10 ? ". " : " " });
    }
    return { row, topics, pieces };
  };
  const excerpt = (row: number) => rowWords(row).pieces.map((p) => p.text).join("").slice(0, 300);

  const byShare = share.map((_, t) => t).sort((a, b) => share[b]! - share[a]! || a - b);
  const number = new Map(byShare.map((t, i) => [t, i + 1]));
  const name = (t: number) => sorted[t]!.filter(([word]) => word >= COMMON.length).slice(0, 3).map(([word]) => texts[word]).join(" · ");
  const topics: Topic[] = share.map((s, t) => ({
    topic: t, name: name(t), share: s, documents: led[t]!.length,
    coherence: hash(t, 30) < 0.05 ? null : 0.02 + 0.3 * hash(t, 31), exclusivity: 0.3 + 0.6 * hash(t, 32),
  }));
  const measure = (value: number, nul: number | null, wide: number) => ({ value, low: value - wide, high: value + wide, null: nul });
  const whole: Topics = {
    title: `LDA of ${n.toLocaleString("en")} documents, ${k} topics`, documents: n, tokens, words: texts.length, topics,
    times: empty ? [] : [{ field: 2, name: "date" }],
    measures: empty ? {} : { log_likelihood_per_word: measure(-7.69, -8.6, 0.02), coherence_npmi: measure(0.17, 0.004, 0.01), diversity: measure(0.81, null, 0) },
    sentences: empty ? [] : [
      { kind: "note", text: "Held-out words are 2.48 times as probable as by word frequencies alone (perplexity 2,186)." },
      { kind: "note", text: "The top words of an axis occur together more often than by chance (NPMI 0.17)." },
    ],
  };
  const relevant = (t: number): TopicWord[] => {
    const list = sorted[t]!.map(([word, p]) => ({ ...told(word), p, lift: Math.log((p * tokens) / totals[word]!) }));
    const kept = new Map<number, TopicWord>();
    for (let l = 0; l <= 20; l++) {
      const relevance = (w: (typeof list)[number]) => (l / 20) * Math.log(w.p) + (1 - l / 20) * w.lift;
      for (const { lift: _, ...w } of list.slice().sort((a, b) => relevance(b) - relevance(a)).slice(0, 30)) kept.set(w.word, w);
    }
    return [...kept.values()];
  };
  const saliency = (word: number) => topicsOf[word]!.reduce((s, [t, c]) => s + (c / totals[word]!) * Math.log(c / totals[word]! / share[t]!), 0) * (totals[word]! / tokens);

  return {
    categories: byShare.map((t) => ({ label: `${number.get(t)} ${name(t)}`, count: led[t]!.length, topic: t })).sort((a, b) => b.count - a.count),
    largest,
    topics: async () => whole,
    async layout(): Promise<TopicLayout> {
      // Many topics take a while, as they do on a server.
      if (slow > 0) await new Promise((done) => setTimeout(done, slow));
      return { places: at, explained: k === 1 ? [0, 0] : k === 2 ? [1, 0] : [0.12, 0.08], tree: tree(at) };
    },
    progress: async () => ({ share: 0.4 }),
    all: async () => ({ words: texts.map((_, word) => ({ ...told(word), saliency: saliency(word) })).sort((a, b) => b.saliency - a.saliency).slice(0, 30) }),
    topic: async (topic) => ({ topic, words: relevant(topic) }),
    word: async (word) => ({ ...told(word), topics: topicsOf[word]!.map(([t, c]): [number, number] => [t, c / totals[word]!]).sort((a, b) => b[1] - a[1]) }),
    async findWords(text, limit) {
      const q = text.toLowerCase();
      const hits = texts.map((w, word) => ({ w, word, at: w.toLowerCase().indexOf(q) })).filter((h) => h.at >= 0);
      return hits.sort((a, b) => Number(a.at > 0) - Number(b.at > 0) || totals[b.word]! - totals[a.word]!).slice(0, limit).map((h) => told(h.word));
    },
    async documents(topic, limit) {
      const list = led[topic]!.map((row): TopicDocument => ({ row, id: String(row), share: theta(row).find(([t]) => t === topic)![1], text: null }));
      return list.sort((a, b) => b.share - a.share || a.row - b.row).slice(0, limit).map((d) => ({ ...d, text: excerpt(d.row) }));
    },
    rowWords: async (row) => rowWords(row),
    async times(): Promise<Times> {
      const bins = Array.from({ length: 24 }, (_, b) => ({ label: String(1990 + b), documents: Math.round((n / 24) * (0.6 + 0.8 * hash(b, 50))) }));
      const shares = bins.map((_, b) => {
        const raw = share.map((s, t) => s * Math.exp(1.1 * (hash(t, 51) - 0.5) * Math.sin(b / (3 + 5 * hash(t, 52)) + 6 * hash(t, 53)) * 2 + 0.15 * (hash(t * 31 + b, 54) - 0.5)));
        const sum = raw.reduce((x, y) => x + y, 0);
        return raw.map((x) => x / sum);
      });
      return { bins, shares };
    },
  };
}

/** Merges the two nearest groups, again and again: average linkage of the places. */
function tree(at: [number, number][]): Merge[] {
  const k = at.length;
  const apart = at.map((p) => at.map((q) => Math.hypot(p[0] - q[0], p[1] - q[1])));
  const live = new Set(at.map((_, t) => t));
  const size = new Array<number>(k).fill(1);
  const found: Merge[] = [];
  const node = at.map((_, t) => t);
  let chain: number[] = [];
  while (live.size > 1) {
    if (chain.length === 0) chain = [live.values().next().value!];
    const end = chain.at(-1)!;
    const before = chain.at(-2) ?? -1;
    let best = before;
    for (const other of live) if (other !== end && (best < 0 || apart[end]![other]! < apart[end]![best]!)) best = other;
    if (best !== before) {
      chain.push(best);
      continue;
    }
    chain.splice(-2);
    found.push({ a: end, b: best, height: apart[end]![best]! });
    for (const other of live) {
      if (other === end || other === best) continue;
      const mean = (size[end]! * apart[end]![other]! + size[best]! * apart[best]![other]!) / (size[end]! + size[best]!);
      apart[end]![other] = apart[other]![end] = mean;
    }
    size[end]! += size[best]!;
    live.delete(best);
  }
  // The nearest first, and each named by what it had become by then.
  return found
    .map((m, i) => ({ ...m, i }))
    .sort((x, y) => x.height - y.height || x.i - y.i)
    .map(({ a, b, height }, i) => {
      const merged = { a: node[a]!, b: node[b]!, height };
      node[a] = k + i;
      return merged;
    });
}

export const demoRoom: DemoRoom = {
  groups(query) {
    const k = Number(query.get("topics") ?? 0);
    return k > 0 ? Math.min(k, 40) : null;
  },
  make(query, n, group, hostile) {
    const made = demoTopics(Number(query.get("topics")), n, group, hostile, query.get("bare") === "1", Number(query.get("comparing") ?? 0));
    const place = new Map(made.categories.map((c, i) => [c.topic, i]));
    const categories = made.categories.slice(0, 1000).map(({ label, count }) => ({ label, count }));
    return {
      can: "topics",
      name: "News of some years",
      kind: "text",
      field: { name: "topic", categories, column: () => made.largest.map((t) => place.get(t)!) },
      ask: (path, query) => answerTopics(made, path, query),
    };
  },
};
