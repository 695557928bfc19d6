import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask } from '../asks.ts';
import { callAs } from '../call_as.ts';
import type { Answer } from '../client.ts';
import { textOf, type Document } from '../document.ts';
import type { TaskRecord } from '../records.ts';
import { ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';

describe('writing tasks', () => {
  let clearml: ClearMl;
  let call: (name: string, data?: Document) => Promise<Answer>;
  before(async () => {
    clearml = await startClearMl({ edition: 'enterprise' });
    clearml.clock.set(Date.UTC(2026, 0, 1));
    call = callAs(clearml, 'alice');
  });
  after(() => clearml.stop());

  function stored(id: string): TaskRecord {
    const task = clearml.state.task(id);
    assert.ok(task);
    return task;
  }

  test('tasks.edit replaces the whole runtime', async () => {
    const { id } = addTask(clearml, { runtime: { _PORT: 80, endpoint: 'x' } });
    const answer = await call('tasks.edit', { task: id, runtime: { _PORT: 81 }, force: true });
    const { last_change, last_update } = stored(id);
    const fields = { last_change, last_changed_by: ids.alice, last_update };
    assert.deepEqual(answer.data, { updated: 1, fields: { runtime: { _PORT: 81 }, ...fields } });
    assert.deepEqual(stored(id).runtime, { _PORT: 81 });
    const refused = await call('tasks.edit', { task: id, runtime: {} });
    assert.deepEqual([refused.status, refused.subcode], [400, 110]);
  });

  test('tags move last_change alone; the runtime moves last_update too', async () => {
    const { id, created } = addTask(clearml);
    clearml.clock.advance(5000);
    await call('tasks.edit', {
      task: id,
      system_tags: ['external_service', 'b', 'a'],
      force: true,
    });
    const tagged = stored(id);
    assert.deepEqual(tagged.system_tags, ['a', 'b', 'external_service']);
    assert.equal(tagged.last_update, created);
    assert.notEqual(tagged.last_change, created);
    clearml.clock.advance(5000);
    await call('tasks.edit', { task: id, runtime: {}, force: true });
    const edited = stored(id);
    assert.equal(edited.last_update, edited.last_change);
    assert.ok(edited.last_change > tagged.last_change);
  });

  test('tasks.edit_runtime changes single keys, and stores some of them in another spelling', async () => {
    const { id } = addTask(clearml, { runtime: { _PORT: 80, gone: 1, kept__a: 1 } });
    const answer = await call('tasks.edit_runtime', {
      task: id,
      add_or_update: { endpoint: 'x', endpoint__a: 'y', _PORT: '81' },
      remove: ['gone', 'kept__a'],
      force: true,
    });
    assert.deepEqual(answer.data, { updated: 1 });
    assert.deepEqual(stored(id).runtime, {
      _PORT: 80,
      kept__a: 1,
      endpoint: 'x',
      'endpoint%_%_a': 'y',
      '%_PORT': '81',
    });
    const without = await call('tasks.edit_runtime', { task: id, remove: ['endpoint'] });
    assert.deepEqual([without.status, without.data], [200, { updated: 1 }]);
    assert.equal('endpoint' in stored(id).runtime, false);
  });

  test('tasks.edit_runtime nests what stands behind ___, and takes it away from there', async () => {
    const { id } = addTask(clearml);
    const values = {
      endpoint___x: 'a',
      endpoint____y: 'b',
      endpoint_____z: 'c',
      ___u: 'd',
      end___: 'e',
    };
    const answer = await call('tasks.edit_runtime', { task: id, add_or_update: values });
    assert.deepEqual(answer.data, { updated: 1 });
    assert.deepEqual(stored(id).runtime, {
      'endpoint%_%': { x: 'a' },
      'endpoint%_%_%_%_y': 'b',
      'endpoint%_%_%_%': { z: 'c' },
      '%_%': { u: 'd' },
      'end%_%': 'e',
    });
    await call('tasks.edit_runtime', { task: id, remove: ['endpoint___x', 'absent___x'] });
    assert.deepEqual(stored(id).runtime['endpoint%_%'], {});
  });

  test('a server that keeps keys as they are can be had', async () => {
    const verbatim = await startClearMl({ editRuntimeKeys: 'verbatim' });
    try {
      const { id } = addTask(verbatim, { runtime: { _PORT: 80 } });
      const edit = { task: id, add_or_update: { endpoint__a: 'y', _PORT: '81' } };
      await callAs(verbatim, 'alice')('tasks.edit_runtime', edit);
      assert.deepEqual(verbatim.state.task(id)?.runtime, { endpoint__a: 'y', _PORT: '81' });
    } finally {
      await verbatim.stop();
    }
  });

  test('tasks that have ended take no edit_runtime, and none of another company takes any', async () => {
    const edit = { add_or_update: { endpoint: 'x' }, runtime: {}, force: true };
    const ended = addTask(clearml, { status: 'completed' });
    const foreign = addTask(clearml, { user: ids.mallory });
    const open = addTask(clearml, { company: '' });
    const cases: readonly [string, string, number, number][] = [
      ['tasks.edit_runtime', ended.id, 400, 110],
      ['tasks.edit_runtime', foreign.id, 400, 101],
      ['tasks.edit', foreign.id, 400, 101],
      ['tasks.edit', 'unknown', 400, 101],
      ['tasks.edit', open.id, 403, 21],
    ];
    for (const [name, task, status, subcode] of cases) {
      const answer = await call(name, { ...edit, task });
      assert.deepEqual([answer.status, answer.subcode], [status, subcode], `${name} ${task}`);
    }
  });

  test('a task’s life: created, started, asked, reset, deleted', async () => {
    const created = await call('tasks.create', { name: 'a life', type: 'application' });
    const task = textOf(created.data['id']);
    assert.equal(stored(task).status, 'created');
    await call('tasks.enqueue', { task, queue_name: 'gpu' });
    assert.deepEqual(
      [stored(task).status, stored(task)['execution']],
      ['queued', { queue: ids.queueGpu }],
    );
    await call('tasks.started', { task });
    assert.equal(stored(task).status, 'in_progress');
    await call('tasks.edit', { task, runtime: { _PORT: 1 }, force: true });
    await call('tasks.completed', { task });
    const refused = await call('tasks.failed', { task });
    assert.deepEqual([refused.status, refused.subcode], [400, 110]);
    await call('tasks.reset', { task });
    assert.deepEqual([stored(task).status, stored(task).runtime], ['created', {}]);
    assert.equal((await call('tasks.delete', { task })).data['deleted'], true);
    assert.equal((await call('tasks.get_by_id', { task })).subcode, 101);
  });

  test('validation: names, types', async () => {
    const short = await call('tasks.create', { name: 'ab', type: 'application' });
    assert.deepEqual([short.status, short.subcode], [400, 800]);
    const odd = await call('tasks.create', { name: 'abc', type: 'odd' });
    assert.deepEqual([odd.status, odd.subcode], [400, 12]);
    const list = await call('tasks.edit', { task: addTask(clearml).id, runtime: [1], force: true });
    assert.deepEqual([list.status, list.subcode], [400, 16]);
  });
});
