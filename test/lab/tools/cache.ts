import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { lock } from '../lock.ts';

/** Where built and downloaded tools are kept, outside the repository (XDG Base Directory Specification). */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(
    base !== undefined && base.startsWith('/') ? base : join(homedir(), '.cache'),
    'task-traffic-router',
  );
}

/** One cached folder, and whether this run filled it. */
export interface CacheEntry {
  readonly folder: string;
  readonly made: boolean;
}

export interface CacheKey {
  readonly name: string;
  readonly version: string;
  /** Everything else that goes into the content: a change of any of it makes another entry. */
  readonly ingredients: unknown;
}

/**
 * The cached folder of a key. Where there is none, `fill` makes it in a scratch folder that is renamed when it is whole, so
 * an interrupted run leaves no half entry; two runs at once do the work once.
 */
export async function cached(
  key: CacheKey,
  fill: (scratch: string) => Promise<void>,
  onWait: () => void,
): Promise<CacheEntry> {
  const folder = join(cacheFolder(), entryName(key));
  if (await exists(folder)) return { folder, made: false };
  const held = await lock(`cache/${folder}`, onWait);
  try {
    if (await exists(folder)) return { folder, made: false };
    const scratch = await scratchFolder(folder);
    try {
      await fill(scratch);
      await rename(scratch, folder);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    return { folder, made: true };
  } finally {
    held.release();
  }
}

async function scratchFolder(folder: string): Promise<string> {
  try {
    await mkdir(cacheFolder(), { recursive: true });
    return await mkdtemp(`${folder}.incomplete-`);
  } catch (error) {
    throw new LabError(
      'CACHE_UNWRITABLE',
      `Tools cannot be kept in ${cacheFolder()}: ${error instanceof Error ? error.message : String(error)}. Set XDG_CACHE_HOME to a folder that you may write to.`,
      { cause: error },
    );
  }
}

function entryName(key: CacheKey): string {
  const digest = createHash('sha256').update(JSON.stringify(key.ingredients)).digest('hex');
  return `${key.name}-${key.version}-${digest.slice(0, 12)}`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
