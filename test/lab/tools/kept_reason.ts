import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { cacheFolder } from './cache.ts';

/**
 * Keeps what a program said when it failed, in a file of the cache: too long and too strange for a line of progress.
 *
 * @param name of the file, without its ending; what it held before is replaced.
 * @returns the file's absolute path.
 */
export async function keepReason(name: string, reason: string): Promise<string> {
  const file = reasonFile(name);
  await mkdir(cacheFolder(), { recursive: true });
  await writeFile(file, `${reason}\n`);
  return file;
}

/** Where `keepReason` keeps it. */
export function reasonFile(name: string): string {
  return join(cacheFolder(), `${name}.failed`);
}
