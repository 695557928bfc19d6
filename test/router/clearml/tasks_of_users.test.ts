import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTask } from '../../lab/clearml/asks.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { connect, serve } from '../../support/installation.ts';

test('a task is told as the holder of the token sees it, without its runtime', async (t) => {
  const server = await serve(t, { edition: 'enterprise' });
  const clearml = connect(t, server);
  const { id } = addTask(server, { queue: ids.queueGpu, runtime: { _PORT: 80 } });
  const [alice, mallory] = [await server.token(ids.alice), await server.token(ids.mallory)];
  const task = await clearml.taskSeenBy(alice, id);
  assert.deepEqual(
    [task?.id, task?.userId, task?.companyId, task?.status, task?.queueId, task?.runtime.size],
    [id, ids.alice, ids.companyA, 'in_progress', ids.queueGpu, 0],
  );
  assert.equal(await clearml.taskSeenBy(mallory, id), undefined);
  assert.equal(await clearml.taskSeenBy(alice, 'f'.repeat(32)), undefined);
  await assert.rejects(clearml.taskSeenBy('x.y.z', id), { code: 'CLEARML_UNAUTHORIZED' });
});

test('running tasks of a user: their own alone, newest first, and whether there are more', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  const start = Date.UTC(2026, 0, 1);
  const own = [3, 1, 2].map(
    (day) => addTask(server, { startedAt: start + day, systemTags: [], name: `day ${day}` }).name,
  );
  assert.equal(own.length, 3);
  addTask(server, { user: ids.bob });
  addTask(server, { status: 'completed' });
  const token = await server.token(ids.alice);
  const names = async (most: number) => {
    const { tasks, more } = await clearml.runningTasksOf(token, ids.alice, most);
    return [tasks.map(({ name }) => name), more];
  };
  assert.deepEqual(await names(3), [['day 3', 'day 2', 'day 1'], false]);
  assert.deepEqual(await names(2), [['day 3', 'day 2'], true]);
});
