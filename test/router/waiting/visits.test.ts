import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Visits } from '../../../router/waiting/visits.ts';

const QUARTER_MS = 15 * 60_000;

test('a visit lasts as long as its page comes again; it is over once, and then begins anew', () => {
  let now = 0;
  const visits = new Visits(() => now);
  const show = (visitor = 'alice'): number => visits.show(visitor, 'a', QUARTER_MS);
  assert.equal(show(), 0);
  for (now = 5_000; now < QUARTER_MS; now += 5_000) assert.equal(show(), now);
  assert.equal(show('bob'), 0);
  assert.equal(show(), QUARTER_MS);
  now += 5_000;
  assert.equal(show(), 0);
  assert.equal(show('bob'), 5_000);
  now += 60_001;
  assert.equal(show('bob'), 0, 'who stays away for a minute has left');
});

test('of more than 4,096 visits those that were not shown for the longest time are forgotten', () => {
  let now = 0;
  const visits = new Visits(() => now);
  for (let index = 0; index < 5_000; index++) visits.show(`user ${index}`, 'a', QUARTER_MS);
  now = 1_000;
  assert.equal(visits.show('user 4999', 'a', QUARTER_MS), 1_000);
  assert.equal(visits.show('user 0', 'a', QUARTER_MS), 0);
});
