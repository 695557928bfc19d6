/** What an open-source server 2.3.0 was seen to answer, call by call, where one would not guess it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { addTask } from './asks.ts';
import { callAs } from './call_as.ts';
import { callApi, login, type Answer } from './client.ts';
import { isDocument, isList, textOf, type Document } from './document.ts';
import { credentials, defaultSeed, ids } from './seed.ts';
import { startClearMl, type ClearMl } from './server.ts';

describe('the stand-in answers as the real server does', () => {
  let clearml: ClearMl;
  let call: (name: string, data?: Document) => Promise<Answer>;
  before(async () => {
    clearml = await startClearMl();
    call = callAs(clearml, 'alice');
  });
  after(() => clearml.stop());

  const code = ({ status, subcode }: Answer) => `${status}/${subcode}`;
  const keys = (value: unknown) => (isDocument(value) ? Object.keys(value).toSorted() : []);

  async function firstTask(question: Document): Promise<Document> {
    const { data } = await call('tasks.get_all_ex', question);
    const [task] = isList(data['tasks']) ? data['tasks'].filter(isDocument) : [];
    assert.ok(task);
    return task;
  }

  async function raw(path: string, headers: Record<string, string>, body?: string) {
    const response = await fetch(
      `${clearml.url}/${path}`,
      body === undefined ? { headers } : { method: 'POST', headers, body },
    );
    const { meta } = (await response.json()) as { meta: { result_subcode: number } };
    return { response, code: `${response.status}/${meta.result_subcode}` };
  }

  test('tasks.archive_many: 200, and a task that runs is stopped', async () => {
    const { id } = addTask(clearml);
    const { data } = await call('tasks.archive_many', { ids: [id, 'unknown'] });
    assert.deepEqual(data['succeeded'], [{ id, archived: true }]);
    assert.deepEqual(isList(data['failed']) && data['failed'].length, 1);
    assert.equal(clearml.state.task(id)?.status, 'stopped');
    assert.ok(clearml.state.task(id)?.system_tags.includes('archived'));
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
    assert.equal((await raw('tasks.get_all_ex', headers, '[]')).code, '500/0');
    assert.equal(code(await call('tasks.get_all_ex', { page: 0, page_size: 'ten' })), '500/0');
  });

  test('no credentials: 401/20, whether the header is missing or empty', async () => {
    assert.equal((await raw('users.get_current_user', {})).code, '401/20');
    assert.equal((await raw('users.get_current_user', { authorization: '' })).code, '401/20');
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

  test('debug.ping and auth.fixed_users_mode: 200 for anybody', async () => {
    for (const name of ['debug.ping', 'auth.fixed_users_mode']) {
      assert.equal((await raw(name, {})).code, '200/0', name);
    }
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
    const { user } = (await call('users.get_current_user')).data;
    assert.ok(isDocument(user));
    const { created_in_version, family_name, given_name } = user;
    assert.deepEqual([given_name, family_name, created_in_version], ['Alice', 'Ångström', '2.3.0']);
  });

  test('server.info: four fields', async () => {
    const expected = ['api_version', 'build', 'commit', 'version'];
    assert.deepEqual(keys((await call('server.info')).data), expected);
  });

  test('tasks.edit_runtime without add_or_update: 200; of a public task: 403', async () => {
    const { id } = addTask(clearml, { runtime: { a: 1 } });
    assert.equal(code(await call('tasks.edit_runtime', { task: id })), '200/0');
    assert.equal(code(await call('tasks.edit_runtime', { task: id, remove: ['a'] })), '200/0');
    assert.deepEqual(clearml.state.task(id)?.runtime, {});
    const open = addTask(clearml, { company: '' });
    const edit = { task: open.id, add_or_update: { a: '1' } };
    assert.equal(code(await call('tasks.edit_runtime', edit)), '403/21');
  });

  test('the cookie of a login: for the server’s host alone, with Expires far ahead', async () => {
    const basic = Buffer.from('alice:lab-alice-password').toString('base64');
    const { response } = await raw('auth.login', { authorization: `Basic ${basic}` });
    const [cookie = ''] = response.headers.getSetCookie();
    const attributes = cookie.split('; ').slice(1);
    const expires = attributes.find((attribute) => attribute.startsWith('Expires='));
    assert.match(expires ?? '', /^Expires=\w{3}, \d\d \w{3} 5\d{3} /);
    assert.deepEqual(
      attributes.filter((attribute) => attribute !== expires),
      ['Max-Age=99999999999', 'HttpOnly', 'Path=/', 'SameSite=Lax'],
    );
  });

  test('the life of a token: 30 days, as asked, a year at most; 0 is the default', async () => {
    const token = await login(clearml.url, credentials.alice);
    const life = async (seconds: number): Promise<number | string> => {
      const bearer = `Bearer ${token}`;
      const answer = await callApi(clearml.url, 'auth.login', { expiration_sec: seconds }, bearer);
      if (answer.status !== 200) return code(answer);
      const { exp = 0, iat = 0 } = decodeJwt(textOf(answer.data['token']));
      return exp - iat;
    };
    assert.equal(await life(0), 2_592_000);
    assert.equal(await life(31_536_000), 31_536_000);
    assert.equal(await life(31_536_001), '400/12');
  });

  test('the token of a revoked credential holds', async () => {
    const token = await login(clearml.url, credentials.bob);
    const { accessKey } = credentials.bob;
    await callApi(
      clearml.url,
      'auth.revoke_credentials',
      { access_key: accessKey },
      `Bearer ${token}`,
    );
    await assert.rejects(login(clearml.url, credentials.bob), /failed to locate/);
    const { status } = await callApi(clearml.url, 'tasks.get_all_ex', {}, `Bearer ${token}`);
    assert.equal(status, 200);
  });
});

test('a fixed user is never an administrator, whatever the seed says', async (t) => {
  const users = defaultSeed.users.map((user) =>
    user.id === ids.alice ? { ...user, role: 'admin' as const } : user,
  );
  const clearml = await startClearMl({ seed: { ...defaultSeed, users } });
  t.after(() => clearml.stop());
  const token = await login(clearml.url, { accessKey: 'alice', secretKey: 'lab-alice-password' });
  assert.equal((decodeJwt(token)['identity'] as Document)['role'], 'user');
});

test('under Flask’s own server each answer ends its connection', async (t) => {
  const clearml = await startClearMl({ closesConnections: true });
  t.after(() => clearml.stop());
  const response = await fetch(`${clearml.url}/debug.ping`);
  assert.equal(response.headers.get('connection'), 'close');
});
