// Topics that the page's own file holds, as docs/http-api.md describes it.
import { search, type Searched, searchRows } from "../../data/search.ts";
import { place, still } from "../../data/file.ts";
import { type DataSource, SourceError } from "../../data/source.ts";
import type { MapData, RowInfo, State } from "../../data/types.ts";
import { answerTopics, type TopicSource } from "./source.ts";
import type { Piece, ShownWords, Topic, TopicDocument, TopicFile, Word } from "./types.ts";

const TOPIC_FIELD = "topic";
const CATEGORIES_MOST = 1000;

export function fileSource(given: unknown): DataSource {
  const data = given as TopicFile;
  const { topics, map } = data;
  const words = new Map(data.words.map((w) => [w.word, w]));
  const byText = new Map(data.words.map((w) => [w.text.toLowerCase(), w]));
  const sorted = [...topics.topics].sort((a, b) => b.share - a.share || a.topic - b.topic);
  const number = new Map(sorted.map((t, i) => [t.topic, i + 1]));
  const label = (t: Topic) => `${number.get(t.topic)} ${t.name}`;

  // Rows are the points of the map, then the documents that are shown but are no points of it: each document once.
  const ids = [...(map?.rows ?? [])];
  const rowOf = new Map(ids.map((row, at) => [row, at]));
  const known = new Map<number, { document: TopicDocument; topics: [number, number][] }>();
  const documents = data.documents.map((list, topic) =>
    list.map((d): TopicDocument => {
      let row = rowOf.get(d.row);
      if (row === undefined) {
        row = ids.length;
        ids.push(d.row);
        rowOf.set(d.row, row);
      }
      const old = known.get(row);
      if (old) old.topics.push([topic, d.share]);
      else known.set(row, { document: { ...d, row }, topics: [[topic, d.share]] });
      return { ...d, row };
    }),
  );
  const idOf = (row: number) => known.get(row)?.document.id ?? String(ids[row] ?? row);

  // The categories of the field `topic`: the most frequent first, as the server has them.
  const counts = new Map<number, number>();
  for (const t of map?.topic ?? []) counts.set(t, (counts.get(t) ?? 0) + 1);
  const categories = sorted.filter((t) => counts.has(t.topic)).sort((a, b) => counts.get(b.topic)! - counts.get(a.topic)! || number.get(a.topic)! - number.get(b.topic)!);
  const code = new Map(categories.map((t, i) => [t.topic, Math.min(i, CATEGORIES_MOST)]));

  const points: MapData | null = map && map.x.length > 0 ? place(map.x, map.y) : null;
  const state: State = {
    name: topics.title, rows: points?.rows ?? 0, columns: 0, kind: "text", phase: "done", message: "", step: 0, n_steps: 0, loss: null, loss_name: null, seconds_left: null, seconds: 0,
    method: "", title: points ? `A map of ${points.rows.toLocaleString("en-US")} of the documents` : "", params: {}, axes: [], seed: 0, map: points ? { version: 1, dims: 2 } : null, map_id: null, maps_version: 0, grid: null, again: null, sweep: null, sweep_version: 0,
    fields: points ? [{ index: 0, name: TOPIC_FIELD, type: "category", categories: [...categories.slice(0, CATEGORIES_MOST).map((t) => ({ label: label(t), count: counts.get(t.topic)! })), ...(categories.length > CATEGORIES_MOST ? [{ label: "(other)", count: categories.slice(CATEGORIES_MOST).reduce((s, t) => s + counts.get(t.topic)!, 0) }] : [])], missing: 0 }] : [],
    picture: null, curve: false, n_neighbors: 0, estimated: {}, preparation: [], column_names: null, measures: null, sentences: [], trust_version: 0, warnings: [], can: ["topics"], search_by_meaning: false, annotations: { version: 0, columns: [], file: null }, error: null,
  };

  const chief = (row: number): [number, number][] => {
    const told = known.get(row)?.topics ?? [];
    return [...told].sort((a, b) => b[1] - a[1]);
  };
  /** The beginning of a document, each known word with the topic that it is mostly of. */
  function rowWords(row: number): ShownWords {
    const text = known.get(row)?.document.text ?? "";
    const pieces: Piece[] = [];
    for (const part of text.split(/([\p{L}\p{N}][\p{L}\p{M}\p{N}'’_-]*)/u)) {
      if (part === "") continue;
      const word = byText.get(part.toLowerCase());
      pieces.push(word && word.topics.length > 0 ? { text: part, word: word.word, topic: word.topics[0]![0] } : { text: part });
    }
    const found = chief(row);
    return { row, topics: found.length > 0 ? found : map?.topic[row] !== undefined ? [[map.topic[row]!, Number.NaN]] : [], pieces, guessed: pieces.length > 0 };
  }
  const missing = (what: string) => new SourceError(`${what}: this file does not hold it.`, "`latent explore` shows all of it.", 404);

  const source: TopicSource = {
    topics: async () => topics,
    layout: async () => data.layout,
    progress: async () => ({ share: 1 }),
    all: async () => data.all,
    async topic(topic) {
      const found = data.topic.find((t) => t.topic === topic);
      if (!found) throw missing(`topic ${topic}`);
      return found;
    },
    async word(word) {
      const found = words.get(word);
      if (!found) throw missing(`word ${word}`);
      return found;
    },
    async findWords(text, limit) {
      const q = text.toLowerCase();
      const hits = data.words.map((w) => ({ w, at: w.text.toLowerCase().indexOf(q) })).filter((h) => h.at >= 0);
      hits.sort((a, b) => Number(a.at > 0) - Number(b.at > 0) || b.w.total - a.w.total || a.w.word - b.w.word);
      return hits.slice(0, limit).map(({ w: { word, text: t, total } }): Word => ({ word, text: t, total }));
    },
    documents: async (topic, limit) => (documents[topic] ?? []).slice(0, limit),
    rowWords: async (row) => rowWords(row),
    async times(field) {
      const found = data.times.find((t) => t.field === field);
      if (!found) throw missing(`column ${field}`);
      return found;
    },
  };
  const searched: Searched = { rows: Math.max(points?.rows ?? 0, ...[...known.keys()].map((row) => row + 1)), id: idOf, texts: (row) => { const text = known.get(row)?.document.text; return text ? [["text", text]] : []; } };
  return {
    ...still(state),
    async ask<T>(path: string, query?: Record<string, string | number>): Promise<T> {
      const answer = answerTopics(source, path, query);
      if (!answer) throw missing(path);
      return (await answer) as T;
    },
    map: async () => points,
    column: async () => Uint32Array.from(map?.topic ?? [], (t) => code.get(t) ?? 0),
    row: async (row): Promise<RowInfo> => ({ row, id: idOf(row), fields: map?.topic[row] === undefined ? {} : { topic: named(map.topic[row]!) }, text: null, search: { k: 0, metric: "euclidean", columns: 0, metrics: [] }, kept: null, neighbors: [], invented: [] }),
    search: async (text, by, limit) => search(searched, text, by, limit),
    searchRows: async (text, by) => searchRows(searched, text, by),
    table: async ({ rows }) => ({ total: rows?.length ?? 0, rows: (rows ?? []).map((row) => ({ row, id: idOf(row), fields: {} })) }),
  };

  function named(topic: number): string {
    const t = topics.topics.find((t) => t.topic === topic);
    return t ? label(t) : String(topic);
  }
}
