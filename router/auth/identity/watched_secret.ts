import { watchFileText } from '../../settings/watched_file.ts';

/**
 * Calls `changed` with the values of a secret's file (separated by white space) whenever they differ from those before.
 * Returns the function that ends it. A file that is away for a moment, or empty, changes nothing; without one nothing is watched.
 */
export function watchSecret(
  path: string | undefined,
  first: readonly string[] = [],
  changed: (values: readonly string[]) => void,
): () => void {
  if (path === undefined) return () => {};
  let last = first.join(' ');
  return watchFileText(path, '', (text) => {
    const values = text.split(/\s+/).filter((value) => value !== '');
    if (values.length === 0 || values.join(' ') === last) return;
    last = values.join(' ');
    changed(values);
  });
}
