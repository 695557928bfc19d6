/** A policy for idle tasks on a real cluster: a task that one replica sees used is kept, another is stopped once, and nothing early. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CoreV1Api } from '@kubernetes/client-node';

import { replicaViewOf } from '../e2e/resilience/replica_view.ts';
import { replicasOf, type Replica } from '../e2e/resilience/replicas.ts';
import { preparedOrSkip } from '../e2e/session_or_skip.ts';
import { addTask, httpAsk, taskWhen } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import { textOf } from '../lab/clearml/document.ts';
import { ids } from '../lab/clearml/seed.ts';
import { waitFor } from '../lab/run/kubernetes/wait.ts';
import type { Prepared } from '../lab/run/session.ts';
import { openStack } from '../lab/run/stack.ts';
import { PROJECT, ROUTER_NAMESPACE, stackConfig, TASK_NAMESPACE } from '../lab/run/stack_config.ts';
import { stackUp } from '../lab/run/stack_up.ts';
import type { WorkFolder } from '../lab/run/work_folder.ts';

/** The least that a policy may have. Milliseconds. */
const AFTER = 600_000;
/** Until a task that is not used counts as idle: five minutes, and the turn in which its work is asked for. Seconds. */
const IDLE_WITHIN = 360;
/** How long the countdown runs when its leader is killed. Milliseconds. */
const COUNTDOWN = 90_000;
const USED_EVERY = 120_000;
/** Some turns of the policy, and an interval in which the others are asked. Milliseconds. */
const AFTERWARDS = 60_000;
const LIMIT = 45 * 60_000;

/** A router of its own beside the lab's, for the tasks of another queue. */
const DRY = 'dry-router';
const DRY_CONFIG = {
  'router.name': DRY,
  'router.idle.dryRun': 'true',
  'namespace.create': 'false',
  'tcpSession.portRange.start': '30410',
  'tcpSession.portRange.end': '30414',
};

function policyFor(queue: string, more: Readonly<Record<string, string>>) {
  const values = {
    'router.queues[0]': queue,
    'router.idle.queues[0]': queue,
    'router.idle.after': String(AFTER / 1_000),
    'router.idle.warning': '60',
    ...more,
  };
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => [`${PROJECT}:${path}`, { value }]),
  );
}

/** Brings up a router of two replicas that stops idle tasks of one queue, and another one that only says so, of another queue. */
async function startRouters(
  { clearml, stack, target, tools }: Prepared,
  folder: WorkFolder,
): Promise<void> {
  const { signal } = new AbortController();
  await stack.setAllConfig(policyFor('gpu', { 'availability.replicas': '2' }), true);
  await stackUp(stack, signal, () => undefined);
  const dry = await openStack(folder, tools, DRY);
  const inputs = { target, clearml, url: 'http://dry.example.test' };
  await dry.setAllConfig({ ...stackConfig(inputs), ...policyFor('default', DRY_CONFIG) }, true);
  await stackUp(dry, signal, () => undefined);
}

/** A task that an agent works on, which takes its time to end it: one that was told to stop still runs. */
async function startTask(
  { clearml, target }: Prepared,
  queue: string,
  pod: string,
  port: number,
): Promise<string> {
  const core = target.config.makeApiClient(CoreV1Api);
  const { status } = await core.readNamespacedPod({ namespace: TASK_NAMESPACE, name: pod });
  const runtime = httpAsk({ address: status?.podIP ?? '', port });
  const { id } = addTask(clearml, { queue, runtime, more: { last_worker: 'lab-worker' } });
  const late = AbortSignal.timeout(60_000);
  await taskWhen(clearml, id, (task) => 'endpoint' in task.runtime, late);
  return id;
}

/** Lines of one event in the log of the router that only says what it would stop. */
async function dryLog({ target }: Prepared, event: string): Promise<readonly string[]> {
  const core = target.config.makeApiClient(CoreV1Api);
  const namespace = ROUTER_NAMESPACE;
  const labelSelector = `app.kubernetes.io/instance=${DRY}`;
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  const name = items[0]?.metadata?.name ?? '';
  const log = await core.readNamespacedPodLog({ namespace, name });
  return log.split('\n').filter((line) => line.includes(`"${event}"`));
}

test('a policy for idle tasks, at two replicas', { timeout: LIMIT }, async (t) => {
  const run = await preparedOrSkip(t, 'idle');
  if (run === undefined) return;
  const { clearml, folder } = run;
  await startRouters(run, folder);
  const kept = await startTask(run, ids.queueGpu, 'sample-web-app', 8080);
  const idle = await startTask(run, ids.queueGpu, 'sample-tcp-service', 7000);
  const spared = await startTask(run, ids.queueDefault, 'sample-web-app', 8080);
  const beganAt = Date.now();

  const replicas = replicasOf(run, folder, 2);
  const headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
  const view = replicaViewOf({ session: run, headers });
  const both = async (): Promise<{ leader: Replica; other: Replica }> => {
    const name = await replicas.leader();
    const found = await replicas.settled();
    const leader = found.find((one) => one.name === name);
    const other = found.find((one) => one.name !== name);
    assert.ok(leader !== undefined && other !== undefined, `${name} leads`);
    return { leader, other };
  };
  const idleOf = async (id: string) => {
    const { endpoints } = await view.listing((await both()).leader);
    return endpoints.find((endpoint) => endpoint.id === id)?.idle;
  };
  /** When ClearML was told to stop a task. */
  const stops = (): readonly number[] =>
    clearml.calls.entries({ call: 'tasks.stop' }).map(({ at }) => at);

  // By the replica that does not lead: the one that stops tasks has to hear of it.
  const failures: unknown[] = [];
  const use = async (): Promise<void> => {
    try {
      const { status } = await view.open((await both()).other, `/service/${kept}/`);
      assert.equal(status, 200);
    } catch (error) {
      failures.push(error);
    }
  };
  await use();
  const using = setInterval(() => void use(), USED_EVERY);
  t.after(() => clearInterval(using));

  await waitFor(
    IDLE_WITHIN,
    async () => ((await idleOf(idle)) ? true : undefined),
    () => Promise.resolve('the task that nobody uses does not count as idle'),
  );
  const shown = await idleOf(idle);
  assert.ok(shown?.stopsAt, 'the page says when it is stopped');
  assert.equal(await idleOf(kept), null, 'used at the other replica');
  await sleep(COUNTDOWN);
  await replicas.signal((await both()).leader, 'SIGKILL');
  const killedAt = Date.now();
  t.diagnostic(`the leader was killed ${seconds(killedAt - beganAt)} after the last use`);

  await waitFor(
    AFTER / 1_000 + 2 * IDLE_WITHIN,
    () => Promise.resolve(stops().length > 0 ? true : undefined),
    async () => `the idle task is ${JSON.stringify(await idleOf(idle))}`,
  );
  const [stoppedAt = 0] = stops();
  t.diagnostic(`the task was stopped ${seconds(stoppedAt - killedAt)} after that`);
  assert.ok(stoppedAt - killedAt >= AFTER, 'what the killed one saw last nobody knows');
  const stopped = clearml.state.task(idle);
  assert.equal(stopped?.status, 'in_progress');
  assert.equal(stopped.status_message, 'stopping');
  assert.match(
    textOf(stopped.status_reason) ?? '',
    /^idle for \d+ s: neither used through the router/,
  );
  await sleep(AFTERWARDS);
  assert.equal(stops().length, 1, 'nothing is stopped twice');
  assert.deepEqual(failures, []);
  assert.equal(await idleOf(kept), null);

  const wouldStop = await dryLog(run, 'idle_would_stop');
  assert.equal(wouldStop.length, 1, wouldStop.join('\n'));
  assert.ok(wouldStop[0]?.includes(spared));
});

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)} s`;
}
