import { readFile } from 'node:fs/promises';

/**
 * Files that are mounted from Kubernetes change by a renamed link, which watches of the file itself miss, and times of a file can
 * be those of any moment: its text alone says that it changed.
 */
const LOOK_EVERY_MS = 2_000;

/**
 * Calls `changed` with the text of a file whenever it differs from the one before. A file that is away for a moment changes
 * nothing. Returns the function that ends it.
 */
export function watchFileText(
  path: string,
  first: string,
  changed: (text: string) => void,
): () => void {
  let last = first;
  let ended = false;
  const look = async (): Promise<void> => {
    const text = await readFile(path, 'utf8').catch(() => last);
    if (ended || text === last) return;
    last = text;
    changed(text);
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return () => {
    ended = true;
    clearInterval(timer);
  };
}
