/** The real ClearML SDK and the real clearml-session against the stand-in server: what they write, and what they read. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask, changeRuntime, taskWhen } from '../../lab/clearml/asks.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { prepareSdk } from '../../lab/tasks/sdk.ts';
import { startSdkTask, type SdkTask } from '../../lab/tasks/sdk_task.ts';
import { SESSION_PARAMETERS, startSession } from '../../lab/tasks/session_task.ts';

const sdk = await prepareSdk({ onProgress: (step, detail) => console.log(`# ${step}: ${detail}`) });
const absent = 'absent' in sdk ? `no ClearML SDK: ${sdk.absent}` : false;
const python = 'absent' in sdk ? '' : sdk.python;

function properties(clearml: ClearMl, taskId: string, names: readonly string[]) {
  const runtime = clearml.state.task(taskId)?.runtime ?? {};
  return Object.fromEntries(names.map((name) => [name, runtime[name]]));
}

describe('a task of the SDK on an enterprise server', { skip: absent }, () => {
  let clearml: ClearMl;
  let task: SdkTask;

  before(async () => {
    clearml = await startClearMl({ edition: 'enterprise' });
    task = await startSdkTask({
      python,
      apiHost: clearml.url,
      ...credentials.alice,
      name: 'asks through the SDK',
      address: '10.1.2.3',
    });
  });
  after(async () => {
    await task.stop();
    await clearml.stop();
  });

  test('asks for HTTP, finds no answer at first, then reads it', async () => {
    assert.equal(await task.request({ port: 8080, protocol: 'http' }), null);
    assert.deepEqual(properties(clearml, task.taskId, ['_SERVICE', '_ADDRESS', '_PORT']), {
      _SERVICE: 'EXTERNAL',
      _ADDRESS: '10.1.2.3',
      _PORT: 8080,
    });
    assert.deepEqual(
      clearml.state.task(task.taskId)?.system_tags.includes('external_service'),
      true,
    );
    assert.deepEqual(await task.list(), []);

    const endpoint = `https://router.example.com/service/${task.taskId}/`;
    const waiting = task.wait({
      protocol: 'http',
      wait_interval_seconds: 0.1,
      wait_timeout_seconds: 10,
    });
    await clearml.calls.next({ call: 'tasks.get_by_id' });
    changeRuntime(clearml, task.taskId, { endpoint, browser_endpoint: endpoint });
    const expected = {
      endpoint,
      browser_endpoint: endpoint,
      port: 8080,
      protocol: 'http',
      name: null,
    };
    assert.deepEqual(await waiting, expected);
    assert.deepEqual(await task.list(), [expected]);
  });

  test('asks for TCP under the same suffix: _SERVICE then holds the last ask alone', async () => {
    await task.request({ port: 22, protocol: 'tcp' });
    assert.deepEqual(
      properties(clearml, task.taskId, [
        '_SERVICE',
        '_PORT',
        'external_address',
        'external_tcp_port',
        'upstream_task_port',
      ]),
      {
        _SERVICE: 'EXTERNAL_TCP',
        _PORT: 8080,
        external_address: '10.1.2.3',
        external_tcp_port: 22,
        upstream_task_port: 22,
      },
    );
  });

  test('takes its own TCP ask for the answer until there is one', async () => {
    const wait = { protocol: 'tcp', wait_interval_seconds: 0.1, wait_timeout_seconds: 1 } as const;
    assert.equal((await task.wait(wait))?.endpoint, '10.1.2.3:22');
    changeRuntime(clearml, task.taskId, {
      external_address: '192.0.2.9',
      external_tcp_port: '30001',
      upstream_task_port: '22',
    });
    assert.deepEqual(await task.wait(wait), {
      endpoint: '192.0.2.9:30001',
      browser_endpoint: null,
      port: '30001',
      protocol: 'tcp',
      name: null,
    });
  });

  test('gives each further unnamed ask a number, and named ones their name', async () => {
    await task.request({ port: 6006, protocol: 'http' });
    await task.request({ port: 5000, protocol: 'tcp', endpoint_name: 'debug' });
    assert.deepEqual(
      properties(clearml, task.taskId, [
        '_SERVICE__1',
        '_PORT__1',
        'external_tcp_port__debug',
        'external_address__debug',
      ]),
      {
        _SERVICE__1: 'EXTERNAL',
        _PORT__1: 6006,
        external_tcp_port__debug: 5000,
        external_address__debug: '10.1.2.3',
      },
    );
    const endpoint = `https://router.example.com/service/${task.taskId}__1/`;
    changeRuntime(clearml, task.taskId, { endpoint__1: endpoint });
    const listed = await task.list();
    assert.equal(listed.find(({ name }) => name === '1')?.endpoint, endpoint);
    assert.equal(listed.find(({ name }) => name === 'debug')?.endpoint, '10.1.2.3:5000');
  });

  test('asks for a static route that the server offers, and for no other', async () => {
    await task.request({
      port: 9000,
      protocol: 'http',
      static_route: 'chat',
      endpoint_name: 'llm',
    });
    assert.deepEqual(
      properties(clearml, task.taskId, [
        '_ROUTER_ENDPOINT_MODE__llm',
        '_ROUTER_ENDPOINT_MODE_PARAM__llm',
      ]),
      { _ROUTER_ENDPOINT_MODE__llm: 'path', _ROUTER_ENDPOINT_MODE_PARAM__llm: 'chat' },
    );
    const ask = { port: 9000, protocol: 'http' } as const;
    await assert.rejects(task.request({ ...ask, static_route: 'off' }), {
      message: "ValueError: Static route 'off' is disabled",
    });
    await assert.rejects(task.request({ ...ask, static_route: 'nowhere' }), {
      message: "ValueError: Static route 'nowhere' does not exist",
    });
  });
});

describe('the SDK waits for the answer as it asks', { skip: absent }, () => {
  test('wait=True returns the router’s answer', async () => {
    const clearml = await startClearMl({ edition: 'enterprise' });
    const task = await startSdkTask({
      python,
      apiHost: clearml.url,
      ...credentials.alice,
      name: 'waits',
      address: '10.1.2.3',
    });
    try {
      const asking = task.request({
        port: 8080,
        protocol: 'http',
        wait: true,
        wait_interval_seconds: 0.1,
      });
      await taskWhen(clearml, task.taskId, (found) =>
        found.system_tags.includes('external_service'),
      );
      changeRuntime(clearml, task.taskId, { endpoint: 'https://router.example.com/x/' });
      assert.equal((await asking)?.endpoint, 'https://router.example.com/x/');
    } finally {
      await task.stop();
      assert.equal(clearml.state.task(task.taskId)?.status, 'completed');
      await clearml.stop();
    }
  });
});

describe('an open-source server', { skip: absent }, () => {
  test('is refused by request_external_endpoint; properties written by the task itself are not', async () => {
    const clearml = await startClearMl({ edition: 'open-source' });
    const task = await startSdkTask({
      python,
      apiHost: clearml.url,
      ...credentials.alice,
      name: 'open source',
      address: '10.1.2.3',
    });
    try {
      await assert.rejects(task.request({ port: 8080, protocol: 'http' }), /Enterprise license/);
      await task.write({ _SERVICE: 'EXTERNAL', _ADDRESS: '10.1.2.3', _PORT: 8080 });
      assert.equal(clearml.state.task(task.taskId)?.runtime['_PORT'], 8080);
    } finally {
      await task.stop();
      await clearml.stop();
    }
  });

  test('carries clearml-session: its ask, and the next one after a restart', async () => {
    const clearml = await startClearMl({ edition: 'open-source' });
    try {
      const { id } = addTask(clearml, {
        systemTags: ['interactive'],
        runtime: { _user_key: 'a', _user_secret: 'b', _ssh_password: 'c' },
        more: { hyperparams: SESSION_PARAMETERS },
      });
      const options = { python, apiHost: clearml.url, ...credentials.alice, taskId: id };
      const session = await startSession({ ...options, sshPort: 10022 });
      await session.stop();
      const asked = clearml.state.task(id);
      assert.equal(asked?.runtime['_SERVICE'], 'EXTERNAL_TCP');
      assert.equal(asked.runtime['external_tcp_port'], 10022);
      assert.equal(typeof asked.runtime['external_address'], 'string');
      assert.equal('upstream_task_port' in asked.runtime, false);
      assert.ok(asked.system_tags.includes('external_service'));

      const answer = { external_address: 'tcp.example.com', external_tcp_port: '30001' };
      changeRuntime(clearml, id, { ...answer, upstream_task_port: '10022' });
      const again = await startSession({ ...options, sshPort: 10023 });
      await again.stop();
      // The session takes the address that it finds for its own: the router's, next to a new port of its own.
      const names = ['external_address', 'external_tcp_port', 'upstream_task_port'];
      assert.deepEqual(properties(clearml, id, names), {
        external_address: 'tcp.example.com',
        external_tcp_port: 10023,
        upstream_task_port: '10022',
      });
    } finally {
      await clearml.stop();
    }
  });
});
