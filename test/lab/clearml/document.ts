/** A value as the API carries it. */
export type Json = string | number | boolean | null | readonly Json[] | Document;

/** A stored record or a part of one: plain, never changed in place. */
export interface Document {
  readonly [field: string]: Json | undefined;
}

export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a dotted path, undefined where a part is missing. */
export function at(document: Document, path: string): Json | undefined {
  let value: Json | undefined = document;
  for (const part of path.split('.')) {
    if (!isDocument(value)) return undefined;
    value = value[part];
  }
  return value;
}

/** A copy of `document` with `value` at a dotted path; parts that are missing are made. */
export function withValue(document: Document, path: string, value: Json): Document {
  const [head = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...document, [head]: value };
  const inner = document[head];
  return { ...document, [head]: withValue(isDocument(inner) ? inner : {}, rest.join('.'), value) };
}

/** A copy of `document` without the given top-level fields. */
export function without(document: Document, fields: readonly string[]): Document {
  return Object.fromEntries(Object.entries(document).filter(([field]) => !fields.includes(field)));
}

/** A simple value as text, '' for all others. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'object' || value === undefined ? '' : String(value);
}
