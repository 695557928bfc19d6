import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { failuresByKind, startBalancedLoad, type Asked, type BalancedLoad } from './load.ts';
import { startBalancedTasks, type BalancedTask, type BalancedTasks } from './tasks.ts';
import { replicaViewOf } from '../../e2e/resilience/replica_view.ts';
import type { World } from '../../e2e/resilience/world.ts';

/** Longer than a task may take to be found lost, or to be found back after a pause. Seconds. */
const FOUND_WITHIN = 90;
/** How much is asked of each of the others while a task is lost, and of one that is back: at 24 requests a second, some seconds. */
const ANSWERS_MEANWHILE = 36;
const ANSWERS_WHEN_BACK = 6;

/** Name and path of the load-balanced route. */
export const BALANCED_ROUTE = 'balanced';

/** What happens to a task, and how it comes back. */
interface Fault {
  readonly title: string;
  readonly victim: 0 | 1 | 2;
  readonly begin: (tasks: BalancedTasks, task: BalancedTask) => Promise<void>;
  /** Undefined: it is gone for good. */
  readonly end?: (tasks: BalancedTasks, task: BalancedTask) => Promise<void>;
  /** It answers what it was sent before it was found out, once it goes on. */
  readonly keeps?: true;
}

const FAULTS: readonly Fault[] = [
  {
    title: 'its process is killed',
    victim: 0,
    begin: (tasks, task) => tasks.signal(task, 'SIGKILL'),
    end: (tasks, task) => tasks.restarted(task),
  },
  {
    title: 'its process stands still',
    victim: 1,
    begin: (tasks, task) => tasks.signal(task, 'SIGSTOP'),
    end: (tasks, task) => tasks.signal(task, 'SIGCONT'),
    keeps: true,
  },
  {
    title: 'its port is closed',
    victim: 2,
    begin: (tasks, task) => tasks.signal(task, 'SIGUSR2'),
    end: (tasks, task) => tasks.signal(task, 'SIGUSR2'),
  },
  { title: 'its pod is evicted', victim: 0, begin: (tasks, task) => tasks.evict(task) },
];

/** Waits until each of the tasks has answered so many of the requests that are sent from now on. */
async function untilAnswered(
  load: BalancedLoad,
  tasks: readonly BalancedTask[],
  count: number,
): Promise<void> {
  const from = Date.now();
  const answers = (): readonly number[] =>
    tasks.map(({ name }) => load.asked().filter(({ by, at }) => by === name && at > from).length);
  await waitFor(
    FOUND_WITHIN,
    () => Promise.resolve(answers().every((found) => found >= count) ? true : undefined),
    () => Promise.resolve(`the tasks answered ${answers().join(', ')} of ${count} requests`),
  );
}

/** Whether a replica has found since then that one of these tasks fails. */
async function haveFailed(
  world: World,
  tasks: readonly BalancedTask[],
  since: number,
): Promise<boolean> {
  const { ownSight } = replicaViewOf(world);
  for (const replica of await world.replicas.settled()) {
    for (const { id } of tasks) {
      if (((await ownSight(replica, id)).http?.failedAt ?? 0) >= since) return true;
    }
  }
  return false;
}

/** When the last replica found by itself that a task fails. Milliseconds since the epoch. */
async function untilEjected(world: World, { id }: BalancedTask, since: number): Promise<number> {
  const { ownSight } = replicaViewOf(world);
  const found = (await world.replicas.settled()).map((replica) =>
    waitFor(
      FOUND_WITHIN,
      async () => {
        const { failedAt = 0, failingSince = 0 } = (await ownSight(replica, id)).http ?? {};
        if (failedAt < since) return undefined;
        // Found back already: then the last failure is what is left.
        return failingSince >= since ? failingSince : failedAt;
      },
      () => Promise.resolve(`${replica.name} does not find out that the task fails`),
    ),
  );
  return Math.max(...(await Promise.all(found)));
}

async function untilRouted(world: World, count: number): Promise<void> {
  const { listing } = replicaViewOf(world);
  for (const replica of await world.replicas.settled()) {
    const answering = async (): Promise<number | undefined> =>
      (await listing(replica)).staticRoutes.find(({ name }) => name === BALANCED_ROUTE)?.answering;
    await waitFor(
      FOUND_WITHIN,
      async () => ((await answering()) === count ? true : undefined),
      async () => `at ${replica.name} ${await answering()} tasks of the route answer`,
    );
  }
}

/** One task is lost and, where it can, comes back. What was sent after both replicas had left it alone was answered by the others. */
async function perform(
  t: TestContext,
  world: World,
  fault: Fault,
  tasks: BalancedTasks,
  load: BalancedLoad,
): Promise<void> {
  const victim = tasks.all[fault.victim];
  assert.ok(victim !== undefined);
  const others = tasks.all.filter((task) => task !== victim);
  const beganAt = Date.now();
  await fault.begin(tasks, victim);
  const ejectedAt = await untilEjected(world, victim, beganAt);
  await untilAnswered(load, others, ANSWERS_MEANWHILE);
  const endedAt = Date.now();
  if (fault.end !== undefined) {
    await fault.end(tasks, victim);
    await untilAnswered(load, [victim], ANSWERS_WHEN_BACK);
  }
  const asked = (await load.settled()).filter(({ at }) => at >= beganAt);
  t.diagnostic(
    `left alone by both replicas ${ejectedAt - beganAt} ms later; failed: ${failuresByKind(asked)}`,
  );
  const failed = asked.filter(({ error }) => error !== undefined);
  const told = ({ kind, at, by, error }: Asked): string =>
    `${kind.title}, ${at - beganAt} ms: ${error ?? by}`;
  const late = failed.filter(({ at }) => at > ejectedAt);
  assert.deepEqual(late.map(told), [], 'sent after it was left alone');
  const safe = failed.filter(({ kind }) => kind.isSafe);
  assert.deepEqual(safe.map(told), [], 'the next task is asked where nothing is done twice');
  if (fault.keeps !== true) return;
  // Where all are lost all are tried: a machine that is too busy says nothing of the one that stands still.
  if (await haveFailed(world, others, beganAt)) return t.diagnostic('the others did not answer');
  const kept = asked.filter(({ by, at }) => by === victim.name && at > ejectedAt && at < endedAt);
  assert.deepEqual(kept.map(told), [], 'sent to a task that stands still');
}

/** Three tasks behind one route under steady load by two replicas: a fault costs what was under way, and nothing after it. */
export async function balanced(t: TestContext, world: World): Promise<void> {
  const { session, headers } = world;
  const tasks = await startBalancedTasks(world, BALANCED_ROUTE);
  await untilRouted(world, tasks.all.length);
  const load = startBalancedLoad(`${session.url}/${BALANCED_ROUTE}/`, headers);
  t.after(() => load.stop());
  await untilAnswered(load, tasks.all, ANSWERS_WHEN_BACK);
  for (const fault of FAULTS) {
    await t.test(fault.title, (t) => perform(t, world, fault, tasks, load));
  }
  await load.stop();
  await tasks.end();
}
