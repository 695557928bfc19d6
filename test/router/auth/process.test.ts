import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { addTask, changeTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { callApi, userToken } from '../../lab/clearml/client.ts';
import { credentials, ids } from '../../lab/clearml/seed.ts';
import type { ClearMl } from '../../lab/clearml/server.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import type { RouterProcess } from '../../support/router_process.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';

/** ACCESS_CACHE_SECONDS of this router; the rest of the bound is the five seconds that the router may take. */
const CACHE = 0.5;
const BOUND = CACHE * 1000 + 5_000;

describe('who gets in at a router process, by the word of a ClearML server', () => {
  let folder = '';
  let clearml: ClearMl;
  let router: RouterProcess;
  let id = '';
  const sockets = new WebSocketServer({ noServer: true });
  const task = createServer((_request, response) => response.end('the task'));
  task.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, () => undefined);
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'router-state-'));
    clearml = await startClearMl({ edition: 'enterprise' });
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    router = await startRouterProcess({
      ...settingsFor(clearml),
      // Own pages answer on this host name alone, on whatever port.
      ROUTER_URL: 'http://127.0.0.1',
      ACCESS_CACHE_SECONDS: String(CACHE),
      STATE_FILE: join(folder, 'state'),
    });
    await router.readyz(200);
    const { port } = task.address() as AddressInfo;
    id = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) }).id;
    await taskWhen(clearml, id, ({ runtime }) => runtime['endpoint'] !== undefined);
  });
  after(async () => {
    await router.stop();
    await clearml.stop();
    task.close();
    task.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  const signIn = (accessKey: string, secretKey: string) =>
    fetch(`${router.url}/auth/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({
        access_key: accessKey,
        secret_key: secretKey,
        next: `/service/${id}/`,
      }),
    });
  const open = (headers: Record<string, string>) =>
    fetch(`${router.url}/service/${id}/`, { headers });

  async function cookieOf(answer: Response): Promise<string> {
    assert.equal(answer.status, 303, await answer.text());
    const [line = ''] = answer.headers.getSetCookie();
    assert.match(line, /^router_session=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    return line.split(';', 1)[0] ?? '';
  }

  /** Resolves with the milliseconds until the WebSocket was ended. */
  async function ended(socket: WebSocket, began: number): Promise<number> {
    await once(socket, 'close');
    return performance.now() - began;
  }

  async function webSocket(headers: Record<string, string>): Promise<WebSocket> {
    const url = `${router.url.replace('http', 'ws')}/service/${id}/ws`;
    const socket = new WebSocket(url, { headers });
    await once(socket, 'open');
    return socket;
  }

  it('an access key signs in, a user name and password as well; wrong ones and another company’s do not', async () => {
    const { accessKey, secretKey } = credentials.alice;
    const answer = await signIn(accessKey, secretKey);
    assert.equal(answer.headers.get('location'), `/service/${id}/`);
    const cookie = await cookieOf(answer);
    const page = await open({ cookie });
    assert.deepEqual([page.status, await page.text()], [200, 'the task']);
    await cookieOf(await signIn('alice', 'lab-alice-password'));
    assert.equal((await signIn(accessKey, 'wrong')).status, 401);
    const { mallory } = credentials;
    assert.equal((await signIn(mallory.accessKey, mallory.secretKey)).status, 403);
  });

  it('a sign-out here is a logout at ClearML', async () => {
    const { accessKey, secretKey } = credentials.alice;
    const cookie = await cookieOf(await signIn(accessKey, secretKey));
    assert.equal((await open({ cookie })).status, 200);
    const out = { method: 'POST', headers: { cookie }, redirect: 'manual' } as const;
    assert.equal((await fetch(`${router.url}/auth/sign-out`, out)).status, 303);
    assert.equal((await open({ cookie })).status, 401);
  });

  it('a logout at ClearML ends the open WebSocket in time', async () => {
    const token = await userToken(clearml, 'alice');
    const authorization = `Bearer ${token}`;
    const socket = await webSocket({ authorization });
    const began = performance.now();
    assert.equal((await callApi(clearml.url, 'auth.logout', {}, authorization)).status, 200);
    assert.ok((await ended(socket, began)) < BOUND);
    assert.equal((await open({ authorization })).status, 401);
  });

  it('a task that goes to another company ends the open WebSocket in time', async () => {
    const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
    const socket = await webSocket({ authorization });
    const began = performance.now();
    changeTask(clearml, id, { company: ids.companyB });
    assert.ok((await ended(socket, began)) < BOUND);
    assert.equal((await open({ authorization })).status, 404);
    changeTask(clearml, id, { company: ids.companyA });
  });

  it('an endpoint token opens its endpoint until it is revoked, and its WebSocket with it', async () => {
    const headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const api = `${router.url}/api/v1/endpoint-tokens`;
    const wish = { method: 'POST', headers, body: JSON.stringify({ endpoint: id, label: 'ci' }) };
    let issued = await fetch(api, wish);
    // The answer above, that the task cannot be seen, is kept for five seconds.
    for (const deadline = performance.now() + 8_000; issued.status === 404;) {
      assert.ok(performance.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 250));
      issued = await fetch(api, wish);
    }
    assert.equal(issued.status, 201);
    const { id: tokenId, token } = (await issued.json()) as { id: string; token: string };
    const program = { authorization: `Bearer ${token}` };
    assert.equal((await open(program)).status, 200);
    const socket = await webSocket(program);
    const began = performance.now();
    assert.equal((await fetch(`${api}/${tokenId}`, { method: 'DELETE', headers })).status, 204);
    assert.ok((await ended(socket, began)) < BOUND);
    assert.equal((await open(program)).status, 401);
  });
});
