import { setTimeout as sleep } from 'node:timers/promises';
import type { Balancing } from './peer.ts';
import { SteadyLoad, type Sent } from './steady_load.ts';
import type { Loss, Task } from './tasks.ts';

/** How long anything is waited for that should come to pass, in milliseconds. */
const PATIENCE_MS = 20_000;
/** Requests a second: those that count, and those that go to a task without a proxy. */
const RATE = 200;
const CONTROL_RATE = 20;
/** A request that was sent so long before the loss was over by then. */
const LONGEST_ANSWER_MS = 200;
/** A stall of the machine spoils an episode: how often it is tried. */
const TRIES = 5;

/** How a task is lost. Milliseconds. */
export interface Plan {
  readonly loss: Loss;
  /** From a check of its health to the loss. */
  readonly afterCheck: number;
  readonly lostFor: number;
}

/** What came of it. */
export interface Episode {
  /** The requests that failed. */
  readonly failed: readonly Sent[];
  /** By the clock of `performance.now`. */
  readonly lostAt: number;
  /** Milliseconds from its return to the first request after that which it answered; Infinity where none came in time. */
  readonly away: number;
}

async function until(isSo: () => boolean): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) return false;
    await sleep(5);
  }
  return true;
}

/** Undefined where requests failed before anything was lost, or without a proxy. */
async function once(
  { url, headers }: Balancing,
  tasks: readonly Task[],
  lost: Task,
  { loss, afterCheck, lostFor }: Plan,
): Promise<Episode | undefined> {
  const load = new SteadyLoad(url, headers, RATE);
  const other = tasks.find((task) => task !== lost) ?? lost;
  const control = new SteadyLoad(`http://127.0.0.1:${other.port}/x`, {}, CONTROL_RATE);
  const answered = (task: Task, since: number): Sent | undefined =>
    load.sent.find(({ at, by }) => at >= since && by === task.name);
  try {
    if (!(await until(() => tasks.every((task) => answered(task, 0))))) return undefined;
    await lost.nextCheck();
    await sleep(afterCheck);
    const lostAt = await lost.lose(loss);
    await sleep(lostFor);
    const backAt = await lost.comeBack(loss);
    await until(() => answered(lost, backAt) !== undefined);
    await Promise.all([load.stop(), control.stop()]);
    if (control.sent.some(({ failure }) => failure !== undefined)) return undefined;
    const failed = load.sent.filter(({ failure }) => failure !== undefined);
    if (failed.some(({ at }) => at < lostAt - LONGEST_ANSWER_MS)) return undefined;
    return { failed, lostAt, away: (answered(lost, backAt)?.at ?? Infinity) - backAt };
  } finally {
    await Promise.all([load.stop(), control.stop()]);
  }
}

/**
 * Loses one of the tasks under steady load, and has it come back.
 *
 * @throws Error where requests fail, however often it is tried, before anything was lost or without a proxy: this machine is too busy.
 */
export async function episode(
  balancing: Balancing,
  tasks: readonly Task[],
  lost: Task,
  plan: Plan,
): Promise<Episode> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const seen = await once(balancing, tasks, lost, plan);
    if (seen !== undefined) return seen;
    process.stderr.write('  once more: requests failed before the loss, or without a proxy\n');
  }
  throw new Error('requests fail before the loss, or without a proxy');
}
