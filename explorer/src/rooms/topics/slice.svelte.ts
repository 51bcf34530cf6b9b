// What is known of the topics, and what the reader chose among them.
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import type { Failure, Field, State } from "../../data/types.ts";
import { readPlace, type TopicPlace, writePlace } from "./address.ts";
import type { TopicMap } from "./map.ts";
import { byShare, LAMBDA, type Ranked, relevant, SHOWN, together, topicNamed } from "./rank.ts";
import { askTopics, type TopicSource } from "./source.ts";
import { cut, type Group, steps } from "./tree.ts";
import type { PlacedTopic, ShownWords, SalientWord, Times, Topic, TopicDocument, TopicLayout, Topics, TopicWord, WordTopics } from "./types.ts";

/** A word that the pointer only passes over is not asked for. */
const PASSING_MS = 40;
/** How often it is asked how far the comparison of topics is. */
const LOOK_MS = 400;
/** Of a group, the words of so many of its largest topics are read together. */
export const READ_TOGETHER = 24;
/** The category field of each row's largest topic. */
export const TOPIC_FIELD = "topic";
export const DOCUMENTS = 50;

export const topicsOf = (store: Store) => store.slice("topics") as TopicSlice;

export class TopicSlice implements Slice {
  private readonly store: Store;
  readonly source: TopicSource;
  known = $state.raw<Topics | null>(null);
  /** By falling share: topic i is called i + 1. */
  readonly sorted: Topic[] = $derived(this.known ? byShare(this.known.topics) : []);
  /** The topics compared with each other; null until that is done. */
  layout = $state.raw<TopicLayout | null>(null);
  /** How much of it is done, from 0 to 1. */
  compared = $state(0);
  /** The topics as the map shows them; none before they are compared. */
  readonly placed: PlacedTopic[] = $derived.by(() => {
    const { layout } = this;
    return layout ? this.sorted.map((t) => ({ ...t, x: layout.places[t.topic]![0], y: layout.places[t.topic]![1] })) : [];
  });
  readonly place: ReadonlyMap<number, number> = $derived(new Map(this.sorted.map((t, i) => [t.topic, i])));
  topic = $state<number | null>(null);
  readonly chosen: Topic | null = $derived(this.topic === null ? null : (this.sorted[this.place.get(this.topic) ?? -1] ?? null));
  /** Place of the topic under the pointer. */
  hover = $state<number | null>(null);
  lambda = $state(LAMBDA);
  /** The word that stays, and the one that is only looked at. */
  word = $state<number | null>(null);
  looked = $state<number | null>(null);
  /** How many groups the tree is cut into; null: each topic for itself. */
  groupsWanted = $state<number | null>(null);
  /** The group whose words are shown, by its largest topic. */
  private groupKey = $state<number | null>(null);
  map: TopicMap | null = null;

  private readonly words = new Map<number, TopicWord[]>();
  private readonly asked = new Map<number, Promise<TopicWord[]>>();
  private salient = $state.raw<SalientWord[] | null>(null);
  /** Words of what is shown, and of what they are; null while they are fetched. */
  private read = $state.raw<{ of: string; words: TopicWord[] } | null>(null);
  private spread = $state.raw<ReadonlyMap<number, WordTopics>>(new Map());
  documents = $state.raw<{ topic: number; list: TopicDocument[] } | null>(null);
  times = $state.raw<{ field: number; name: string; told: Times } | null>(null);
  document = $state.raw<ShownWords | null>(null);
  /** Why there are none. */
  failed = $state.raw<Failure | null>(null);
  /** Grows when what was asked for is of no use any more. */
  private version = 0;
  private asks = false;
  private timer = 0;
  private arrived: TopicPlace;

  constructor(store: Store, address: URLSearchParams) {
    this.store = store;
    this.source = askTopics(store.source);
    this.arrived = readPlace(address);
    if (this.arrived.lambda !== null) this.lambda = this.arrived.lambda;
    this.groupsWanted = this.arrived.groups;
  }

  /** Another server may answer now. */
  reset(): void {
    this.version++;
    this.asks = false;
    this.known = this.layout = null;
  }
  /** The state tells whether there are topics. */
  take({ can }: State): void {
    if (can.includes("topics") === this.asks) return;
    this.reset();
    if (!can.includes("topics")) return;
    this.asks = true;
    const { version } = this;
    this.words.clear();
    this.asked.clear();
    [this.spread, this.read, this.documents, this.times, this.document, this.salient] = [new Map(), null, null, null, null, null];
    this.failed = null;
    const fail = (e: unknown) => this.store.fail(e);
    this.source.topics().then((known) => {
      if (this.version !== version) return;
      this.known = known;
      const { topic, word } = this.arrived;
      this.arrived = { ...this.arrived, topic: null, word: null };
      if (topic === null && this.topic === null) this.linked();
      else this.select(topic ?? this.topic, true);
      this.keep(word ?? this.word);
      const axis = known.times[0];
      if (axis) this.follow(axis.field);
      if (this.store.selection.row !== null) this.opened(this.store.selection.row);
    }, (e) => (this.failed = this.store.told(e)));
    void this.compare(version);
    this.source.all().then((all) => this.version === version && (this.salient = all.words), fail);
  }

  /** Asks for the comparison of all topics, and meanwhile how far it is. */
  private async compare(version: number): Promise<void> {
    this.compared = 0;
    const asking = () => this.version === version && this.layout === null && this.failed === null;
    const look = async () => {
      if (!asking()) return;
      const told = await this.source.progress().catch(() => null);
      if (!asking()) return;
      if (told) this.compared = told.share;
      setTimeout(look, LOOK_MS);
    };
    setTimeout(look, LOOK_MS);
    try {
      const layout = await this.source.layout();
      if (this.version === version) this.layout = layout;
    } catch (e) {
      if (this.version === version) this.failed = this.store.told(e);
    }
  }

  // --- topics ---

  number(topic: number): number {
    return (this.place.get(topic) ?? -1) + 1;
  }
  titled = (t: Topic): string => `${this.number(t.topic)} ${t.name}`;
  select(topic: number | null, quietly = false): void {
    this.topic = topic !== null && this.place.has(topic) ? topic : null;
    if (this.topic !== null) this.groupKey = null;
    this.fetch();
    this.link();
    if (!quietly) this.store.write();
  }
  /** The next topic by share, or the one before. */
  step(by: 1 | -1): void {
    const k = this.sorted.length;
    if (k === 0) return;
    const at = this.chosen ? this.place.get(this.chosen.topic)! : by === 1 ? -1 : 0;
    this.select(this.sorted[(at + by + k) % k]!.topic);
    this.map?.reveal((at + by + k) % k);
  }
  /** Leaves what was entered last: a document, a word, a topic. */
  clear(): void {
    if (this.store.selection.row !== null) this.store.selection.choose(null);
    else if (this.word !== null) this.keep(null);
    else if (this.group) this.showGroup(null);
    else if (this.topic !== null) this.select(null);
    this.store.sheet = "none";
  }

  /** On the documents' map, the topic is let go of last. */
  letGo(): boolean {
    if (this.topic === null) return false;
    this.select(null);
    return true;
  }

  // --- the documents' map: its field `topic` ---

  private readonly field: Extract<Field, { type: "category" }> | null = $derived.by(() => {
    const found = this.store.columns.fields.find((f) => f.name === TOPIC_FIELD && f.type === "category");
    return found?.type === "category" ? found : null;
  });
  /** The topic of each category. */
  private readonly named: (number | null)[] = $derived(this.field && this.known ? this.field.categories.map((c) => topicNamed(c.label, this.sorted)?.topic ?? null) : []);
  /** The place of a topic among the colors of the documents' map; null where it has none. */
  codeOf(topic: number): number | null {
    const code = this.named.indexOf(topic);
    return code >= 0 ? code : null;
  }
  private get isColored(): boolean {
    return this.known !== null && this.field !== null && this.store.columns.by === this.field.name;
  }
  /** The documents of the selected topic stand out where the map is colored by topic. */
  private link(): void {
    if (!this.isColored) return;
    const code = this.topic === null ? -1 : this.named.indexOf(this.topic);
    const { by, only } = this.store.columns;
    if (code >= 0) this.store.filters.put(by!, { by: by!, codes: new Set([code]) });
    else if (only?.size === 1) this.store.filters.put(by!, null);
  }
  /** Where the map is colored otherwise, the filter of the selected topic goes; it comes back with the color. */
  private unlink(): void {
    if (this.topic === null || !this.field) return;
    const filter = this.store.filters.of(this.field.name);
    if (filter && "codes" in filter && filter.codes.size === 1 && filter.codes.has(this.named.indexOf(this.topic))) this.store.filters.put(this.field.name, null);
  }
  /** The reader chose in the legend of the documents' map. */
  private linked(): void {
    if (!this.isColored) return;
    const { only } = this.store.columns;
    const topic = only?.size === 1 ? (this.named[[...only][0]!] ?? null) : null;
    if (topic === this.topic) return;
    this.topic = topic;
    this.fetch();
  }

  colored(how: "column" | "filter"): void {
    if (how === "filter") this.linked();
    else if (this.isColored) this.link();
    else this.unlink();
  }
  fields(): void {
    if (this.topic === null) this.linked();
    else this.link();
  }

  // --- words ---

  readonly group: Group | null = $derived.by(() => (this.groupKey === null ? null : (this.groups?.groups.find((g) => g.topics[0]!.topic === this.groupKey) ?? null)));
  /** What the bars are of: a topic, a group, or null for all. */
  readonly subject: { key: string; topics: Topic[]; share: number } | null = $derived.by(() => {
    if (this.chosen) return { key: `t${this.chosen.topic}`, topics: [this.chosen], share: this.chosen.share };
    if (this.group) return { key: `g${this.group.topics.map((t) => t.topic).join(".")}`, topics: this.group.topics, share: this.group.share };
    return null;
  });
  readonly bars: Ranked[] | null = $derived.by(() => {
    const { subject, known } = this;
    if (!known) return null;
    if (!subject) return this.salient && this.salient.slice(0, SHOWN).map(({ word, text, total }) => ({ word, text, total, count: 0 }));
    if (this.read?.of !== subject.key) return null;
    return relevant(this.read.words, this.lambda, subject.share, known.tokens);
  });
  private wordsOf(topic: number): Promise<TopicWord[]> {
    const { version } = this;
    let found = this.asked.get(topic);
    if (!found) {
      found = this.source.topic(topic).then(({ words }) => {
        if (this.version === version) this.words.set(topic, words);
        return words;
      });
      found.catch(() => this.asked.delete(topic)); // may be asked for again
      this.asked.set(topic, found);
    }
    return found;
  }
  private fetch(): void {
    const { subject, topic } = this;
    if (!subject) return;
    const { key } = subject;
    const read = subject.topics.slice(0, READ_TOGETHER);
    const put = (lists: TopicWord[][]) => (this.read = { of: key, words: lists.length === 1 ? lists[0]! : together(lists.map((words, i) => ({ share: read[i]!.share, words }))) });
    const here = read.map((t) => this.words.get(t.topic));
    if (here.every((w) => w !== undefined)) put(here);
    else Promise.all(read.map((t) => this.wordsOf(t.topic))).then((lists) => this.subject?.key === key && put(lists), (e) => this.store.fail(e));
    if (topic !== null && this.documents?.topic !== topic)
      this.source.documents(topic, DOCUMENTS).then((list) => this.topic === topic && (this.documents = { topic, list }), (e) => this.store.fail(e));
  }
  setLambda(lambda: number): void {
    this.lambda = lambda;
    this.store.write();
  }

  /** The topics of the word that is looked at, or of the one that stays. */
  readonly resized: WordTopics | null = $derived(this.spread.get(this.looked ?? this.word ?? -1) ?? null);
  readonly kept: WordTopics | null = $derived(this.spread.get(this.word ?? -1) ?? null);
  /** What the circles are sized by in place of their shares: a word's topics, or those of the document that is open. */
  readonly sizes: [number, number][] | null = $derived.by(() => {
    if (this.resized) return this.resized.topics;
    const { document } = this;
    return document && document.row === this.store.selection.row && document.topics.every(([, share]) => Number.isFinite(share)) ? document.topics : null;
  });
  /** Looks at a word, or with null at none; it is asked for where it is not known. */
  look(word: number | null): void {
    clearTimeout(this.timer);
    if (word === null || this.spread.has(word)) this.looked = word;
    else this.timer = window.setTimeout(() => this.ask(word).then(() => (this.looked = word), (e) => this.store.fail(e)), PASSING_MS);
  }
  /** Keeps a word, or lets it go. */
  keep(word: number | null): void {
    this.word = word;
    if (word !== null) this.ask(word).catch((e) => {
      if (this.word === word) this.word = null;
      this.store.fail(e);
    });
    this.store.write();
  }
  private async ask(word: number): Promise<void> {
    if (this.spread.has(word)) return;
    const found = await this.source.word(word);
    this.spread = new Map(this.spread).set(word, found);
  }

  // --- the tree ---

  readonly steps: number[] = $derived(steps(this.sorted.length));
  readonly cutAt: number = $derived(this.groupsWanted !== null && this.steps.includes(this.groupsWanted) ? this.groupsWanted : this.sorted.length);
  /** Whether topics are merged at all. */
  readonly merged: boolean = $derived(this.cutAt < this.sorted.length);
  readonly groups = $derived(this.layout && this.layout.tree.length > 0 && this.merged ? cut(this.sorted, this.layout.tree, this.cutAt) : null);
  /** The color of each topic's group, by the topic's place: groups by falling share. */
  readonly groupOf: Int32Array | null = $derived.by(() => {
    if (!this.groups) return null;
    const of = new Int32Array(this.sorted.length);
    for (const [code, g] of this.ranked.entries()) for (const t of g.topics) of[this.place.get(t.topic)!] = code;
    return of;
  });
  /** Groups by falling share, as colors are given. */
  readonly ranked: Group[] = $derived(this.groups ? [...this.groups.groups].sort((a, b) => b.share - a.share) : []);
  merge(groups: number): void {
    this.groupsWanted = groups < this.sorted.length ? groups : null;
    this.store.write();
  }
  showGroup(group: Group | null): void {
    if (group) this.topic = null;
    this.groupKey = group?.topics[0]!.topic ?? null;
    this.fetch();
    this.link();
    this.store.write();
  }

  // --- documents and times ---

  /** The words of a document, each with its topic. */
  opened(row: number | null): void {
    if (!this.known || row === null || this.document?.row === row) return;
    this.document = null;
    const still = () => this.store.selection.row === row;
    this.source.rowWords(row).then((found) => still() && (this.document = found), (e) => still() && this.store.fail(e));
  }
  follow(field: number): void {
    const name = this.known?.times.find((t) => t.field === field)?.name;
    if (name === undefined) return;
    this.source.times(field).then((told) => (this.times = { field, name, told }), (e) => this.store.fail(e));
  }

  write(address: URLSearchParams): void {
    const groups = this.merged ? this.cutAt : this.known ? null : this.groupsWanted;
    writePlace(address, { topic: this.topic, word: this.word, lambda: this.lambda === LAMBDA ? null : this.lambda, groups });
  }
}
