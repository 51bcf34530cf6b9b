// What rows are called: by their id, or by a column of theirs.
import type { Field } from "../data/types.ts";
import type { Store } from "./store.svelte.ts";

/** The text that was learned from, where rows are texts. */
const OBSERVED = "@observed:0";
const TITLES = ["title", "name", "headline", "label", "caption", "subject", "word"];
/** A category names rows only if it is of one of those names and tells so many apart. */
const CATEGORIES_FROM = 100;
const LONGEST = 120;
/** Names asked for at once. */
const MOST = 500;

export class RowNames {
  private readonly store: Store;
  /** What the reader chose: a metadata column's name, `@observed:0`, or nothing for the id. */
  chosen = $state<string | null>(null);
  private known = $state.raw<{ by: string; names: ReadonlyMap<number, string> }>({ by: "", names: new Map() });
  private wanted = new Set<number>();
  private timer = 0;

  constructor(store: Store, chosen: string | null) {
    this.store = store;
    this.chosen = chosen;
  }

  /** Columns by which rows can be named; the id is there in any case. */
  readonly choices: { by: string; name: string }[] = $derived.by(() => {
    const { fields } = this.store.columns;
    const id = fields.find((f) => f.type === "id");
    const texts = fields.filter((f) => f.type === "text" || f.type === "category" || f.type === "date");
    return [{ by: "", name: id?.name ?? "row number" }, ...(this.store.state?.kind === "text" ? [{ by: OBSERVED, name: "first words" }] : []), ...texts.map((f) => ({ by: f.name, name: f.name }))];
  });
  private readonly guessed: string = $derived.by(() => guess(this.store.columns.fields, this.store.state?.kind === "text"));
  readonly by: string = $derived(this.choices.some((c) => c.by === this.chosen) ? this.chosen! : this.guessed);
  /** What that column is called above the names. */
  readonly title: string = $derived.by(() => (this.by === "" ? (this.store.columns.fields.find((f) => f.type === "id")?.name ?? "id") : (this.choices.find((c) => c.by === this.by)?.name ?? this.by)));
  /** The index of that metadata column; null for others. */
  readonly index: number | null = $derived.by(() => this.store.columns.fields.find((f) => f.name === this.by)?.index ?? null);

  choose(by: string): void {
    this.chosen = by === this.guessed ? null : by;
    this.store.write();
  }
  /** What a row is called; null until it is known. */
  of(row: number): string | null {
    return this.known.by === this.by ? (this.known.names.get(row) ?? null) : null;
  }
  /** Asks for the names of these rows, with those that others want at the same time. */
  want(rows: Iterable<number>): void {
    for (const row of rows) if (this.of(row) === null) this.wanted.add(row);
    if (this.wanted.size === 0) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.fetch(), 20);
  }
  private async fetch(): Promise<void> {
    const rows = [...this.wanted].slice(0, MOST);
    const { by, index } = this;
    this.wanted = new Set();
    try {
      const { source } = this.store;
      const names =
        by === "" || source.still
          ? (await source.table({ rows, sort: null, descending: false, offset: 0, limit: rows.length })).rows.map((r) => (by === "" ? r.id : String(r.fields[by] ?? r.id).slice(0, LONGEST)))
          : (await source.ask<{ names: string[] }>("names", { rows: rows.join(","), by: index === null ? by.slice(1) : `metadata:${index}` })).names;
      if (by !== this.by) return;
      this.known = { by, names: new Map([...(this.known.by === by ? this.known.names : []), ...rows.map((row, i) => [row, names[i] ?? String(row)] as const)]) };
    } catch {
      // the number of the row stands for its name
    }
  }
}

/** The column whose cells are most likely titles: one that is called so, then texts, then the id. */
export function guess(fields: Field[], texts: boolean): string {
  const telling = fields.filter((f) => f.type === "text" || f.type === "id" || (f.type === "category" && f.categories.length >= CATEGORIES_FROM));
  const words = (name: string) => name.toLowerCase().split(/[^\p{L}]+/u);
  for (const fits of [(name: string, title: string) => name.toLowerCase() === title, (name: string, title: string) => words(name).includes(title)])
    for (const title of TITLES) {
      const found = telling.find((f) => fits(f.name, title));
      if (found) return found.type === "id" ? "" : found.name;
    }
  if (texts) return OBSERVED;
  return fields.find((f) => f.type === "text")?.name ?? "";
}
