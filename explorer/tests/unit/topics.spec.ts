import { expect, test } from "@playwright/test";
import { demoTopics } from "../../src/rooms/topics/demo.ts";
import { Camera } from "../../src/scatter/camera.ts";
import { readPlace, type TopicPlace, writePlace } from "../../src/rooms/topics/address.ts";
import { covered, fitted, radius, under, written } from "../../src/rooms/topics/circles.ts";
import { fileSource } from "../../src/rooms/topics/file.ts";
import { named } from "../../src/rooms/topics/measures.ts";
import { byShare, changed, relevant, together, topicNamed } from "../../src/rooms/topics/rank.ts";
import { askTopics } from "../../src/rooms/topics/source.ts";
import { cut, steps } from "../../src/rooms/topics/tree.ts";
import type { PlacedTopic } from "../../src/rooms/topics/types.ts";
import { embed } from "../page/embed.ts";

const topic = (topic: number, share: number, name = `t${topic}`, x = 0, y = 0): PlacedTopic => ({ topic, name, share, x, y, documents: 1, coherence: null, exclusivity: null });

test("words are ranked by relevance: by frequency at lambda 1, by lift at 0", () => {
  // 1,000 tokens, half of them in the topic: "the" is frequent everywhere, "quark" rare and only here.
  const words = [
    { word: 0, text: "the", p: 0.4, total: 400 },
    { word: 1, text: "atom", p: 0.2, total: 120 },
    { word: 2, text: "quark", p: 0.02, total: 10 },
  ];
  const order = (lambda: number) => relevant(words, lambda, 0.5, 1000).map((w) => w.text);
  expect(order(1)).toEqual(["the", "atom", "quark"]);
  expect(order(0)).toEqual(["quark", "atom", "the"]);
  // By hand, at 0.6: the 0.6 ln 0.4, atom 0.6 ln 0.2 + 0.4 ln(0.2 / 0.12), quark 0.6 ln 0.02 + 0.4 ln 2.
  const hand = [0.6 * Math.log(0.4), 0.6 * Math.log(0.2) + 0.4 * Math.log(0.2 / 0.12), 0.6 * Math.log(0.02) + 0.4 * Math.log(2)];
  expect(order(0.6)).toEqual(["the", "atom", "quark"]);
  expect(hand[0]! > hand[1]! && hand[1]! > hand[2]!).toBe(true);
  expect(relevant(words, 1, 0.5, 1000).map((w) => w.count)).toEqual([200, 100, 10]);
  // An estimate that is more than there are is cut; words that never occur do not break the order.
  expect(relevant([{ word: 3, text: "x", p: 0.9, total: 10 }, { word: 4, text: "y", p: 0, total: 0 }], 0.5, 0.5, 1000).map((w) => w.count)).toEqual([10, 0]);
});

test("what was chosen among topics goes into the address and comes back", () => {
  const place: TopicPlace = { topic: 0, word: 12, lambda: 0.35, groups: 7 };
  const q = new URLSearchParams();
  writePlace(q, place);
  expect(readPlace(q)).toEqual(place);
  expect(readPlace(new URLSearchParams("topic=-1&word=a&lambda=2"))).toEqual({ topic: null, word: null, lambda: null, groups: null });
});

test("words of topics together are weighed by the topics' shares", () => {
  const both = together([{ share: 0.3, words: [{ word: 0, text: "a", p: 0.2, total: 9 }] }, { share: 0.1, words: [{ word: 0, text: "a", p: 0.6, total: 9 }, { word: 1, text: "b", p: 0.4, total: 9 }] }]);
  expect(both.map((w) => [w.text, Number(w.p.toFixed(6))])).toEqual([["a", 0.3], ["b", 0.1]]);
});

test("topics are numbered by share, and categories are found by their names", () => {
  const sorted = byShare([topic(0, 0.2, "film"), topic(1, 0.5, "law"), topic(2, 0.2, "film"), topic(3, 0.1, "7 up")]);
  expect(sorted.map((t) => t.topic)).toEqual([1, 0, 2, 3]);
  expect(["1 law", "2 film", "3 film", "7 up", "law", "4 7 up", "9 none"].map((l) => topicNamed(l, sorted)?.topic ?? null)).toEqual([1, 0, 2, 3, 1, 3, null]);
});

test("the tree is cut into groups that hold each topic once, in the order of its leaves", () => {
  const topics = [topic(0, 0.1, "a · b"), topic(1, 0.4, "a · c"), topic(2, 0.3, "d"), topic(3, 0.2, "e")];
  const tree = [{ a: 0, b: 1, height: 0.1 }, { a: 2, b: 3, height: 0.2 }, { a: 4, b: 5, height: 0.5 }];
  const names = (m: number) => cut(byShare(topics), tree, m).groups.map((g) => g.topics.map((t) => t.topic));
  expect(names(4)).toEqual([[1], [0], [2], [3]]);
  expect(names(3)).toEqual([[1, 0], [2], [3]]);
  expect(names(2)).toEqual([[1, 0], [2, 3]]);
  const two = cut(byShare(topics), tree, 2);
  expect(two.groups[0]!.name).toBe("a · c · b");
  expect(two.joins).toEqual([{ from: 0, to: 1, at: 1, left: [0, 0] }]);
  // A merge of what is not there is passed over, and an unfinished tree leaves what it did not merge.
  expect(cut(byShare(topics), [{ a: 0, b: 9, height: 1 }, { a: 1, b: 1, height: 1 }], 1).groups).toHaveLength(4);
  expect(steps(1)).toEqual([1]);
  expect(steps(2)).toEqual([2]);
  expect(steps(3)).toEqual([2, 3]);
  expect(steps(1000).slice(-2)).toEqual([24, 1000]);
});

test("a thousand topics are merged without a stutter", async () => {
  const made = demoTopics(1000, 100, () => 0);
  const [known, layout] = [await made.topics(), await made.layout()];
  const sorted = byShare(known.topics);
  const begun = performance.now();
  for (const m of steps(1000)) {
    const { groups } = cut(sorted, layout.tree, m);
    expect(groups).toHaveLength(m);
    expect(new Set(groups.flatMap((g) => g.topics)).size).toBe(1000);
  }
  expect((performance.now() - begun) / steps(1000).length).toBeLessThan(200);
});

test("circles have areas as their shares, lie within the picture, and each can be hit", () => {
  const topics = [topic(0, 0.5, "a", -1, 0), topic(1, 0.3, "b", 1, 0.5), topic(2, 0.2, "c", 1, 0.5)];
  const all = covered(topics);
  expect((radius(0.5, all, 800, 1) / radius(0.2, all, 800, 1)) ** 2).toBeCloseTo(2.5, 5);
  const camera = new Camera();
  [camera.width, camera.height] = [900, 700];
  camera.view = fitted(camera, topics);
  const circles = topics.map((t, at) => {
    const [x, y] = camera.project(t.x, t.y, 0);
    return { at, x, y, r: radius(t.share, all, 700, 1) };
  });
  for (const c of circles) expect(c.x - c.r >= 0 && c.x + c.r <= 900 && c.y - c.r >= 0 && c.y + c.r <= 640).toBe(true);
  // Two in one place: the smaller is on top, the larger beneath it.
  expect(under(circles, circles[1]!.x, circles[1]!.y)).toEqual([2, 1]);
  expect(under(circles, circles[0]!.x, circles[0]!.y + circles[0]!.r + 5)).toEqual([0]);
  expect(under(circles, 5, 5)).toEqual([]);
  const names = written(circles, (at) => topics[at]!.name, (text) => 8 * text.length, { width: 900, height: 640 }, 10);
  expect(new Set(names.map((n) => n.at)).size).toBe(names.length);
  // One topic, and many in one place, have a view, too.
  for (const few of [[topic(0, 1)], [topic(0, 0.5), topic(1, 0.5)]]) expect(Number.isFinite(fitted(camera, few).span)).toBe(true);
});

test("what changes most is told for its size, and measures are named", () => {
  const bins = [{ documents: 100 }, { documents: 100 }];
  expect(changed(bins, [0.1, 0.1])).toBe(0);
  expect(changed(bins, [0.01, 0.03])).toBeCloseTo(100 * 2 * (0.01 ** 2 / 0.02), 9);
  expect(changed(bins, [0, 0])).toBe(0);
  const m = named("log_likelihood_per_word", { value: -7, low: -7.1, high: -6.9, null: -8 });
  expect([m.value, m.noise]).toEqual(["−7 ± 0.1", "without topics −8"]);
  expect(named("new_one", { value: 1, low: 1, high: 1, null: null })).toMatchObject({ label: "New one", noise: null });
});

test("the file's own source tells what the file holds, of documents on its map and beside it", async () => {
  const data = await embed(demoTopics(3, 60, (row) => row % 3), 60, 20);
  const source = fileSource(data);
  const topics = askTopics(source);
  expect((await topics.topics()).topics).toHaveLength(3);
  const map = (await source.map())!;
  expect(map.rows).toBe(20);
  const list = await topics.documents(1, 50);
  expect(list.length).toBe(10);
  expect(list.some((d) => d.row >= 20)).toBe(true);
  for (const d of list) {
    expect((await source.row(d.row)).id).toBe(d.id);
    const words = await topics.rowWords(d.row);
    expect(words.pieces.map((p) => p.text).join("")).toBe(d.text);
    expect(words.topics[0]![0]).toBe(1);
  }
  await expect(topics.word(1e9)).rejects.toThrow(/does not hold it/);
  await expect(source.fit("lda", {})).rejects.toThrow(/cannot do that/);
});
