import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitSecondsOf, withoutWait } from '../../../../router/http/headers/prefer.ts';

test('the first wait that a client prefers counts, however it is written; what is none is nothing', () => {
  for (const [values, seconds] of [
    [['wait=10'], 10],
    [['respond-async, wait=10'], 10],
    [['Wait = "7" ; x=1'], 7],
    [['wait=5, wait=9'], 5],
    [['respond-async', 'wait=9'], 9],
    [['wait=5;foo="a,wait=9"'], 5],
    [['foo="a, wait=3, \\" b", wait=4'], 4],
    [['wait=0'], 0],
    [['wait=x, wait=9'], 0],
    [['wait'], 0],
    [['wait=-1'], 0],
    [['wait=1.5'], 0],
    [['wait=9999999999'], 0],
    [['waiting=4'], 0],
    [[''], 0],
    [['"'], 0],
  ] as const) {
    const raw = values.flatMap((value) => ['PREFER', value]);
    assert.equal(waitSecondsOf(['Host', 'x', ...raw]), seconds, values.join(' | '));
  }
});

test('a task gets the preferences that the router has not followed, byte for byte', () => {
  const headers = ['Host', 'x', 'Prefer', 'wait=10', 'prefer', 'respond-async;a="x, y", Wait="3"'];
  const without = ['Host', 'x', 'prefer', 'respond-async;a="x, y"'];
  assert.deepEqual(withoutWait(headers), without);
});

test('reading a long header takes no longer than its length', () => {
  const began = performance.now();
  assert.equal(waitSecondsOf(['Prefer', `${'"a\\",'.repeat(6_000)}wait=9`]), 0);
  assert.equal(waitSecondsOf(['Prefer', `wait${' '.repeat(30_000)}x`]), 0);
  assert.ok(performance.now() - began < 500);
});

test('of one request 64 preferences are read, and what follows goes on as it came', () => {
  const others = Array.from({ length: 63 }, (_, index) => `p${index}`).join(',');
  const rest = 'x,wait=7,"a,b",y';
  const within = ['Prefer', `${others},wait=5,${rest}`];
  const beyond = ['Prefer', others, 'Prefer', `p63,wait=5,${rest}`];
  assert.deepEqual([within, beyond].map(waitSecondsOf), [5, 0]);
  assert.deepEqual(withoutWait(within), ['Prefer', `${others},${rest}`]);
  assert.deepEqual(withoutWait(beyond), beyond);
  const after = [...beyond, 'Prefer', 'wait=9'];
  assert.equal(waitSecondsOf(after), 0);
  assert.deepEqual(withoutWait(after), after);
});
