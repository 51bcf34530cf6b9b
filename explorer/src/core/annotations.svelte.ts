// Labels and notes that the reader gives to rows: columns of the origin "yours", with undo.
import type { AnnotationEdit, AnnotationState, ColumnInfo } from "../data/types.ts";
import { whole } from "../words.ts";
import type { Store } from "./store.svelte.ts";

type Type = "category" | "text";

/** A change that can be taken back. */
interface Step {
  column: string;
  type: Type;
  /** What it did, in words. */
  told: string;
  back: AnnotationEdit[];
  again: AnnotationEdit[];
}

const NONE: AnnotationState = { version: 0, columns: [], file: null };
/** The columns that labels and notes go to at first. */
export const LABEL = "my label";
export const NOTE = "my note";

export class Annotations {
  private readonly store: Store;
  readonly state: AnnotationState = $derived.by(() => this.store.state?.annotations ?? NONE);
  readonly labels: ColumnInfo[] = $derived.by(() => this.state.columns.filter((c) => c.type === "category"));
  /** The column of labels that is being filled. */
  column = $state(LABEL);
  private done = $state.raw<Step[]>([]);
  private undone = $state.raw<Step[]>([]);

  constructor(store: Store) {
    this.store = store;
  }

  /** Whether rows can be given labels here. */
  get offered(): boolean {
    return this.store.source.annotate !== undefined && (this.store.state?.rows ?? 0) > 0;
  }
  /** The rows that a label goes to: the chosen one, or the selected ones. */
  get rows(): number[] {
    const { row, rows } = this.store.selection;
    return row === null ? (rows ?? []) : [row];
  }
  readonly nextUndo: Step | null = $derived(this.done.at(-1) ?? null);
  readonly nextRedo: Step | null = $derived(this.undone.at(-1) ?? null);
  /** The labels of the column that is being filled, in the order in which they were made. */
  readonly values: ColumnInfo["categories"] = $derived.by(() => this.labels.find((c) => c.name === this.column)?.categories ?? []);

  /** Gives the rows a label; none with null. */
  label(value: string | null): void {
    const { rows } = this;
    if (rows.length === 0) return;
    const whom = rows.length === 1 ? `row ${whole(rows[0]!)}` : `${whole(rows.length)} rows`;
    void this.give(this.column, "category", [{ value, rows: [...rows] }], value === null ? `remove the label of ${whom}` : `label ${whom} “${value}”`);
  }
  note(row: number, text: string): void {
    void this.give(NOTE, "text", [{ value: text.trim() || null, rows: [row] }], `note on row ${whole(row)}`);
  }
  async undo(): Promise<void> {
    const step = this.done.at(-1);
    if (!step || !(await this.send(step.column, step.type, step.back))) return;
    this.done = this.done.slice(0, -1);
    this.undone = [...this.undone, step];
  }
  async redo(): Promise<void> {
    const step = this.undone.at(-1);
    if (!step || !(await this.send(step.column, step.type, step.again))) return;
    this.undone = this.undone.slice(0, -1);
    this.done = [...this.done, step];
  }

  private async give(column: string, type: Type, again: AnnotationEdit[], told: string): Promise<void> {
    const back = await this.send(column, type, again);
    if (!back) return;
    this.done = [...this.done, { column, type, told, back, again }];
    this.undone = [];
  }
  /** The edits that undo these; null where they were refused. */
  private async send(column: string, type: Type, edits: AnnotationEdit[]): Promise<AnnotationEdit[] | null> {
    try {
      return (await this.store.source.annotate!(column, type, edits)).before;
    } catch (e) {
      this.store.fail(e);
      return null;
    }
  }
}
