import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** When an endpoint was used last, as the router says; null for never. Milliseconds since the epoch. */
export type LastUse = () => Promise<number | null>;

/** So many times an app does by itself what it does, without a use. */
const BEATS = 3;
/** So often it may have been a use before: pages ask for much when they are opened, and for some of it once a minute. */
const MOST_BEATS = 15;

/**
 * Waits until an endpoint whose app lives on, and which nobody touches, is used no more. Fails where that does not come. Gives the last
 * use.
 *
 * @param beat resolves when the app has done by itself, once more, what it does again and again.
 */
export async function quiet(lastUse: LastUse, beat: () => Promise<unknown>): Promise<number> {
  let last = await lastUse();
  let unused = 0;
  for (let beats = 0; beats < MOST_BEATS; beats++) {
    await beat();
    const now = await lastUse();
    unused = now === last ? unused + 1 : 0;
    last = now;
    if (unused === BEATS && last !== null) return last;
  }
  return assert.fail(`used again and again, last at ${new Date(last ?? 0).toISOString()}`);
}

/** Longer than a router takes to look at what moved in its sessions. Milliseconds. */
const LONGEST_MS = 40_000;

/** Waits until the router says that it was used since. */
export async function usedSince(lastUse: LastUse, since: number): Promise<void> {
  const late = performance.now() + LONGEST_MS;
  for (;;) {
    const last = await lastUse();
    if (last !== null && last >= since) return;
    assert.ok(performance.now() < late, `not used since ${new Date(since).toISOString()}`);
    await pause(200);
  }
}
