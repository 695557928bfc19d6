import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GivenUp } from '../../../router/activity/given_up.ts';
import { TASK_A, TASK_B, httpEndpoint } from '../../support/proxy_world.ts';

const A = httpEndpoint(1, TASK_A);
const B = httpEndpoint(1, TASK_B);

test('they are counted by endpoint, for half a minute after the last, and forgotten when more is known', () => {
  let now = 0;
  const givenUp = new GivenUp(() => now);
  assert.equal(givenUp.of(A), 0);
  givenUp.add(TASK_A);
  now += 20_000;
  givenUp.add(TASK_A);
  givenUp.add(TASK_B);
  now += 29_999;
  assert.deepEqual([givenUp.of(A), givenUp.of(B)], [2, 1]);
  givenUp.forget(TASK_B);
  assert.equal(givenUp.of(B), 0);
  now += 1;
  assert.equal(givenUp.of(A), 0);
  givenUp.add(TASK_A);
  assert.equal(givenUp.of(A), 1, 'the count begins anew');
});

test('nothing is kept of what is routed no more', () => {
  const givenUp = new GivenUp(() => 0);
  givenUp.add(TASK_A);
  givenUp.add(TASK_B);
  givenUp.forgetGone({ endpoints: new Map([[TASK_B, B]]) });
  assert.deepEqual([givenUp.of(A), givenUp.of(B)], [0, 1]);
});
