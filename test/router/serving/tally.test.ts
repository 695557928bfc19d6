import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from '../../../router/serving/tally.ts';
import { endpointId } from '../peers/replica.ts';

const ID = endpointId(1);
const TABLE = new Map([[ID, 1]]);
const served = (requests: number) => ({ requests, latencyMs: requests * 10 });

test('what replicas told counts once, whatever becomes of them', () => {
  const tally = new Tally(() => 0);
  tally.heard('one', ID, served(5));
  tally.heard('two', ID, served(7));
  tally.heard('one', ID, served(6));
  assert.deepEqual(tally.of(ID), served(13));
  // Another process in its place, and one that is found again.
  tally.keep(TABLE, new Set(['two']));
  tally.heard('three', ID, served(1));
  tally.heard('one', ID, served(6));
  assert.deepEqual(tally.of(ID), served(14));
});

test('a sum that begins anew is added whole', () => {
  const tally = new Tally(() => 0);
  tally.heard('one', ID, served(5));
  tally.heard('one', ID, served(2));
  assert.deepEqual(tally.of(ID), served(7));
});

test('an endpoint is forgotten once it is missing twice', () => {
  const tally = new Tally(() => 0);
  tally.heard('one', ID, served(5));
  tally.keep(new Map(), new Set(['one']));
  assert.deepEqual(tally.of(ID), served(5));
  tally.keep(new Map(), new Set(['one']));
  assert.deepEqual(tally.of(ID), served(0));
});

test('a process that is gone for long is forgotten, what it served is not', () => {
  let now = 0;
  const tally = new Tally(() => now);
  tally.heard('one', ID, served(5));
  for (; now < 700_000; now += 60_000) tally.keep(TABLE, new Set(['two']));
  assert.deepEqual(tally.of(ID), served(5));
  tally.heard('one', ID, served(5));
  assert.deepEqual(tally.of(ID), served(10));
});

test('no more than 64 processes are remembered, those that are there first', () => {
  let now = 0;
  const tally = new Tally(() => now);
  for (let index = 0; index < 64; index += 1) {
    now += 1;
    tally.heard(`replica ${index}`, ID, served(1));
  }
  tally.keep(TABLE, new Set(['replica 0']));
  tally.heard('one more', ID, served(1));
  tally.heard('replica 0', ID, served(2));
  assert.deepEqual(tally.of(ID), served(66));
});
