import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';

const OFF = {
  MAX_CONNECTIONS: '0',
  MAX_REQUESTS: '0',
  MAX_REQUESTS_PER_USER: '0',
  MAX_REQUESTS_PER_TASK: '0',
};

describe('a flood at a router with little memory', () => {
  let clearml: ClearMl;
  let id: string;
  let authorization: string;
  const waiting: ServerResponse[] = [];
  const task = createServer({ maxHeaderSize: 65_536 }, (_request, response) => {
    waiting.push(response);
  });

  before(async () => {
    clearml = await startClearMl();
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    const { port } = task.address() as AddressInfo;
    id = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) }).id;
    authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  });
  after(async () => {
    await clearml.stop();
    task.closeAllConnections();
    task.close();
  });

  test('new requests get 503 with Retry-After, what runs is answered, and it recovers', async (t) => {
    const router = await startRouterProcess(
      { ...settingsFor(clearml), ...OFF, POLL_INTERVAL: '1' },
      { nodeOptions: ['--max-old-space-size=96', '--max-semi-space-size=2'] },
    );
    t.after(() => router.child.kill('SIGKILL'));
    await router.readyz(200);
    await router.logged((line) => line['event'] === 'route_opened' && line['task'] === id);
    const agent = new Agent({ keepAlive: false });
    const url = `${router.url}/service/${id}/`;
    // Each holds a head of 25 KB for as long as its task does not answer.
    const headers: Record<string, string> = { authorization };
    for (let index = 0; index < 25; index++) headers[`x-flood-${index}`] = 'x'.repeat(1_000);
    const answered: number[] = [];
    const ask = async (): Promise<IncomingMessage> => {
      const sent = request(url, { agent, headers }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      answered.push(response.statusCode ?? 0);
      return response;
    };
    const running: Promise<IncomingMessage>[] = [];
    while (answered.length === 0) {
      assert.ok(running.length < 5_000, 'it took everything that came');
      running.push(...Array.from({ length: 50 }, ask));
      while (waiting.length + answered.length < running.length) await sleep(5);
    }
    const refused = await Promise.race(running);
    assert.equal(refused.statusCode, 503);
    assert.equal(refused.headers['retry-after'], '5');
    const told = await router.logged((line) => line['event'] === 'overload');
    assert.ok(Number(told['memoryPercent']) >= 85);
    const metrics = await (await fetch(`${router.adminUrl}/metrics`)).text();
    assert.match(metrics, /^task_router_overloaded 1$/m);
    assert.match(metrics, /^task_router_limits_hit_total\{limit="overload"\} [1-9]/m);
    assert.equal((await fetch(`${router.adminUrl}/healthz`)).status, 200);
    await router.readyz(200);
    const held = waiting.length;
    assert.ok(held > 200, `${held} requests reached the task`);
    for (const response of waiting) response.end('ok');
    const answers = await Promise.all(running);
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, held);
    for (const { statusCode } of answers) assert.ok(statusCode === 200 || statusCode === 503);
    await router.logged((line) => line['event'] === 'overload_ended');
    const reached = waiting.length;
    const again = ask();
    while (waiting.length === reached) await once(task, 'request');
    waiting.at(-1)?.end('ok');
    assert.equal((await again).statusCode, 200);
    assert.equal(await router.stop(), 0);
  });
});
