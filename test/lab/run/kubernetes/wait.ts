import { setTimeout as sleep } from 'node:timers/promises';

import { ApiException } from '@kubernetes/client-node';

import { LabError } from '../../errors.ts';

const INTERVAL_MS = 250;

/** True for the API server's word that there is no such object. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiException && error.code === 404;
}

/**
 * Looks until `look` gives a value.
 *
 * @throws LabError `CLUSTER_FAILED` after `seconds`, with what `describe` says of the state by then.
 */
export async function waitFor<T>(
  seconds: number,
  look: () => Promise<T | undefined>,
  describe: () => Promise<string>,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      throw new LabError('CLUSTER_FAILED', `After ${seconds} s: ${await describe()}`);
    }
    await sleep(INTERVAL_MS);
  }
}
