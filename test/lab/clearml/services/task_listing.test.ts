import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask, changeTask, endTask, httpAsk } from '../asks.ts';
import { callAs } from '../call_as.ts';
import { timestamp } from '../clock.ts';
import { isDocument, isList, type Document } from '../document.ts';
import { ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';

const START = Date.UTC(2026, 0, 1);

function tasksOf(data: Document): readonly Document[] {
  return isList(data['tasks']) ? data['tasks'].filter(isDocument) : [];
}

describe('listing tasks', () => {
  let clearml: ClearMl;
  let list: (question: Document, call?: string) => Promise<readonly Document[]>;
  const names = (tasks: readonly Document[]) => tasks.map((task) => task['name']);

  before(async () => {
    clearml = await startClearMl({ edition: 'enterprise' });
    clearml.clock.set(START);
    const call = callAs(clearml, 'alice');
    list = async (question, name = 'tasks.get_all_ex') => {
      const answer = await call(name, question);
      assert.equal(answer.status, 200, answer.message);
      return tasksOf(answer.data);
    };
    addTask(clearml, {
      name: 'one',
      queue: ids.queueGpu,
      runtime: httpAsk({ address: '10.0.0.1', port: 80 }),
    });
    clearml.clock.advance(1000);
    addTask(clearml, {
      name: 'two',
      user: ids.bob,
      type: 'service',
      systemTags: ['external_service', 'gpu'],
    });
    clearml.clock.advance(1000);
    addTask(clearml, { name: 'three', systemTags: [], status: 'queued' });
    addTask(clearml, { name: 'secret', user: ids.mallory });
    addTask(clearml, { name: 'public', user: ids.mallory, company: '' });
    addTask(clearml, { name: 'hidden', systemTags: ['hidden'] });
  });
  after(() => clearml.stop());

  test('shows the own company’s tasks and public ones, hidden ones only by id', async () => {
    assert.deepEqual(names(await list({})), ['one', 'two', 'three', 'public']);
    assert.deepEqual(names(await list({ allow_public: false })), ['one', 'two', 'three']);
    const mallory = await callAs(clearml, 'mallory')('tasks.get_all_ex');
    assert.deepEqual(names(tasksOf(mallory.data)), ['secret', 'public']);
    const hidden = [...clearml.state.tasks()].find((task) => task.name === 'hidden');
    assert.deepEqual(names(await list({ id: [hidden?.id ?? ''] })), ['hidden']);
  });

  test('filters: any, all, none of, empty; an empty list filters nothing', async () => {
    assert.deepEqual(names(await list({ system_tags: ['external_service'] })), [
      'one',
      'two',
      'public',
    ]);
    assert.deepEqual(names(await list({ system_tags: ['__$all', 'external_service', 'gpu'] })), [
      'two',
    ]);
    assert.deepEqual(names(await list({ system_tags: ['external_service', '-gpu'] })), [
      'one',
      'public',
    ]);
    assert.deepEqual(names(await list({ system_tags: ['external_service', '__$not', 'gpu'] })), [
      'one',
      'public',
    ]);
    assert.deepEqual(names(await list({ system_tags: [null] })), ['three']);
    assert.deepEqual(names(await list({ status: ['queued'] })), ['three']);
    assert.deepEqual(names(await list({ type: ['service'] })), ['two']);
    assert.deepEqual(names(await list({ 'execution.queue': [ids.queueGpu] })), ['one']);
    assert.deepEqual(names(await list({ 'runtime._SERVICE': 'EXTERNAL' })), ['one']);
    assert.deepEqual(names(await list({ name: '^t' })), ['two', 'three']);
    assert.equal((await list({ id: [] })).length, 4);
  });

  test('filters by time: conditions, ranges, and one that is unreadable is dropped', async () => {
    const second = timestamp(START + 1000);
    assert.deepEqual(names(await list({ last_change: [`>=${second}`], system_tags: ['gpu'] })), [
      'two',
    ]);
    assert.deepEqual(names(await list({ last_change: [`>${second}`], name: 't' })), ['three']);
    assert.deepEqual(names(await list({ last_change: ['>=2026-01-01T00:00:01', `<=${second}`] })), [
      'two',
    ]);
    assert.deepEqual(names(await list({ last_update: [timestamp(START), second] })), [
      'one',
      'two',
    ]);
    assert.equal((await list({ last_change: ['>=soon'] })).length, 4);
  });

  test('references are objects in get_all_ex and text in get_all', async () => {
    const only_fields = ['name', 'execution.queue', 'user', 'company', 'project.name'];
    const [joined] = await list({ name: 'one', only_fields });
    const { id } = joined ?? {};
    assert.deepEqual(joined, {
      id,
      name: 'one',
      execution: { queue: { id: ids.queueGpu } },
      user: { id: ids.alice },
      company: { id: ids.companyA },
      project: { id: ids.project, name: 'Lab' },
    });
    const [plain] = await list(
      { name: 'one', only_fields: ['name', 'execution.queue', 'user', 'company', 'project'] },
      'tasks.get_all',
    );
    assert.deepEqual(plain, {
      id,
      name: 'one',
      execution: { queue: ids.queueGpu },
      user: ids.alice,
      company: ids.companyA,
      project: ids.project,
    });
    const [whole] = await list({ name: 'one', only_fields: ['project.*'] });
    assert.deepEqual(whole, { id, project: clearml.state.projects.get(ids.project) });
    const refused = await callAs(clearml, 'alice')('tasks.get_all_ex', {
      only_fields: ['nonsense'],
    });
    assert.deepEqual([refused.status, refused.subcode], [400, 14]);
  });

  test('a runtime property with __ in its name cannot be asked for alone', async () => {
    const { id } = addTask(clearml, { name: 'four', runtime: { endpoint: 'a', endpoint__x: 'b' } });
    const only_fields = ['runtime.endpoint', 'runtime.endpoint__x'];
    assert.deepEqual(await list({ id: [id], only_fields }), [{ id, runtime: { endpoint: 'a' } }]);
    clearml.state.removeTask(id);
  });

  test('an answer follows each change: status, tag, restriction', async () => {
    const { id } = addTask(clearml, { name: 'five' });
    const running = { id: [id], status: ['in_progress'], system_tags: ['external_service'] };
    assert.equal((await list(running)).length, 1);
    changeTask(clearml, id, { system_tags: [] });
    assert.equal((await list(running)).length, 0);
    changeTask(clearml, id, { system_tags: ['external_service'] });
    clearml.state.restrictTask(id, [ids.bob]);
    assert.equal((await list(running)).length, 0);
    assert.equal(
      tasksOf((await callAs(clearml, 'bob')('tasks.get_all_ex', running)).data).length,
      1,
    );
    assert.equal(
      tasksOf((await callAs(clearml, 'admin')('tasks.get_all_ex', running)).data).length,
      1,
    );
    clearml.state.restrictTask(id, undefined);
    endTask(clearml, id);
    assert.equal((await list(running)).length, 0);
    clearml.state.removeTask(id);
  });
});

test('pages count from 0 and end at 500; 10,000 tasks take well under a second each', async () => {
  const clearml = await startClearMl();
  try {
    for (let count = 0; count < 10_000; count += 1) addTask(clearml, { name: `task ${count}` });
    const call = callAs(clearml, 'router');
    const seen = new Set<unknown>();
    for (let page = 0; page < 20; page += 1) {
      const question = {
        system_tags: ['external_service'],
        page,
        page_size: 1000,
        order_by: ['id'],
      };
      const tasks = tasksOf((await call('tasks.get_all_ex', question)).data);
      assert.equal(tasks.length, 500);
      for (const task of tasks) seen.add(task['id']);
    }
    assert.equal(seen.size, 10_000);
    const slowest = Math.max(...clearml.calls.entries().map(({ duration }) => duration));
    assert.ok(slowest < 1000, `the slowest page took ${slowest} ms`);
    const refused = await call('tasks.get_all_ex', { page: -1 });
    assert.deepEqual([refused.status, refused.subcode], [400, 12]);
  } finally {
    await clearml.stop();
  }
});
