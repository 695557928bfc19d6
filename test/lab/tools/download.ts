import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { LabError } from '../errors.ts';
import { cached } from './cache.ts';
import type { CacheEntry, CacheKey } from './cache.ts';
import { keepReason, reasonFile } from './kept_reason.ts';

/** A download that failed is tried again after this time; until then a run does not wait for it. */
const RETRY_AFTER_MINUTES = 60;

/**
 * A cached download, or in words that there is none, with the name of the file that has the reason in full. A failure is
 * remembered, for a closed machine should not wait at every start.
 */
export async function downloaded(
  key: CacheKey,
  download: (scratch: string) => Promise<void>,
  onDetail: (detail: string) => void,
): Promise<CacheEntry | string> {
  const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 12);
  const name = `${key.name}-${key.version}-${digest}`;
  const failure = reasonFile(name);
  const remembered = await recentFailure(failure);
  if (remembered !== undefined) return remembered;
  try {
    const entry = await cached(key, download, () =>
      onDetail('waiting for another run that downloads it'),
    );
    await rm(failure, { force: true });
    return entry;
  } catch (error) {
    if (error instanceof LabError && error.code === 'CACHE_UNWRITABLE') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return `its download failed just now, and ${await keepReason(name, reason)} says why`;
  }
}

/** In words, where the failure is young. */
async function recentFailure(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    const minutes = Math.round((Date.now() - mtimeMs) / 60_000);
    if (minutes >= RETRY_AFTER_MINUTES) return undefined;
    return `its download failed ${minutes} min ago: ${file} says why, and without that file it is tried again`;
  } catch {
    return undefined;
  }
}
