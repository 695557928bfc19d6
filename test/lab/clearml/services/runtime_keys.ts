import { apiError } from '../api_error.ts';
import { isDocument, type Document, type Json } from '../document.ts';

/** Where one key of `tasks.edit_runtime` lies in the stored runtime: several parts are dictionaries in one another. */
export type StoredPath = readonly [string, ...string[]];

/**
 * How `tasks.edit_runtime` spells a runtime key in the database. The open-source server 2.3 escapes it as it escapes
 * the keys of hyperparameters, but reads runtimes back as they are stored: `endpoint__x` comes back as
 * `endpoint%_%_x`, and a key that `tasks.edit` wrote as `_PORT` cannot be reached. What is left of `__` after that, in
 * a key that held `___`, its document mapper takes for a step into a dictionary: `endpoint___x` becomes
 * `{"endpoint%_%": {"x": …}}`; at the end of a key it drops it.
 */
export function storedPath(key: string, mode: 'escaped' | 'verbatim'): StoredPath {
  if (mode === 'verbatim') return [key];
  const trimmed = key.trim();
  if (trimmed === '') throw apiError('validation_error', 'Empty key is not allowed');
  const escaped = trimmed
    .replaceAll('%', '%%')
    .replaceAll('.', '%2E')
    .replaceAll('$', '%24')
    .replaceAll('__', '%_%_');
  const spelled = escaped.startsWith('_') ? `%_${escaped.slice(1)}` : escaped;
  const [head = '', ...rest] = spelled.split('__');
  return [head, ...(rest.at(-1) === '' ? rest.slice(0, -1) : rest)];
}

/** A copy of `runtime` with `value` at the path, or without what is there where the value is undefined. */
export function withStored(
  runtime: Document,
  [head, next, ...rest]: StoredPath,
  value: Json | undefined,
): Document {
  const current = runtime[head];
  if (next === undefined) {
    const { [head]: _replaced, ...others } = runtime;
    return value === undefined ? others : { ...runtime, [head]: value };
  }
  if (current === undefined && value === undefined) return runtime;
  if (current !== undefined && !isDocument(current)) {
    // MongoDB's own words for a step into what is no dictionary.
    throw apiError('general_error', `Cannot create field '${next}' in element {${head}: …}`);
  }
  return { ...runtime, [head]: withStored(current ?? {}, [next, ...rest], value) };
}
