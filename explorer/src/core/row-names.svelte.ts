// What rows are called: by their id, or by a column of theirs.
import type { Field } from "../data/types.ts";
import type { Store } from "./store.svelte.ts";

/** The text that was learned from, where rows are texts. */
export const OBSERVED = "@observed:0";
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
  /** By column, then by row; null where the source did not tell. */
  private readonly known = new Map<string, Map<number, string | null>>();
  /** Grows when names became known. */
  version = $state(0);
  private readonly wanted = new Map<string, Set<number>>();
  private asking = false;

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
  /** What a row is called, by the column that was chosen or by another; null until it is known. */
  of(row: number, by = this.by): string | null {
    void this.version;
    return this.known.get(by)?.get(row) ?? null;
  }
  /** Asks for the names of these rows, with those that others want at the same time. */
  want(rows: Iterable<number>, by = this.by): void {
    const wanted = this.wanted.get(by) ?? new Set<number>();
    for (const row of rows) if (!this.known.get(by)?.has(row)) wanted.add(row);
    if (wanted.size === 0) return;
    this.wanted.set(by, wanted);
    if (!this.asking) void this.ask();
  }
  private async ask(): Promise<void> {
    this.asking = true;
    await new Promise((done) => window.setTimeout(done, 20));
    while (this.wanted.size > 0) {
      // Those by the column of now first.
      const by = this.wanted.has(this.by) ? this.by : this.wanted.keys().next().value!;
      const wanted = this.wanted.get(by)!;
      const rows = [...wanted].slice(0, MOST);
      const names = await this.fetch(by, rows).catch(() => null); // the number of the row stands for its name
      const known = this.known.get(by) ?? new Map<number, string | null>();
      this.known.set(by, known);
      rows.forEach((row, i) => {
        known.set(row, names === null ? null : (names[i] ?? String(row)));
        wanted.delete(row);
      });
      if (wanted.size === 0) this.wanted.delete(by);
      this.version++;
    }
    this.asking = false;
  }
  private async fetch(by: string, rows: number[]): Promise<string[]> {
    const { source, columns } = this.store;
    if (by === "" || source.still)
      return (await source.table({ rows, sort: null, descending: false, offset: 0, limit: rows.length })).rows.map((r) => (by === "" ? r.id : String(r.fields[by] ?? r.id).slice(0, LONGEST)));
    const index = columns.fields.find((f) => f.name === by)?.index;
    return (await source.ask<{ names: string[] }>("names", { rows: rows.join(","), by: index === undefined ? by.slice(1) : `metadata:${index}` })).names;
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
