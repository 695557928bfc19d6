import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WayActivity } from '../../../router/activity/health.ts';
import { sharedView } from '../../../router/peers/shared_view.ts';
import { NOTHING_SEEN, notAfter, seenAlike, type HealthSeen } from '../../../router/peers/told.ts';
import { endpointId } from './replica.ts';

const NEVER: WayActivity = {
  usedAt: 7,
  answeredAt: 0,
  failedAt: 0,
  failingSince: 0,
  failure: 'other',
};
const WELL: HealthSeen = { answeredAt: 50, failedAt: 40, failingSince: 0, failure: 'reset' };
const SICK: HealthSeen = { answeredAt: 10, failedAt: 60, failingSince: 30, failure: 'refused' };

function seenOf(own: WayActivity, ...others: readonly HealthSeen[]): WayActivity {
  return sharedView(() => own, { healthOf: () => others })(endpointId(1), 'http');
}

test('whoever tried a task last is believed, and its use stays what this replica saw', () => {
  assert.equal(seenOf(NEVER), NEVER);
  assert.deepEqual(seenOf(NEVER, WELL), { ...WELL, usedAt: 7 });
  assert.deepEqual(seenOf(NEVER, WELL, SICK), { ...SICK, usedAt: 7 });
  assert.deepEqual(seenOf(NEVER, SICK, WELL), { ...SICK, usedAt: 7 });
  const own = { ...NEVER, answeredAt: 61 };
  assert.equal(seenOf(own, WELL, SICK), own);
  const alone = (): WayActivity => own;
  assert.equal(sharedView(alone, undefined), alone);
});

test('a clock that goes ahead makes nothing newer than now, on either way', () => {
  const told = { usedAt: 5, http: SICK, tcp: WELL };
  assert.deepEqual(notAfter(45, told), {
    usedAt: 5,
    http: { ...SICK, failedAt: 45 },
    tcp: { ...WELL, answeredAt: 45 },
  });
  assert.deepEqual(notAfter(100, told), told);
  assert.deepEqual(notAfter(3, NOTHING_SEEN), { usedAt: 0 });
});

test('each number of a way is a change to tell', () => {
  const told = { usedAt: 5, http: SICK };
  assert.ok(seenAlike(told, { usedAt: 5, http: { ...SICK } }));
  for (const other of [
    { usedAt: 6, http: SICK },
    { usedAt: 5 },
    { usedAt: 5, tcp: SICK },
    { usedAt: 5, http: SICK, tcp: WELL },
    { usedAt: 5, http: { ...SICK, answeredAt: 11 } },
    { usedAt: 5, http: { ...SICK, failedAt: 61 } },
    { usedAt: 5, http: { ...SICK, failingSince: 31 } },
    { usedAt: 5, http: { ...SICK, failure: 'reset' as const } },
  ]) {
    assert.ok(!seenAlike(told, other), JSON.stringify(other));
  }
});
