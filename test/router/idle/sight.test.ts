import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WayActivity } from '../../../router/activity/health.ts';
import { createSight } from '../../../router/idle/sight.ts';
import type { PeersState } from '../../../router/peers/peers.ts';

const NOTHING: WayActivity = {
  usedAt: 0,
  answeredAt: 0,
  failedAt: 0,
  failingSince: 0,
  failure: 'other',
};

function other(
  id: string,
  silence?: { since: number; reason: string },
): PeersState['others'][number] {
  const replica = { id, name: id, version: '0', startedAt: 1 };
  return { address: `10.0.0.${id}`, replica, open: undefined, silence };
}

test('each use at any replica makes another text, whatever the clocks say', () => {
  const own = { http: 0, tcp: 0 };
  let told: readonly number[] = [0, 0];
  const peers = {
    state: (): PeersState => ({ problem: undefined, others: [] }),
    usesOf: () => told,
    want: () => undefined,
  };
  const sight = createSight((_, way) => ({ ...NOTHING, usedAt: own[way] }), peers, true);
  const texts = new Set([sight.lastUse('x')]);
  own.http = 2_000;
  texts.add(sight.lastUse('x'));
  // By a clock that is behind.
  own.tcp = 1_000;
  texts.add(sight.lastUse('x'));
  told = [0, 500];
  texts.add(sight.lastUse('x'));
  told = [0, 400];
  texts.add(sight.lastUse('x'));
  assert.equal(texts.size, 5);
  assert.equal(sight.lastUse('x'), sight.lastUse('x'));
});

test('the others are known only where each of them told what it saw', () => {
  let state: PeersState = { problem: undefined, others: [other('1'), other('2')] };
  let wanted = 0;
  const peers = { state: () => state, usesOf: () => [], want: () => void (wanted += 1) };
  const sight = createSight(() => NOTHING, peers, true);
  assert.deepEqual(sight.replicas(), new Set(['1', '2']));
  state = {
    problem: undefined,
    others: [other('1'), other('2', { since: 1, reason: 'no answer' })],
  };
  assert.equal(sight.replicas(), undefined);
  state = { problem: 'they were not looked up yet', others: [] };
  assert.equal(sight.replicas(), undefined);
  sight.hurry();
  assert.equal(wanted, 1);
  assert.deepEqual(createSight(() => NOTHING, undefined, true).replicas(), new Set());
  assert.equal(createSight(() => NOTHING, undefined, false).replicas(), undefined);
});
