import { unwatchFile, watchFile } from 'node:fs';
import { readSettingFile } from '../settings/settings.ts';

/** Secrets that are mounted from Kubernetes change by a renamed link, which watches of the file itself miss; its times do not lie. */
const LOOK_EVERY_MS = 2_000;

/**
 * Calls `changed` with the values of a secret's file (separated by white space) whenever they differ from those before.
 * Returns the function that ends it. A file that is away for a moment, or empty, changes nothing.
 */
export function watchSecret(
  path: string,
  first: readonly string[],
  changed: (values: readonly string[]) => void,
): () => void {
  let last = first.join(' ');
  const look = () => {
    const values = readValues(path);
    if (values.length === 0 || values.join(' ') === last) return;
    last = values.join(' ');
    changed(values);
  };
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, look);
  return () => unwatchFile(path, look);
}

function readValues(path: string): readonly string[] {
  try {
    return readSettingFile(path)
      .split(/\s+/)
      .filter((value) => value !== '');
  } catch {
    return [];
  }
}
