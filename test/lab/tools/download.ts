import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { cached, cacheFolder } from './cache.ts';
import type { CacheEntry, CacheKey } from './cache.ts';

/** A download that failed is tried again after this time; until then a run does not wait for it. Milliseconds. */
const RETRY_AFTER_MS = 60 * 60 * 1000;

/** A cached download, or why there is none. A failure is remembered, for a closed machine should not wait at every start. */
export async function downloaded(
  key: CacheKey,
  download: (scratch: string) => Promise<void>,
  onDetail: (detail: string) => void,
): Promise<CacheEntry | string> {
  const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 12);
  const failure = join(cacheFolder(), `${key.name}-${key.version}-${digest}.failed`);
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
    const reason = cause(error instanceof Error ? error.message : String(error));
    await mkdir(cacheFolder(), { recursive: true });
    await writeFile(failure, `${reason}\n`);
    return reason;
  }
}

async function recentFailure(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > RETRY_AFTER_MS) return undefined;
    const reason = (await readFile(file, 'utf8')).trim();
    return `${reason} (tried at ${new Date(mtimeMs).toISOString()}; to try again, remove ${file})`;
  } catch {
    return undefined;
  }
}

/** Of a failed command's message the first line that speaks of an error: the later ones repeat it or say where. */
function cause(message: string): string {
  const [command = '', ...lines] = message.split('\n');
  return (lines.find((line) => /\berror\b/i.test(line)) ?? command).trim();
}
