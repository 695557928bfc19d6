/** The answers of calls, seen at an open-source server 2.3.0, where one would not guess them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask } from '../asks.ts';
import { callAs } from '../call_as.ts';
import { login, type Answer } from '../client.ts';
import { isDocument, isList, type Document } from '../document.ts';
import { credentials, ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';
import { code, keys, raw } from './observe.ts';

describe('calls, as an open-source server 2.3.0 was seen to answer them', () => {
  let clearml: ClearMl;
  let call: (name: string, data?: Document) => Promise<Answer>;
  before(async () => {
    clearml = await startClearMl();
    call = callAs(clearml, 'alice');
  });
  after(() => clearml.stop());

  async function firstTask(question: Document): Promise<Document> {
    const { data } = await call('tasks.get_all_ex', question);
    const [task] = isList(data['tasks']) ? data['tasks'].filter(isDocument) : [];
    assert.ok(task);
    return task;
  }

  async function usersOf(question: Document): Promise<readonly Document[]> {
    const { users } = (await call('users.get_all', question)).data;
    return isList(users) ? users.filter(isDocument) : [];
  }

  test('tasks.archive_many: 200, and a task that runs is stopped', async () => {
    const { id } = addTask(clearml);
    const { status, data } = await call('tasks.archive_many', { ids: [id, 'unknown'] });
    assert.equal(status, 200);
    assert.deepEqual(data['succeeded'], [{ id, archived: true }]);
    const [failure] = isList(data['failed']) ? data['failed'].filter(isDocument) : [];
    assert.equal(failure?.['id'], 'unknown');
    assert.deepEqual(isDocument(failure['error']) && failure['error']['codes'], [400, 101]);
    assert.equal(clearml.state.task(id)?.status, 'stopped');
    assert.ok(clearml.state.task(id)?.system_tags.includes('archived'));
  });

  test('tasks.archive: takes a list, and one that waits is again what it was', async () => {
    const running = addTask(clearml).id;
    const waiting = addTask(clearml, { status: 'created', systemTags: [] }).id;
    await call('tasks.enqueue', { task: waiting, queue_name: 'gpu' });
    const archived = await call('tasks.archive', { tasks: [running, waiting] });
    assert.deepEqual([archived.status, archived.data], [200, { archived: 2 }]);
    assert.equal(clearml.state.task(running)?.status, 'stopped');
    assert.equal(clearml.state.task(waiting)?.status, 'created');
    assert.deepEqual(clearml.state.task(waiting)?.system_tags, ['archived']);
    assert.deepEqual(clearml.state.queues.get(ids.queueGpu)?.entries, []);
    assert.equal(code(await call('tasks.archive', { tasks: [running, 'unknown'] })), '400/101');
    assert.equal(code(await call('tasks.archive', { tasks: [] })), '400/12');
    assert.equal(code(await call('tasks.unarchive', { task: running })), '404/0');
  });

  test('tasks.edit: tells the moment of the change, and {} where nothing was asked', async () => {
    const { id } = addTask(clearml);
    const times = ['last_change', 'last_changed_by', 'last_update'];
    const edited = await call('tasks.edit', { task: id, runtime: { a: 1 }, force: true });
    assert.deepEqual(keys(edited.data['fields']), [...times, 'runtime']);
    const tagged = await call('tasks.edit', { task: id, tags: ['x'], force: true });
    assert.deepEqual(keys(tagged.data['fields']), ['last_change', 'last_changed_by', 'tags']);
    const nothing = await call('tasks.edit', { task: id, force: true });
    assert.deepEqual(nothing.data, { updated: 0, fields: {} });
  });

  test('unknown fields to order by or to show, and only_fields as text: 400/14', async () => {
    const questions: readonly Document[] = [
      { order_by: ['nonsense'] },
      { order_by: ['-nonsense.x'] },
      { only_fields: ['execution.nonsense'] },
      { only_fields: ['project.nonsense'] },
      { only_fields: ['name.first'] },
      { only_fields: 'name' },
    ];
    for (const question of questions) {
      assert.equal(
        code(await call('tasks.get_all_ex', question)),
        '400/14',
        JSON.stringify(question),
      );
    }
    assert.equal(code(await call('users.get_all', { order_by: ['nonsense'] })), '400/14');
    const known = {
      order_by: ['-last_update', 'execution.queue'],
      only_fields: ['id', 'execution.queue', 'project.name', 'runtime.endpoint', 'user.*'],
    };
    assert.equal(code(await call('tasks.get_all_ex', known)), '200/0');
  });

  test('a bad regular expression: 400/21', async () => {
    assert.equal(code(await call('tasks.get_all_ex', { name: '(' })), '400/21');
    const _any_ = { pattern: '[', fields: ['name'] };
    assert.equal(code(await call('tasks.get_all_ex', { _any_ })), '400/21');
  });

  test('a list as body, a text as page_size: 500', async () => {
    const authorization = `Bearer ${await login(clearml.url, credentials.alice)}`;
    const headers = { authorization, 'content-type': 'application/json' };
    assert.equal((await raw(clearml, 'tasks.get_all_ex', headers, '[]')).code, '500/0');
    assert.equal(code(await call('tasks.get_all_ex', { page: 0, page_size: 'ten' })), '500/0');
  });

  test('no credentials: 401/20, whether the header is missing or empty', async () => {
    assert.equal((await raw(clearml, 'users.get_current_user', {})).code, '401/20');
    assert.equal(
      (await raw(clearml, 'users.get_current_user', { authorization: '' })).code,
      '401/20',
    );
  });

  test('fields that were asked for and hold nothing: {}', async () => {
    const { id } = addTask(clearml, { runtime: {} });
    const task = await firstTask({
      id: [id],
      only_fields: ['execution.queue', 'runtime.endpoint', 'comment'],
    });
    assert.deepEqual(task, { id, execution: {}, runtime: {} });
    assert.deepEqual((await firstTask({ id: [id], only_fields: ['runtime'] }))['runtime'], {});
  });

  test('tasks.create with a name of one letter: 400/800', async () => {
    const answer = await call('tasks.create', { name: 'a', type: 'training' });
    assert.equal(code(answer), '400/800');
  });

  test('GET debug.ping and auth.fixed_users_mode: 200 for anybody', async () => {
    const ping = await raw(clearml, 'debug.ping?a=1', {});
    assert.deepEqual([ping.code, ping.data], ['200/0', { msg: 'ClearML server', a: 1 }]);
    const mode = await raw(clearml, 'auth.fixed_users_mode', {});
    const expected = { enabled: true, guest: { enabled: false }, server_errors: {} };
    assert.deepEqual([mode.code, mode.data], ['200/0', expected]);
  });

  test('tasks.delete and tasks.reset: what went with the task', async () => {
    const { id } = addTask(clearml, { status: 'stopped' });
    const more = ['deleted_models', 'events', 'updated_children', 'updated_models', 'urls'];
    const reset = await call('tasks.reset', { task: id, force: true });
    for (const key of [...more, 'dequeued', 'fields', 'updated']) assert.ok(key in reset.data, key);
    const deleted = await call('tasks.delete', { task: id, force: true });
    assert.deepEqual(keys(deleted.data), ['deleted', ...more].toSorted());
  });

  test('users.get_current_user: with the parts of the name and the version', async () => {
    const { data } = await call('users.get_current_user');
    assert.deepEqual(keys(data), ['getting_started', 'settings', 'user']);
    const { created, ...user } = isDocument(data['user']) ? data['user'] : {};
    assert.equal(typeof created, 'string');
    assert.deepEqual(user, {
      id: ids.alice,
      name: 'Alice Ångström',
      given_name: 'Alice',
      family_name: 'Ångström',
      company: { id: ids.companyA, name: 'Company A' },
      created_in_version: '2.3.0',
      role: 'user',
    });
  });

  test('users.get_all: everybody of the company, for everybody', async () => {
    const named = { only_fields: ['name'], order_by: ['-name'], name: '^[AB]' };
    const { users } = (await call('users.get_all', named)).data;
    assert.deepEqual(users, [
      { id: ids.bob, name: 'Bob' },
      { id: ids.alice, name: 'Alice Ångström' },
      { id: ids.admin, name: 'Ada Admin' },
    ]);
    const [bob] = await usersOf({ id: [ids.bob] });
    const { created, ...rest } = bob ?? {};
    assert.equal(typeof created, 'string');
    assert.deepEqual(rest, {
      id: ids.bob,
      name: 'Bob',
      given_name: 'Bob',
      family_name: '',
      company: ids.companyA,
      created_in_version: '2.3.0',
    });
    assert.deepEqual(await usersOf({ id: ['unknown'] }), []);
    assert.equal(code(await call('users.get_all', { only_fields: ['password'] })), '400/14');
    assert.equal(code(await call('users.get_by_id', { user: 'unknown' })), '400/301');
  });

  test('server.info: four fields', async () => {
    const { data } = await call('server.info');
    assert.deepEqual(keys(data), ['api_version', 'build', 'commit', 'version']);
    assert.deepEqual([data['api_version'], data['version']], ['2.34', '2.3.0']);
  });
});
