// The tree of topics, cut into groups.
import type { Merge, Topic } from "./types.ts";

/** Groups at most: more are no overview, and have no colors of their own. */
const GROUPS_MOST = 24;

export interface Group {
  /** Its topics, the largest first. */
  topics: Topic[];
  share: number;
  /** The first words of its largest topics. */
  name: string;
}
/** A join in the drawing of what lies above the cut: of two rows (middles, by group), at a height in [0, 1]. */
export interface Join {
  from: number;
  to: number;
  at: number;
  left: [number, number];
}

/** How many groups there may be: 2 to some, and at last each topic for itself. */
export const steps = (k: number): number[] => [...Array.from({ length: Math.max(0, Math.min(GROUPS_MOST, k - 1) - 1) }, (_, i) => i + 2), k];

/**
 * The `m` groups that are left once the nearest topics merged, in the order of the tree's leaves, and how they go on to
 * merge. `sorted`: topics by falling share. A merge that names what is not there (any more) is passed over.
 */
export function cut(sorted: Topic[], tree: Merge[], m: number): { groups: Group[]; joins: Join[] } {
  const k = sorted.length;
  const nodes = new Map<number, Topic[]>(sorted.map((t) => [t.topic, [t]]));
  let left = k;
  let i = 0;
  for (; i < tree.length && left > m; i++) {
    const { a, b } = tree[i]!;
    const [one, two] = [nodes.get(a), nodes.get(b)];
    if (!one || !two || a === b) continue;
    nodes.delete(a);
    nodes.delete(b);
    nodes.set(k + i, [...one, ...two]);
    left--;
  }
  const size = (topics: Topic[]) => topics.reduce((s, t) => s + t.share, 0);
  // What lies above the cut: the larger branch comes first.
  interface Above {
    share: number;
    leaves: number[];
    joins: { parts: [Above, Above]; height: number } | null;
  }
  const above = new Map<number, Above>([...nodes].map(([id, topics]) => [id, { share: size(topics), leaves: [id], joins: null }]));
  let top = 0;
  for (; i < tree.length; i++) {
    const { a, b, height } = tree[i]!;
    const [one, two] = [above.get(a), above.get(b)];
    if (!one || !two || a === b) continue;
    const parts: [Above, Above] = one.share >= two.share ? [one, two] : [two, one];
    above.delete(a);
    above.delete(b);
    above.set(k + i, { share: one.share + two.share, leaves: [...parts[0].leaves, ...parts[1].leaves], joins: { parts, height } });
    top = Math.max(top, height);
  }
  const roots = [...above.values()].sort((a, b) => b.share - a.share);
  const order = roots.flatMap((r) => r.leaves);
  const row = new Map(order.map((id, at) => [id, at]));
  const joins: Join[] = [];
  const draw = (node: Above): { middle: number; at: number } => {
    if (!node.joins) return { middle: row.get(node.leaves[0]!)!, at: 0 };
    const [one, two] = node.joins.parts.map(draw) as [{ middle: number; at: number }, { middle: number; at: number }];
    const at = top > 0 ? node.joins.height / top : 1;
    joins.push({ from: one.middle, to: two.middle, at, left: [one.at, two.at] });
    return { middle: (one.middle + two.middle) / 2, at };
  };
  for (const root of roots) draw(root);
  const groups = order.map((id) => {
    const topics = nodes.get(id)!.slice().sort((a, b) => b.share - a.share || a.topic - b.topic);
    return { topics, share: size(topics), name: named(topics) };
  });
  return { groups, joins };
}

/** Words of the topics' names, by the shares of the topics that are called by them. */
function named(topics: Topic[]): string {
  if (topics.length === 1) return topics[0]!.name;
  const found = new Map<string, number>();
  for (const t of topics) t.name.split(" · ").forEach((word, i) => found.set(word, (found.get(word) ?? 0) + t.share / (i + 1)));
  return [...found].sort((a, b) => b[1] - a[1]).slice(0, 4).map(([word]) => word).join(" · ");
}
