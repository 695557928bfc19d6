import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TaskTurns } from '../../../../router/web/asking/task_turns.ts';

test('of one task one thing is done at a time, whatever came of the one before; of others at once', async () => {
  const turns = new TaskTurns();
  const said: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = turns.take('a', async () => {
    await first.promise;
    said.push('a1');
    throw new Error('first');
  });
  const two = turns.take('a', async () => {
    said.push('a2');
    return 'second';
  });
  await turns.take('b', async () => void said.push('b'));
  assert.deepEqual(said, ['b']);
  first.resolve();
  await assert.rejects(one, { message: 'first' });
  assert.equal(await two, 'second');
  assert.deepEqual(said, ['b', 'a1', 'a2']);
});
