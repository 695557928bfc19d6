import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal } from '../../../router/peers/journal.ts';
import { MOST_TOLD } from '../../../router/peers/told.ts';
import { endpointId } from './replica.ts';

/** A table, when each of its endpoints was used, and the journal of it. */
function journalOf(count = 0) {
  const used = new Map(Array.from({ length: count }, (_, index) => [endpointId(index), index + 1]));
  const journal = new Journal();
  const look = (): void => journal.look(used, (id) => ({ usedAt: used.get(id) ?? 0 }));
  look();
  return { journal, used, look };
}

test('tells what changed since, and nothing where nothing did', () => {
  const { journal, used, look } = journalOf(3);
  const first = journal.since('', 0);
  assert.deepEqual(first, {
    volume: first.volume,
    since: 0,
    until: 3,
    more: false,
    endpoints: [0, 1, 2].map((index) => [endpointId(index), { usedAt: index + 1 }]),
  });
  used.set(endpointId(1), 9);
  used.set(endpointId(3), 0);
  used.delete(endpointId(2));
  look();
  const next = journal.since(first.volume, first.until);
  assert.deepEqual(next.endpoints, [
    [endpointId(1), { usedAt: 9 }],
    [endpointId(2), null],
  ]);
  assert.deepEqual([next.since, next.until], [3, 5]);
  look();
  assert.deepEqual(journal.since(first.volume, next.until).endpoints, []);
  used.set(endpointId(2), 10);
  look();
  assert.deepEqual(journal.since(first.volume, next.until).endpoints, [
    [endpointId(2), { usedAt: 10 }],
  ]);
});

test('whoever names another volume, or a change to come, is told all that there is', () => {
  const { journal, used, look } = journalOf(2);
  used.delete(endpointId(0));
  look();
  const all = [[endpointId(1), { usedAt: 2 }]];
  assert.deepEqual(journal.since('', 0).endpoints, all);
  assert.deepEqual(journal.since('another', 3).endpoints, all);
  assert.equal(journal.since('another', 3).since, 0);
  const { volume } = journal.since('', 0);
  assert.deepEqual(journal.since(volume, 99), {
    volume,
    since: 3,
    until: 3,
    more: false,
    endpoints: [],
  });
});

test('of many endpoints it tells some at a time, in the order in which they changed', () => {
  const count = 2 * MOST_TOLD + 1;
  const { journal } = journalOf(count);
  const told: string[] = [];
  let { volume, until, more, endpoints } = journal.since('', 0);
  told.push(...endpoints.map(([id]) => id));
  while (more) {
    assert.equal(endpoints.length, MOST_TOLD);
    ({ volume, until, more, endpoints } = journal.since(volume, until));
    told.push(...endpoints.map(([id]) => id));
  }
  assert.deepEqual(
    told,
    Array.from({ length: count }, (_, index) => endpointId(index)),
  );
});

test('after many ends it begins a new volume, and remembers none of them', () => {
  const { journal, used, look } = journalOf(5_002);
  const before = journal.since('', 0).volume;
  for (let index = 1; index < 5_001; index += 1) used.delete(endpointId(index));
  look();
  assert.equal(journal.since('', 0).volume, before);
  used.delete(endpointId(5_001));
  look();
  const all = journal.since(before, 5_002);
  assert.notEqual(all.volume, before);
  assert.deepEqual([all.since, all.endpoints], [0, [[endpointId(0), { usedAt: 1 }]]]);
});
