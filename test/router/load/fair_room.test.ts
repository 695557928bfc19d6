import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findsRoom } from '../../../router/load/fair_room.ts';

test('one takes three quarters of a room, and others find the rest, each a little of it', () => {
  const taken = new Map<string, number>();
  const total = (): number => [...taken.values()].reduce((sum, one) => sum + one, 0);
  const enter = (who: string): boolean => {
    const own = taken.get(who) ?? 0;
    const enters = findsRoom(256, total(), () => own);
    if (enters) taken.set(who, own + 1);
    return enters;
  };
  for (let time = 0; time < 1_000; time++) enter('mallory');
  for (let time = 0; time < 100; time++) enter('alice');
  assert.deepEqual([...taken.values()], [192, 8]);
  for (let who = 0; who < 100; who++) enter(`other ${who}`);
  assert.equal(total(), 256);
  assert.equal(enter('bob'), false);
});

test('a room for one is one’s', () => {
  assert.equal(
    findsRoom(1, 0, () => 0),
    true,
  );
  assert.equal(
    findsRoom(1, 1, () => 0),
    false,
  );
});
