/** The real SDK and the real clearml-session ask, the router as a process answers, and bytes go through. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { addTask, taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { prepareSdk } from '../../lab/tasks/sdk.ts';
import { startSdkTask, type SdkTask } from '../../lab/tasks/sdk_task.ts';
import { SESSION_PARAMETERS, startSession } from '../../lab/tasks/session_task.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';

const sdk = await prepareSdk({ onProgress: (step, detail) => console.log(`# ${step}: ${detail}`) });
const absent = 'absent' in sdk ? `no ClearML SDK: ${sdk.absent}` : false;
const python = 'absent' in sdk ? '' : sdk.python;

const PORTS = { first: 31_840, last: 31_859 };
const WAIT = { wait: true, wait_interval_seconds: 0.2, wait_timeout_seconds: 20 } as const;

/** A TCP service that says its name and goes. */
async function listenAs(name: string): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => socket.end(`${name}\n`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

async function greetingOf(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const { value } = await createInterface({ input: socket })[Symbol.asyncIterator]().next();
  socket.destroy();
  return String(value);
}

describe('the SDK’s asks, answered by the router', { skip: absent }, () => {
  let clearml: ClearMl;
  let router: RouterProcess;
  let task: SdkTask;
  const app = createHttpServer((request, response) => response.end(`app ${request.url}`));
  const services: Server[] = [];

  before(async () => {
    clearml = await startClearMl({ edition: 'enterprise' });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    router = await startRouterProcess({
      ...settingsFor(clearml),
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: String(PORTS.first),
      TCP_PORT_END: String(PORTS.last),
    });
    await router.readyz(200);
    task = await startSdkTask({
      python,
      apiHost: clearml.url,
      ...credentials.alice,
      name: 'asks the router',
      address: '127.0.0.1',
    });
  });
  after(async () => {
    await task.stop();
    await router.stop();
    await clearml.stop();
    app.close();
    for (const server of services) server.close();
  });

  async function fetchPath(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const response = await fetch(`${router.url}${path}`, { headers });
    assert.equal(response.status, 200, `${path}: ${response.status}`);
    return response.text();
  }

  test('HTTP with wait=True returns a URL that serves the task', async () => {
    const { port } = app.address() as AddressInfo;
    const found = await task.request({ port, protocol: 'http', ...WAIT });
    const endpoint = `http://router.example.test/service/${task.taskId}/`;
    assert.deepEqual(
      { endpoint: found?.endpoint, browser: found?.browser_endpoint },
      { endpoint, browser: endpoint },
    );
    assert.equal(await fetchPath(`/service/${task.taskId}/x`), 'app /x');
  });

  test('a named HTTP endpoint has a path of its own', async () => {
    const { port } = app.address() as AddressInfo;
    const found = await task.request({ port, protocol: 'http', endpoint_name: 'board', ...WAIT });
    assert.equal(found?.endpoint, `http://router.example.test/service/${task.taskId}__board/`);
    assert.equal(await fetchPath(`/service/${task.taskId}__board/y`), 'app /y');
  });

  test('TCP next to it: the list of endpoints shows the router’s address once it has answered', async () => {
    const { port, server } = await listenAs('first');
    services.push(server);
    await task.request({ port, protocol: 'tcp' });
    const { runtime } = await taskWhen(
      clearml,
      task.taskId,
      (found) => found.runtime['external_address'] === 'tcp.example.test',
    );
    const external = Number(runtime['external_tcp_port']);
    assert.ok(external >= PORTS.first && external <= PORTS.last);
    const listed = await task.list();
    assert.equal(
      listed.find(({ protocol }) => protocol === 'tcp')?.endpoint,
      `tcp.example.test:${external}`,
    );
    assert.equal(listed.filter(({ protocol }) => protocol === 'http').length, 2);
    assert.equal(await greetingOf(external), 'first');
  });

  test('clearml-session keeps its port when its SSH server starts again elsewhere', async () => {
    const { id } = addTask(clearml, {
      systemTags: ['interactive'],
      runtime: { external_address: '127.0.0.1', _ssh_password: 'lab' },
      more: { hyperparams: SESSION_PARAMETERS },
    });
    const options = { python, apiHost: clearml.url, ...credentials.alice, taskId: id };
    const ports: string[] = [];
    for (const name of ['ssh one', 'ssh two']) {
      const { port, server } = await listenAs(name);
      services.push(server);
      const session = await startSession({ ...options, sshPort: port });
      const { runtime } = await taskWhen(
        clearml,
        id,
        (found) =>
          found.runtime['upstream_task_port'] === String(port) &&
          found.runtime['external_address'] === 'tcp.example.test' &&
          found.runtime['external_tcp_port'] !== port,
      );
      await session.stop();
      ports.push(textOf(runtime['external_tcp_port']));
      assert.equal(await greetingOf(Number(ports.at(-1))), name);
    }
    assert.equal(ports[0], ports[1]);
  });

  test('what the SDK overwrites comes back', async () => {
    const { port } = app.address() as AddressInfo;
    const endpoint = `http://router.example.test/service/${task.taskId}/`;
    // Writes the whole runtime, without the router's answer.
    assert.equal(clearml.state.task(task.taskId)?.runtime['endpoint'], endpoint);
    await task.write({ endpoint: '', _PORT: port });
    await taskWhen(clearml, task.taskId, (found) => found.runtime['endpoint'] === endpoint);
  });
});
