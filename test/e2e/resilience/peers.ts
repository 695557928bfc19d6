import assert from 'node:assert/strict';

import { addTask, endTask, httpAsk } from '../../lab/clearml/asks.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import type { Replica } from './replicas.ts';
import { replicaViewOf, type ReplicaView } from './replica_view.ts';
import type { World } from './world.ts';

/** Longer than replicas take to tell each other where nobody looks. Seconds. */
const TOLD_WITHIN = 120;
/** A port of the sample app's pod where nobody listens. */
const CLOSED_PORT = 9;

const NOT_ANSWERING = 'task_router_endpoints{state="not_answering"}';
const UNKNOWN = 'task_router_peers_unknown';
const ANSWERING = 'task_router_replicas{state="answering"}';
const SILENT = 'task_router_replicas{state="silent"}';

async function untilMetric(
  { metric }: ReplicaView,
  replica: Replica,
  series: string,
  wanted: number,
): Promise<void> {
  await waitFor(
    TOLD_WITHIN,
    async () => ((await metric(replica, series)) === wanted ? true : undefined),
    async () => `${series} of ${replica.name} is ${await metric(replica, series)}`,
  );
}

/** Both are known to a replica, and both answer it. */
async function untilComplete(view: ReplicaView, replica: Replica): Promise<void> {
  const complete = { found: 2, silent: 0, all: true };
  const read = async (): Promise<unknown> => (await view.listing(replica)).replicas;
  await waitFor(
    TOLD_WITHIN,
    async () => (JSON.stringify(await read()) === JSON.stringify(complete) ? true : undefined),
    async () => `to ${replica.name} the replicas are ${JSON.stringify(await read())}`,
  );
  assert.equal(await view.metric(replica, ANSWERING), 2);
  assert.equal(await view.metric(replica, UNKNOWN), 0);
  assert.match((await view.open(replica, '/')).text, /is what 2 replicas saw since they started/);
}

/** Two pods find each other by the DNS of their Service, and tell each other what each of them alone saw. */
export async function peers(world: World): Promise<void> {
  const { replicas, session } = world;
  const { clearml, answers, samples } = session;
  const view = replicaViewOf(world);
  const leader = await replicas.leader();
  const found = await replicas.settled();
  const two = found.find(({ name }) => name === leader);
  const one = found.find(({ name }) => name !== leader);
  assert.ok(one !== undefined && two !== undefined);
  await untilComplete(view, one);
  await untilComplete(view, two);

  const web = samples.web.taskId;
  const usedAt = async (replica: Replica): Promise<string | null | undefined> =>
    (await view.listing(replica)).endpoints.find(({ id }) => id === web)?.lastUsedAt;
  const untilUsed = async (replica: Replica): Promise<string> =>
    waitFor(
      TOLD_WITHIN,
      async () => (await usedAt(replica)) ?? undefined,
      () => Promise.resolve(`${replica.name} does not know that the endpoint was used`),
    );
  assert.equal(await usedAt(two), null);
  const began = Date.now();
  assert.equal((await view.open(one, new URL(answers.endpoint).pathname)).status, 200);
  const used = await untilUsed(two);
  assert.ok(Date.parse(used) >= began, used);
  assert.equal((await view.ownSight(two, web)).usedAt, 0, 'the other one heard of it');

  const before = await view.metric(two, NOT_ANSWERING);
  const address = textOf(clearml.state.task(web)?.runtime['_ADDRESS']) ?? '';
  const { id } = addTask(clearml, { runtime: httpAsk({ address, port: CLOSED_PORT }) });
  const status = async (): Promise<number> => (await view.open(one, `/service/${id}/`)).status;
  await waitFor(
    TOLD_WITHIN,
    async () => ((await status()) === 503 ? true : undefined),
    async () => `an endpoint where nobody listens answers with ${await status()}`,
  );
  // Nobody looks at the page of the other one meanwhile, which would ask the task by itself.
  await untilMetric(view, two, NOT_ANSWERING, before + 1);
  assert.equal((await view.ownSight(two, id)).http, undefined, 'the other one never tried');

  await replicas.signal(one, 'SIGSTOP');
  await untilMetric(view, two, UNKNOWN, 1);
  assert.equal(await view.metric(two, SILENT), 1);
  assert.equal(await view.metric(two, NOT_ANSWERING), before, 'what only a silent one saw');
  assert.equal((await view.listing(two)).replicas?.silent, 1);
  assert.equal(await usedAt(two), used, 'what was heard stays known');
  assert.match(
    (await view.open(two, '/')).text,
    /1 of 2 replicas does not answer: an endpoint may have been used later than its row says/,
  );

  await replicas.signal(one, 'SIGKILL');
  const next = await waitFor(
    TOLD_WITHIN,
    async () =>
      (await replicas.settled()).find(
        ({ name, restarts }) => name === one.name && restarts > one.restarts,
      ),
    () => Promise.resolve(`${one.name} does not start again`),
  );
  await untilComplete(view, two);
  await untilComplete(view, next);
  assert.equal(await usedAt(two), used);
  // Of its own it saw nothing.
  assert.equal(await untilUsed(next), used);
  endTask(clearml, id);
}
