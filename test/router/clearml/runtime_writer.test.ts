import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntimeWriter } from '../../../router/clearml/runtime_writer.ts';
import type { Call } from '../../../router/clearml/runtime_writer.ts';
import { RouterError } from '../../../router/errors.ts';
import { addTask, changeRuntime } from '../../lab/clearml/asks.ts';
import { connect, count, keepLog, runtimeOf, serve } from '../routes/installation.ts';

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
