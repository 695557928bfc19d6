import { hash } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { EndpointTokenStore, Records } from './endpoint_token_store.ts';
import { formatRecords, parseRecords } from './endpoint_token_store.ts';

/** A lock that is older was left behind by a process that died. Milliseconds. */
const LOCK_DIES = 5_000;

/**
 * STATE_FILE: the records of endpoint tokens of a router without a cluster. Written as a whole into a file beside it that
 * then takes its place, so that a reader sees the old state or the new one; a lock file keeps the processes of WORKERS apart.
 */
export function createStateFile(path: string): EndpointTokenStore {
  const read = async (): Promise<Records> => {
    const text = await readOrEmpty(path);
    return { version: hash('sha256', text), records: parseRecords(text) };
  };
  return {
    read,
    write: async (before, records) => {
      const unlock = await lock(`${path}.lock`);
      if (unlock === undefined) return false;
      try {
        if ((await read()).version !== before.version) return false;
        const next = `${path}.next`;
        const file = await open(next, 'w', 0o600);
        await file.writeFile(formatRecords(records));
        await file.sync();
        await file.close();
        await rename(next, path);
        return true;
      } finally {
        await unlock();
      }
    },
  };
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Undefined while another process holds it. */
async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const held = await stat(path).catch(() => undefined);
    if (held !== undefined && Date.now() - held.mtimeMs > LOCK_DIES) {
      await rm(path, { force: true });
    }
    return undefined;
  }
  return () => rm(path, { force: true });
}
