/**
 * How the open-source server 2.3 stores a key that came by `tasks.edit_runtime`. It escapes it as a database key and never turns it
 * back, so that `endpoint__x` reads as `endpoint%_%_x` from then on.
 */
export function escapedKey(key: string): string {
  const escaped = key
    .replaceAll('%', '%%')
    .replaceAll('.', '%2E')
    .replaceAll('$', '%24')
    .replaceAll('__', '%_%_');
  return escaped.startsWith('_') ? `%_${escaped.slice(1)}` : escaped;
}

const ESCAPES: Readonly<Record<string, string>> = { '%%': '%', '%_': '_', '%2E': '.', '%24': '$' };

export function unescapedKey(stored: string): string {
  return stored.replace(/%(?:%|_|2E|24)/g, (escape) => ESCAPES[escape] ?? escape);
}

/** Whether the mapper before the database takes what `__` is left in the escaped key for a step into a dictionary. */
export function isNested(key: string): boolean {
  return escapedKey(key).includes('__');
}

/** Where the value of such a key is found; an empty step at the end is dropped. */
export function storedPath(key: string): readonly string[] {
  return escapedKey(key)
    .split('__')
    .filter((step, index, steps) => step !== '' || index < steps.length - 1);
}

type Dictionary = Readonly<Record<string, unknown>>;

function isDictionary(value: unknown): value is Dictionary {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The dictionary without what stands at the path; a dictionary that becomes empty by that goes, too. */
export function withoutPath(
  from: Dictionary,
  [first = '', ...rest]: readonly string[],
): Dictionary {
  if (!Object.hasOwn(from, first)) return from;
  const { [first]: value, ...others } = from;
  if (rest.length === 0) return others;
  if (!isDictionary(value)) return from;
  const left = withoutPath(value, rest);
  if (left === value) return from;
  return Object.keys(left).length === 0 ? others : { ...from, [first]: left };
}
