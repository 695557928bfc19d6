import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Replica } from './replicas.ts';
import { HEALED_WITHIN, type World } from './world.ts';

/** A TCP port has nobody in front who would try another pod: a dead one is known to be so after this time. Milliseconds. */
const TCP_GAP = 5_000;

async function leading({ replicas }: World): Promise<Replica> {
  const leader = await replicas.leader();
  const found = (await replicas.all()).find(({ name }) => name === leader);
  assert.ok(found !== undefined, `no pod is named as the leader is: ${leader}`);
  return found;
}

/** The leader's process is killed: what it had in its hands is lost, and nothing else. */
export async function leaderKilled(t: TestContext, world: World): Promise<void> {
  const { replicas, answerTime, port } = world;
  const before = port();
  const load = await world.startLoad();
  await sleep(2_000);
  const victim = await leading(world);
  const began = performance.now();
  await replicas.signal(victim, 'SIGKILL');
  const deadAt = Date.now();
  await answerTime();
  const took = performance.now() - began;
  t.diagnostic(`a new ask was answered ${Math.round(took)} ms after the leader was killed`);
  assert.ok(took < HEALED_WITHIN);
  const healed = await replicas.settled();
  assert.equal(healed.find(({ name }) => name === victim.name)?.restarts, victim.restarts + 1);
  await sleep(2_000);
  const { http, connections, webSockets, tcpSessions } = await load.stop();
  const inFlight = http.failures.filter(({ at }) => at <= deadAt);
  t.diagnostic(`${http.done} requests, ${inFlight.length} lost with the process`);
  assert.deepEqual(http.failures, inFlight);
  for (const { at, error } of connections.failures) {
    assert.ok(at < deadAt + TCP_GAP, `TCP connection, ${at - deadAt} ms later: ${error}`);
  }
  // Those of the other replica notice nothing.
  for (const { at, how } of [...webSockets.ended, ...tcpSessions.ended]) {
    assert.ok(Math.abs(at - deadAt) < 1_000, `a session, ${at - deadAt} ms later: ${how}`);
  }
  assert.equal(port(), before);
}

/** The leader's process hangs, and so does not come back by itself: the other replica leads, and goes on when it wakes up. */
export async function leaderHangs(t: TestContext, world: World): Promise<void> {
  const { replicas, answerTime, port } = world;
  const before = port();
  const victim = await leading(world);
  await replicas.signal(victim, 'SIGSTOP');
  try {
    const took = await answerTime();
    t.diagnostic(`a new ask was answered ${Math.round(took)} ms after the leader hung`);
    assert.notEqual(await replicas.leader(), victim.name);
  } finally {
    await replicas.signal(victim, 'SIGCONT');
  }
  await replicas.settled();
  await answerTime();
  assert.notEqual(await replicas.leader(), victim.name);
  assert.equal(port(), before);
}
