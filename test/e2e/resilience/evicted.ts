import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertOnlyGraceEnds, type World } from './world.ts';

/** A pod is evicted, as when its node is drained. */
export async function evicted(t: TestContext, world: World): Promise<void> {
  const { replicas, port } = world;
  const before = port();
  const load = await world.startLoad();
  await sleep(1_000);
  const [victim, other] = await replicas.all();
  assert.ok(victim !== undefined && other !== undefined);
  const evictedAt = Date.now();
  await replicas.evict(victim);
  await assert.rejects(replicas.evict(other), { code: 429 }, 'the disruption budget lets one go');
  await replicas.settled();
  t.diagnostic(`settled after ${Date.now() - evictedAt} ms`);
  await sleep(1_000);
  assertOnlyGraceEnds(await load.stop(), evictedAt);
  assert.equal(port(), before);
}
