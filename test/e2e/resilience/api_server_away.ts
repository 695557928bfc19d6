import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { request } from 'undici';

import { troublesOf } from '../load/load.ts';
import type { World } from './world.ts';

/** Longer than a lead lasts that is not renewed. Milliseconds. */
const ABSENCE = 15_000;

/** The Kubernetes API hangs, as when the control plane is replaced: nobody leads, and everything is served as before. */
export async function apiServerAway(t: TestContext, world: World): Promise<void> {
  const { replicas, answerTime, port } = world;
  const before = port();
  const addresses = (await replicas.settled()).map(({ address }) => address);
  const leaders = async (): Promise<number> => {
    const metrics = addresses.map(async (address) => {
      const { body } = await request(`http://${address}:8082/metrics`);
      return body.text();
    });
    const texts = await Promise.all(metrics);
    return texts.filter((text) => /^task_router_leader 1$/m.test(text)).length;
  };
  assert.equal(await leaders(), 1);
  const load = await world.startLoad();
  await replicas.signalApiServer('SIGSTOP');
  try {
    await sleep(ABSENCE);
    assert.equal(await leaders(), 0);
  } finally {
    await replicas.signalApiServer('SIGCONT');
  }
  const took = await answerTime();
  t.diagnostic(`a new ask was answered ${Math.round(took)} ms after the Kubernetes API was back`);
  await replicas.settled();
  assert.equal(await leaders(), 1);
  const report = await load.stop();
  assert.deepEqual(troublesOf(report), []);
  assert.equal(port(), before);
}
