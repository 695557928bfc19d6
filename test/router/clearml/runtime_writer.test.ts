import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntimeWriter } from '../../../router/clearml/runtime_writer.ts';
import type { Call } from '../../../router/clearml/own_task.ts';
import { RouterError } from '../../../router/errors.ts';
import { addTask, changeRuntime } from '../../lab/clearml/asks.ts';
import { storedPath } from '../../lab/clearml/services/runtime_keys.ts';
import { connect, count, keepLog, runtimeOf, serve } from '../../support/installation.ts';

test('sets single keys where the server can, and touches no other', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  const { id } = addTask(server, { runtime: { _user_secret: 'hush', _PORT: 8888 } });
  await clearml.writeRuntime(id, { endpoint: 'https://x/' });
  assert.deepEqual(runtimeOf(server, id), {
    _user_secret: 'hush',
    _PORT: 8888,
    endpoint: 'https://x/',
  });
  assert.equal(count(server, 'tasks.edit'), 0);
});

test('an older server: the whole is read again right before it is written, no key of others is lost', async (t) => {
  const server = await serve(t, { apiVersion: '2.23' });
  const clearml = connect(t, server);
  const { id } = addTask(server, { runtime: { _user_secret: 'hush', iteration: 7 } });
  await clearml.writeRuntime(id, { endpoint: 'https://x/' });
  changeRuntime(server, id, { late: 'key' });
  await clearml.writeRuntime(id, { browser_endpoint: 'https://x/' });
  assert.deepEqual(runtimeOf(server, id), {
    _user_secret: 'hush',
    iteration: 7,
    endpoint: 'https://x/',
    late: 'key',
    browser_endpoint: 'https://x/',
  });
  assert.equal(count(server, 'tasks.edit_runtime'), 1, 'found out once');
  assert.equal(count(server, 'tasks.edit'), 2);
});

test('a server that stores keys of named endpoints under other names gets them by tasks.edit', async (t) => {
  const server = await serve(t, { editRuntimeKeys: 'escaped' });
  const clearml = connect(t, server);
  const { id } = addTask(server, { runtime: { _PORT__x: 1 } });
  await clearml.writeRuntime(id, { endpoint__x: 'https://x/' });
  assert.deepEqual(runtimeOf(server, id), { _PORT__x: 1, endpoint__x: 'https://x/' });
  await clearml.writeRuntime(id, { browser_endpoint__x: 'https://x/' });
  assert.equal(count(server, 'tasks.edit_runtime'), 1);
  await clearml.writeRuntime(id, { endpoint: 'https://x/' });
  assert.equal(count(server, 'tasks.edit_runtime'), 2, 'plain keys still go one by one');
});

test('a server that keeps keys as they are is found out as well', async (t) => {
  const server = await serve(t, { editRuntimeKeys: 'verbatim' });
  const clearml = connect(t, server);
  const { id } = addTask(server);
  await clearml.writeRuntime(id, { endpoint__x: 'https://x/' });
  await clearml.writeRuntime(id, { endpoint__y: 'https://y/' });
  assert.deepEqual(runtimeOf(server, id), { endpoint__x: 'https://x/', endpoint__y: 'https://y/' });
  assert.equal(count(server, 'tasks.edit'), 0);
  assert.equal(count(server, 'tasks.get_all_ex'), 1, 'looked once');
});

test('what the server tells of another task is never written back', async () => {
  const calls: string[] = [];
  const call: Call = async (name, _body, schema) => {
    calls.push(name);
    if (name === 'tasks.edit_runtime') throw new RouterError('CLEARML_CALL_UNKNOWN', 'too old');
    return schema.parse({ tasks: [{ id: 'another', runtime: { _user_secret: 'hush' } }] });
  };
  const write = createRuntimeWriter(call, keepLog().log, () => 0);
  await assert.rejects(write('asked', { endpoint: 'https://x/' }), /without the task asked/);
  assert.deepEqual(calls, ['tasks.edit_runtime', 'tasks.get_all_ex']);
});

for (const names of [['_x'], ['a___b'], ['_', '_x'], ['x_'], ['_a___b', '____'], ['a.b%c$d___']]) {
  test(`A80: keys of endpoints called ${names.join(', ')} stand under their own names, and no stray is left`, async (t) => {
    const server = await serve(t, { editRuntimeKeys: 'escaped' });
    const clearml = connect(t, server);
    const { id } = addTask(server, { runtime: { _user_secret: 'hush' } });
    const values = Object.fromEntries(
      names.flatMap((name) => [
        [`endpoint__${name}`, 'https://x/'],
        [`router_name__${name}`, 'router'],
      ]),
    );
    // What version 0.2 left behind: it wrote them with tasks.edit_runtime for ever.
    for (const name of names) {
      await clearml.writeRuntime(id, { endpoint: 'https://x/' });
      const stray = Object.entries(escapedAs(`endpoint__${name}`));
      changeRuntime(server, id, Object.fromEntries(stray));
    }
    await clearml.writeRuntime(id, values);
    const expected = { _user_secret: 'hush', endpoint: 'https://x/', ...values };
    assert.deepEqual(runtimeOf(server, id), expected);
    await clearml.writeRuntime(id, values);
    assert.deepEqual(runtimeOf(server, id), expected);
  });
}

/** As the document mapper of the real server nests it. */
function escapedAs(key: string): Record<string, string | number> {
  const path = storedPath(key, 'escaped');
  return path.reduceRight<unknown>((value, step) => ({ [step]: value }), 'stray') as Record<
    string,
    string
  >;
}

test('A80: a key that is not found under its own name is taken as escaped, however the server spells it', async () => {
  const stored = new Map<string, string>();
  const calls: string[] = [];
  const call: Call = async (name, body, schema) => {
    calls.push(name);
    const { add_or_update: added, runtime } = body as Record<string, Record<string, string>>;
    for (const [key, value] of Object.entries(added ?? {})) stored.set(`odd ${key}`, value);
    for (const [key, value] of Object.entries(runtime ?? {})) stored.set(key, value);
    return schema.parse({ tasks: [{ id: 'asked', runtime: Object.fromEntries(stored) }] });
  };
  const write = createRuntimeWriter(call, keepLog().log, () => 0);
  await write('asked', { endpoint__x: 'https://x/' });
  assert.equal(stored.get('endpoint__x'), 'https://x/');
  calls.length = 0;
  await write('asked', { endpoint__x: 'https://y/' });
  assert.equal(stored.get('endpoint__x'), 'https://y/');
  assert.ok(!calls.includes('tasks.edit_runtime'), 'remembered');
});

const ENDPOINT = {
  _SERVICE__x: 'EXTERNAL',
  _PORT__x: 8888,
  endpoint__x: 'https://x/',
  router_name__x: 'router',
};
const OTHERS = { _user_secret: 'hush', _PORT: 80, endpoint: 'https://unnamed/' };
for (const [server, verbatim, options] of [
  ['stores keys as they are', true, { editRuntimeKeys: 'verbatim' }],
  ['stores them under other names', false, { editRuntimeKeys: 'escaped' }],
  ['is older', false, { apiVersion: '2.23' }],
] as const) {
  test(`removes keys and no others, where the server ${server}`, async (t) => {
    const stored = await serve(t, options);
    const clearml = connect(t, stored);
    const stray = Object.keys(escapedAs('router_tcp_stamp__x'))[0] ?? '';
    const { id } = addTask(stored, { runtime: { ...OTHERS, ...ENDPOINT, [stray]: 'stray' } });
    const keys = [...Object.keys(ENDPOINT), 'router_tcp_stamp__x', 'not_there__x'];
    await clearml.writeRuntime(id, {}, keys);
    // A server that keeps keys as they are has no such stray: there it is another's key.
    const expected = verbatim ? { ...OTHERS, [stray]: 'stray' } : OTHERS;
    assert.deepEqual(runtimeOf(stored, id), expected);
    await clearml.writeRuntime(id, { _PORT: '81' }, ['endpoint', '_PORT']);
    const { endpoint: _gone, ...kept } = { ...expected, _PORT: '81' };
    assert.deepEqual(runtimeOf(stored, id), kept);
  });
}
