/** The router as a process that takes itself for a pod: what is asked for by the API is carried to the pod of the task. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { request, type Dispatcher } from 'undici';

import { makeCertificate } from '../../../lab/certificate.ts';
import { addTask } from '../../../lab/clearml/asks.ts';
import { userToken } from '../../../lab/clearml/client.ts';
import { startClearMl } from '../../../lab/clearml/server.ts';
import { PodServer } from '../../kubernetes/pod_server.ts';
import { runtimeOf } from '../../../support/installation.ts';
import { AS_POD } from '../../../support/kubernetes/pod.ts';
import { settingsFor, startRouterProcess } from '../../../support/router_process.ts';

const certificate = makeCertificate();
const skip = certificate === undefined ? 'no openssl to make a certificate with' : false;

const SECRETS = { _user_secret: 'hush' };
const PORTS = { TCP_PORT_START: '31870', TCP_PORT_END: '31879' };

test(
  'a task whose code knows nothing is asked for, carried to, and withdrawn',
  { skip },
  async (t) => {
    assert.ok(certificate !== undefined);
    const folder = mkdtempSync(join(tmpdir(), 'asking-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'a token');
    const app = createHttpServer((request, response) => response.end(`app ${request.url}`));
    // The router's check of its health hangs up before it has read.
    const service = createServer((socket) => socket.on('error', () => undefined).end('service\n'));
    for (const server of [app, service]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    const portOf = (server: typeof service): number => (server.address() as AddressInfo).port;
    const pods = await PodServer.start(certificate);
    const clearml = await startClearMl({ edition: 'open-source', editRuntimeKeys: 'escaped' });
    const { id } = addTask(clearml, { systemTags: ['development'], runtime: SECRETS });
    pods.put('other', ['127.0.0.9']);
    const router = await startRouterProcess(
      {
        ...settingsFor(clearml),
        ...PORTS,
        TCP_ROUTER_ADDRESS: 'tcp.example.test',
        KUBERNETES_SERVICE_HOST: 'localhost',
        KUBERNETES_SERVICE_PORT: String(pods.port),
        POD_NAME: 'router-0',
        POD_CA_FILE: certificate.certFile,
        POD_TOKEN_FILE: tokenFile,
        VERIFY_TASK_PODS: 'clearml',
        VERIFY_TASK_PODS_STRICT: 'true',
      },
      { nodeOptions: ['--import', AS_POD] },
    );
    t.after(async () => {
      await router.stop();
      await clearml.stop();
      await pods.stop();
      app.close();
      service.close();
      rmSync(folder, { recursive: true });
    });
    await router.readyz(200);
    const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
    const call = async (method: Dispatcher.HttpMethod, path: string, body?: object) => {
      // Pages and API are on the host of ROUTER_URL alone.
      const headers = { authorization, host: 'router.example.test' };
      const text = body === undefined ? null : JSON.stringify(body);
      const answer = await request(router.url + path, { method, headers, body: text });
      return { status: answer.statusCode, text: await answer.body.text() };
    };
    const ask = (wish: object) => call('POST', '/api/v1/endpoints', { task: id, ...wish });
    const http = { port: portOf(app), protocol: 'http' };

    const early = await ask(http);
    assert.deepEqual(
      [early.status, (JSON.parse(early.text) as { error: string }).error],
      [409, 'no-pod'],
    );
    pods.put(`clearml-id-${id}`, ['127.0.0.1']);
    let asked = await ask(http);
    // The event of the pod is on its way.
    while (asked.status === 409) asked = await ask(http);
    assert.equal(asked.status, 201);
    assert.deepEqual(JSON.parse(asked.text), {
      id,
      task: id,
      name: null,
      protocol: 'http',
      port: portOf(app),
      url: `http://router.example.test/service/${id}/`,
    });
    await router.logged(({ event, endpoint }) => event === 'route_opened' && endpoint === id);
    assert.equal((await call('GET', `/service/${id}/x`)).text, 'app /x');

    const ssh = { port: portOf(service), protocol: 'tcp', name: 'ssh' };
    assert.equal((await ask(ssh)).status, 201);
    await router.logged(
      ({ event, endpoint }) => event === 'route_opened' && endpoint === `${id}__ssh`,
    );
    const { text: listing } = await call('GET', '/api/v1/routes');
    const [, port] = /"port":(3187\d)/.exec(listing) ?? [];
    const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
    const [greeting] = (await once(socket, 'data')) as [string];
    assert.equal(greeting, 'service\n');

    for (const endpoint of [id, `${id}__ssh`]) {
      assert.equal((await call('DELETE', `/api/v1/endpoints/${endpoint}`)).status, 204);
      await router.logged(
        (line) => line['event'] === 'endpoint_gone' && line['endpoint'] === endpoint,
      );
    }
    assert.equal((await call('GET', `/service/${id}/x`)).status, 404);
    assert.deepEqual(runtimeOf(clearml, id), SECRETS);
    assert.deepEqual(clearml.state.task(id)?.system_tags, ['development']);
  },
);
