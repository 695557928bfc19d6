import { LabError } from '../errors.ts';
import { lock, tryLock, type Lock } from '../lock.ts';
import type { WorkFolder } from './work_folder.ts';
import { signalProcess } from '../cluster/processes/process_identity.ts';

function lockName(folder: WorkFolder): string {
  return `run/${folder.path}`;
}

/**
 * Takes the checkout for a run: one at a time.
 *
 * @throws LabError `IN_USE`
 */
export async function lockRun(folder: WorkFolder): Promise<Lock> {
  const held = await tryLock(lockName(folder));
  if (held !== undefined) return held;
  throw new LabError(
    'IN_USE',
    'npm start is running in this checkout already; end it with Ctrl-C there, or with npm stop.',
  );
}

/** The checkout, taken from whoever had it. */
export interface Ended {
  readonly held: Lock;
  /** Whether a run held the checkout, and was asked to end. */
  readonly wasRunning: boolean;
}

/** Takes the checkout; where a run holds it, asks that run to end and waits until it has. */
export async function endRun(folder: WorkFolder, onRunning: () => void): Promise<Ended> {
  const free = await tryLock(lockName(folder));
  if (free !== undefined) return { held: free, wasRunning: false };
  onRunning();
  const runner = (await folder.readRecord())?.runner;
  if (runner !== undefined) await signalProcess(runner, 'SIGTERM');
  return { held: await lock(lockName(folder), () => undefined), wasRunning: true };
}
