/** What writing to a task changes, seen at an open-source server 2.3.0. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask } from '../asks.ts';
import { callAs } from '../call_as.ts';
import { timestamp } from '../clock.ts';
import type { Answer } from '../client.ts';
import { isDocument, isList, type Document } from '../document.ts';
import type { TaskSeed } from '../asks.ts';
import type { TaskStatus } from '../records.ts';
import { ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';
import { code } from './observe.ts';

const START = Date.UTC(2026, 0, 1);

describe('writes, as an open-source server 2.3.0 was seen to take them', () => {
  let clearml: ClearMl;
  let call: (name: string, data?: Document) => Promise<Answer>;
  before(async () => {
    clearml = await startClearMl();
    clearml.clock.set(START);
    call = callAs(clearml, 'bob');
  });
  after(() => clearml.stop());

  const edit = async (task: string, data: Document) => {
    const answer = await call('tasks.edit_runtime', { task, ...data });
    return [code(answer), answer.data];
  };

  /** As everybody reads it, by the call that the router uses. */
  async function runtimeOf(id: string): Promise<unknown> {
    const { tasks } = (await call('tasks.get_all_ex', { id: [id], only_fields: ['runtime'] })).data;
    const [task] = isList(tasks) ? tasks.filter(isDocument) : [];
    return task?.['runtime'];
  }

  test('tasks.edit_runtime: keys are stored escaped, and are read as they are stored', async () => {
    const cases: readonly [string, Document][] = [
      ['endpoint', { endpoint: 'x' }],
      ['endpoint__x', { 'endpoint%_%_x': 'x' }],
      ['_PORT', { '%_PORT': 'x' }],
      ['_PORT__x', { '%_PORT%_%_x': 'x' }],
      ['a.b', { 'a%2Eb': 'x' }],
      ['a%b', { 'a%%b': 'x' }],
      ['a$b', { 'a%24b': 'x' }],
      [' a ', { a: 'x' }],
      ['endpoint___x', { 'endpoint%_%': { x: 'x' } }],
      ['endpoint____x', { 'endpoint%_%_%_%_x': 'x' }],
      ['end___', { 'end%_%': 'x' }],
    ];
    for (const [key, stored] of cases) {
      const { id } = addTask(clearml);
      const written = await edit(id, { add_or_update: { [key]: 'x' } });
      assert.deepEqual(written, ['200/0', { updated: 1 }], key);
      assert.deepEqual(await runtimeOf(id), stored, key);
      await edit(id, { remove: [key] });
      const left = key === 'endpoint___x' ? { 'endpoint%_%': {} } : {};
      assert.deepEqual(await runtimeOf(id), left, key);
    }
    const { id } = addTask(clearml);
    assert.deepEqual(await edit(id, { add_or_update: { ' ': 'x' } }), ['400/12', {}]);
  });

  test('tasks.edit_runtime: a key that it would escape, and tasks.edit did not, is out of its reach', async () => {
    const { id } = addTask(clearml);
    await call('tasks.edit', { task: id, runtime: { _PORT: 80, endpoint__x: 'y' }, force: true });
    await edit(id, { add_or_update: { _PORT: '81' }, remove: ['endpoint__x', '_PORT'] });
    assert.deepEqual(await runtimeOf(id), { _PORT: 80, endpoint__x: 'y' });
  });

  test('tasks.edit_runtime: 200 without add_or_update, and without anything', async () => {
    const { id } = addTask(clearml, { runtime: { a: 1 } });
    assert.deepEqual(await edit(id, {}), ['200/0', { updated: 0 }]);
    assert.deepEqual(await edit(id, { remove: ['a'] }), ['200/0', { updated: 1 }]);
    assert.deepEqual(await runtimeOf(id), {});
  });

  test('tasks.edit_runtime: whose task it is makes no difference, its status does', async () => {
    const add_or_update = { endpoint: 'x' };
    const cases: readonly [TaskSeed, string][] = [
      [{ user: ids.alice }, '200/0'],
      [{ status: 'created' }, '200/0'],
      [{ status: 'queued' }, '200/0'],
      ...(['stopped', 'completed', 'failed', 'published', 'closed'] as const).map(
        (status: TaskStatus): [TaskSeed, string] => [{ status }, '400/110'],
      ),
      [{ company: '' }, '403/21'],
    ];
    for (const [seed, expected] of cases) {
      const [found] = await edit(addTask(clearml, seed).id, { add_or_update, force: true });
      assert.equal(found, expected, JSON.stringify(seed));
    }
    assert.deepEqual(await edit('unknown', { add_or_update }), ['400/101', {}]);
    assert.deepEqual(await edit('', { add_or_update }), ['400/101', {}]);
  });

  test('every other call that writes refuses a public task, too', async () => {
    const task = addTask(clearml, { company: '' }).id;
    for (const name of ['edit', 'stop', 'stopped', 'completed', 'failed', 'reset', 'delete']) {
      const answer = await call(`tasks.${name}`, { task, force: true, runtime: {} });
      assert.equal(code(answer), '403/21', name);
    }
    assert.equal(clearml.state.task(task)?.status, 'in_progress');
  });

  test('last_change moves with all, last_update not with tags and names', async () => {
    const cases: readonly [string, Document, boolean][] = [
      ['tasks.edit', { system_tags: ['external_service'], force: true }, false],
      ['tasks.edit', { tags: ['a'], name: 'another', comment: 'b', force: true }, false],
      ['tasks.edit', { runtime: { a: 1 }, force: true }, true],
      ['tasks.edit', { runtime: { a: 1 }, tags: [], force: true }, true],
      ['tasks.edit_runtime', { add_or_update: { a: 1 } }, true],
      ['tasks.ping', {}, true],
      ['tasks.stopped', {}, true],
    ];
    for (const [name, data, moves] of cases) {
      const { id, last_update: before } = addTask(clearml);
      clearml.clock.advance(1500);
      assert.equal((await call(name, { task: id, ...data })).status, 200, name);
      const now = timestamp(clearml.clock.now());
      const task = clearml.state.task(id);
      const found = [task?.last_change, task?.last_update, task?.['last_changed_by']];
      assert.deepEqual(
        found,
        [now, moves ? now : before, ids.bob],
        `${name} ${Object.keys(data).join()}`,
      );
    }
    const ping = await call('tasks.ping', { task: 'unknown' });
    assert.deepEqual([code(ping), ping.data], ['200/0', {}]);
  });
});
