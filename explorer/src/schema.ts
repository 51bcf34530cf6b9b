// Form fields from a method's JSON Schema: the page writes no parameter's name or range by hand.
import type { JsonSchema } from "./data/types.ts";

export interface FormField {
  name: string;
  /** Its name for reading. */
  title: string;
  /** What it means whatever it is called: dimensions, neighborhood, metric, labels and so on. */
  role: string | null;
  help: string;
  /** A column: the name of one of the data's categories, or one of the words. */
  kind: "integer" | "number" | "choice" | "switch" | "column" | "text";
  choices: { value: string; help: string }[];
  least: number | null;
  most: number | null;
  /** A word that may stand for a number, such as auto. */
  words: string[];
  optional: boolean;
  initial: unknown;
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const all = schema.allOf?.length === 1 ? { ...schema, ...schema.allOf[0], allOf: undefined } : schema;
  if (!all.$ref) return all;
  const name = all.$ref.split("/").at(-1)!;
  const found = root.$defs?.[name] ?? root.definitions?.[name] ?? {};
  // What stands beside the reference (default, description) wins over what it points to.
  return { ...resolve(found, root), ...all, $ref: undefined };
}

export function formFields(root: JsonSchema): FormField[] {
  return Object.entries(root.properties ?? {}).map(([name, given]) => {
    const s = resolve(given, root);
    const variants = [s, ...(s.anyOf ?? []), ...(s.oneOf ?? [])].map((v) => resolve(v, root)).flatMap((v) => [v, ...(v.oneOf ?? []), ...(v.anyOf ?? [])].map((w) => resolve(w, root)));
    const types = new Set(variants.flatMap((v) => v.type ?? []));
    const words: { value: string; help: string }[] = [];
    for (const v of variants)
      for (const value of v.const === undefined ? (v.enum ?? []) : [v.const])
        if (typeof value === "string" && !words.some((w) => w.value === value)) words.push({ value, help: v.const === undefined ? "" : (v.description ?? "") });
    const bound = (pick: (v: JsonSchema) => number | undefined) => variants.map(pick).find((x) => x !== undefined) ?? null;
    const free = variants.some((v) => v.type === "string" && v.enum === undefined && v.const === undefined && v.oneOf === undefined && v.anyOf === undefined);
    const kind = s.role === "labels" ? "column" : types.has("number") ? "number" : types.has("integer") ? "integer" : types.has("boolean") ? "switch" : words.length > 0 && !free ? "choice" : "text";
    return {
      name,
      title: s.title ?? name,
      role: s.role ?? null,
      help: s.description ?? "",
      kind,
      choices: words,
      least: bound((v) => v.minimum) ?? bound((v) => v.exclusiveMinimum),
      most: bound((v) => v.maximum) ?? bound((v) => v.exclusiveMaximum),
      words: words.map((w) => w.value),
      optional: types.has("null"),
      initial: s.default ?? null,
    };
  });
}

/** Of what the page shows, which is maps of 2 or 3 dimensions: whatever else a method could make. */
export function mapFields(root: JsonSchema): FormField[] {
  return formFields(root).map((f) => (f.role === "dimensions" ? { ...f, title: "dimensions", kind: "integer", least: 2, most: 3, words: [], initial: f.initial === 3 ? 3 : 2 } : f));
}

/** What was typed, as the parameter's value; null where it makes no sense, with the sentence that says why. */
export function readField(f: FormField, typed: string): { value: unknown } | { wrong: string } {
  const text = typed.trim();
  if (f.kind === "switch") return { value: text === "true" };
  if (f.kind === "choice" || f.kind === "column" || f.kind === "text") return text === "" && f.optional ? { value: null } : { value: text };
  if (f.words.includes(text)) return { value: text };
  if (text === "" && f.optional) return { value: null };
  const number = Number(text);
  const range = `${f.kind === "integer" ? "a whole number" : "a number"}${f.least === null ? "" : ` from ${f.least}`}${f.most === null ? "" : ` to ${f.most}`}${f.words.length > 0 ? `, or ${f.words.join(", ")}` : ""}`;
  if (text === "" || !Number.isFinite(number) || (f.kind === "integer" && !Number.isInteger(number))) return { wrong: `${f.name}: “${text}” was given; it can be ${range}.` };
  if ((f.least !== null && number < f.least) || (f.most !== null && number > f.most)) return { wrong: `${f.name}: ${text} was given; it can be ${range}.` };
  return { value: number };
}
