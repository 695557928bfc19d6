import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertOnlyGraceEnds, type World } from './world.ts';

/** The Deployment is rolled: every pod is replaced. */
export async function rolled(t: TestContext, world: World): Promise<void> {
  const { replicas, port } = world;
  const before = port();
  const old = new Set((await replicas.all()).map(({ name }) => name));
  const load = await world.startLoad();
  await sleep(1_000);
  const rolledAt = Date.now();
  await replicas.restart();
  for (;;) {
    const now = await replicas.settled();
    if (now.every(({ name }) => !old.has(name))) break;
    await sleep(250);
  }
  t.diagnostic(`rolled in ${Date.now() - rolledAt} ms`);
  await sleep(1_000);
  const report = await load.stop();
  assertOnlyGraceEnds(report, rolledAt);
  assert.ok(report.webSockets.ended.length + report.tcpSessions.ended.length > 0);
  const took = await world.answerTime();
  t.diagnostic(`a new ask was answered after ${Math.round(took)} ms`);
  assert.equal(port(), before);
}
