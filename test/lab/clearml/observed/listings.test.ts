/** How tasks are found, and how their status changes, seen at an open-source server 2.3.0. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask } from '../asks.ts';
import { callAs } from '../call_as.ts';
import type { Answer } from '../client.ts';
import { isDocument, isList, type Document } from '../document.ts';
import { startClearMl, type ClearMl } from '../server.ts';
import { code } from './observe.ts';

describe('tasks, as an open-source server 2.3.0 was seen to find and change them', () => {
  let clearml: ClearMl;
  let call: (name: string, data?: Document) => Promise<Answer>;
  let all: readonly string[];
  before(async () => {
    clearml = await startClearMl();
    call = callAs(clearml, 'alice');
    all = ['a', 'b', 'c'].map((name) => addTask(clearml, { id: name.repeat(32), name }).id);
  });
  after(() => clearml.stop());

  async function idsOf(question: Document): Promise<readonly unknown[]> {
    const answer = await call('tasks.get_all_ex', { order_by: ['name'], ...question });
    assert.equal(code(answer), '200/0', answer.message);
    const { tasks } = answer.data;
    return isList(tasks) ? tasks.filter(isDocument).map((task) => task['id']) : [];
  }

  test('ids: none filter nothing, odd ones turn the filter, unknown ones find nothing', async () => {
    const [a = '', b = '', c = ''] = all;
    assert.deepEqual(await idsOf({ id: [] }), all);
    assert.deepEqual(await idsOf({ id: null }), all);
    assert.deepEqual(await idsOf({ id: [b, 'unknown'] }), [b]);
    assert.deepEqual(await idsOf({ id: b }), [b]);
    assert.deepEqual(await idsOf({ id: ['unknown'] }), []);
    assert.deepEqual(await idsOf({ id: [`-${b}`] }), [a, c]);
    assert.deepEqual(await idsOf({ id: ['__$not', b] }), [a, c]);
    assert.equal(code(await call('tasks.get_all_ex', { id: [1] })), '400/16');
    assert.equal(code(await call('tasks.get_by_id', { task: 'unknown' })), '400/101');
    assert.equal(code(await call('tasks.get_by_id', {})), '400/12');
    assert.equal(code(await call('tasks.get_by_id_ex', {})), '400/11');
  });

  test('times that cannot be read are dropped from a filter', async () => {
    assert.deepEqual(await idsOf({ last_change: ['>=soon'] }), all);
    assert.deepEqual(await idsOf({ last_change: ['>=2100-01-01'] }), []);
    assert.deepEqual(await idsOf({ last_change: ['>=2000-01-01T00:00:00', '<=soon'] }), all);
  });

  test('pages: from 0, of 500 at most; errors where they are none', async () => {
    const [a, b, c] = all;
    assert.deepEqual(await idsOf({ page: 0, page_size: 2 }), [a, b]);
    assert.deepEqual(await idsOf({ page: 1, page_size: 2 }), [c]);
    assert.deepEqual(await idsOf({ page: 2, page_size: 2 }), []);
    const refused: readonly [Document, string][] = [
      [{ page: -1, page_size: 2 }, 'validation error (page must be >=0): field=page'],
      [{ page: 0, page_size: 0 }, 'validation error (page_size must be >0): field=page_size'],
    ];
    for (const [question, message] of refused) {
      const answer = await call('tasks.get_all_ex', question);
      assert.deepEqual([code(answer), answer.message], ['400/12', message]);
    }
  });

  test('scroll: each answer names the next, until there is nothing left', async () => {
    const seen: unknown[] = [];
    let scroll_id: Document[string] = null;
    for (;;) {
      const question = { scroll_id, size: 2, order_by: ['name'], only_fields: ['name'] };
      const { data }: Answer = await call('tasks.get_all_ex', question);
      const tasks = isList(data['tasks']) ? data['tasks'] : [];
      if (tasks.length === 0) break;
      seen.push(...tasks);
      scroll_id = data['scroll_id'] ?? null;
      assert.equal(typeof scroll_id, 'string');
    }
    assert.deepEqual(
      seen,
      all.map((id) => ({ id, name: id[0] })),
    );
    assert.equal(code(await call('tasks.get_all_ex', { scroll_id: null })), '400/12');
    assert.equal(code(await call('tasks.get_all_ex', { scroll_id: null, size: 0 })), '400/12');
  });

  test('a status follows another by rule; force lets any follow', async () => {
    const { id: task } = addTask(clearml, { status: 'created' });
    const steps: readonly [string, Document, string, string][] = [
      ['completed', {}, '400/110', 'created'],
      ['started', {}, '200/0', 'in_progress'],
      ['started', {}, '200/0', 'in_progress'],
      ['publish', {}, '400/110', 'in_progress'],
      ['stopped', { status_reason: 'enough' }, '200/0', 'stopped'],
      ['completed', {}, '200/0', 'completed'],
      ['failed', {}, '400/110', 'completed'],
      ['failed', { force: true }, '200/0', 'failed'],
      ['reset', {}, '200/0', 'created'],
    ];
    for (const [step, data, expected, status] of steps) {
      const answer = await call(`tasks.${step}`, { task, ...data });
      assert.equal(code(answer), expected, step);
      assert.equal(clearml.state.task(task)?.status, status, step);
    }
    assert.equal(code(await call('tasks.edit', { task: all[0], runtime: {} })), '400/110');
    assert.equal(code(await call('tasks.started', { task: 'unknown' })), '400/10');
    assert.equal(code(await call('tasks.stopped', { task: 'unknown' })), '400/101');
  });

  test('tasks.delete: of one that was used only archived, or by force', async () => {
    const remove = async (task: string, data: Document = {}) =>
      code(await call('tasks.delete', { task, ...data }));
    const { id } = addTask(clearml);
    assert.equal(await remove(id), '400/123');
    assert.equal(await remove(id, { force: true }), '200/0');
    assert.equal(await remove(id, { force: true }), '400/101');
    assert.equal(await remove(addTask(clearml, { status: 'created' }).id), '200/0');
    assert.equal(await remove(addTask(clearml, { systemTags: ['archived'] }).id), '200/0');
  });
});
