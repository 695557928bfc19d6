import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { createRequester } from '../e2e/load/request.ts';
import { startSteady } from '../e2e/load/steady.ts';
import { addTask, httpAsk } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../lab/clearml/server.ts';
import { startBalancer } from './balancer.ts';
import { settingsFor, startRouterProcess, type RouterProcess } from '../support/router_process.ts';

describe('a router that is replaced', () => {
  let clearml: ClearMl;
  let id: string;
  let headers: Record<string, string>;
  const task = createServer((request, response) => {
    request.resume().on('end', () => response.end('<h1>Sample task</h1>'));
  });
  const echo = new WebSocketServer({ server: task });
  echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));

  before(async () => {
    clearml = await startClearMl();
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    const { port } = task.address() as AddressInfo;
    id = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) }).id;
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
  });
  after(async () => {
    await clearml.stop();
    echo.close();
    task.close();
    task.closeAllConnections();
  });

  async function start(settings: Record<string, string>): Promise<RouterProcess> {
    const router = await startRouterProcess({ ...settingsFor(clearml), ...settings });
    await router.readyz(200);
    return router;
  }

  test('fails no request and keeps its sessions', async () => {
    const settings = { SHUTDOWN_DELAY_SECONDS: '1', DRAIN_SECONDS: '1.5' };
    const [leaving, staying] = await Promise.all([start(settings), start({})]);
    const balancer = await startBalancer([leaving, staying]);
    const url = `/service/${id}/`;
    const session = new WebSocket(`${leaving.url.replace('http', 'ws')}${url}`, { headers });
    await once(session, 'open');
    const requester = createRequester(balancer.url + url, () => headers);
    const load = startSteady(200, requester.ask);
    await sleep(500);
    const began = performance.now();
    leaving.child.kill('SIGTERM');
    await leaving.readyz(503);
    assert.equal((await fetch(leaving.url + url, { headers })).status, 200, 'within the delay');
    await once(session, 'close');
    const lived = performance.now() - began;
    assert.equal(await leaving.stop(), 0);
    await sleep(300);
    await load.stop();
    await requester.close();
    await balancer.stop();
    await staying.stop();
    const { done, failures } = load.report();
    assert.deepEqual(failures, []);
    // The load went on all the time; how fast is the machine's affair.
    assert.ok(done > 50, `${done} answers`);
    assert.ok(lived > 2_400, `the session lived for ${lived} ms`);
  });
});
