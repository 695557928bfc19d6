import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import { until } from '../../support/attacked.ts';
import { ROUTER_HOST, balanced, task } from '../../support/balanced.ts';
import { replying } from '../../support/raw_peers.ts';

const named = (name: string) =>
  replying(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);

/** A process of its own that answers `mine`, also at /health. */
async function appProcess(t: TestContext) {
  const program =
    'require("node:http").createServer((_, response) => response.end("mine"))' +
    '.listen(0, "127.0.0.1", function () { console.log(this.address().port) })';
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(line.toString()), child };
}

test('a task that stands still is found by its health path, gets nothing more, and comes back by it', async (t) => {
  const { port, child } = await appProcess(t);
  const others = [await task(t, named('other')), await task(t, named('other'))];
  const world = await balanced(t, [port, ...others.map((one) => one.port)]);
  const endpoints = world.endpoints.map((endpoint): Endpoint => ({
    ...endpoint,
    http: endpoint.http && { ...endpoint.http, healthPath: '/health' },
  }));
  world.serve(...endpoints);
  world.activity.checks.start();
  const [mine] = endpoints;
  assert.ok(mine !== undefined);
  const ask = async (method: string): Promise<string> => {
    const client = await world.client();
    client.send(`${method} /chat/x HTTP/1.1`, ROUTER_HOST, world.user, 'Content-Length: 0', '', '');
    const { status, body } = await client.answer(false, 10_000);
    client.destroy();
    return status === 200 ? body : String(status);
  };
  const answers = async (count: number): Promise<readonly string[]> => {
    const said: string[] = [];
    for (let turn = 0; turn < count; turn++) said.push(await ask(turn % 2 === 0 ? 'GET' : 'POST'));
    return said;
  };
  const before = await answers(12);
  assert.ok(before.includes('mine') && before.includes('other'));
  child.kill('SIGSTOP');
  await until(() => world.activity.ejections.has('http', mine), 15_000);
  assert.equal(world.activity.of(mine.id, 'http').failure, 'timeout');
  assert.deepEqual([...new Set(await answers(60))], ['other'], 'nothing fails, nothing waits');
  child.kill('SIGCONT');
  await until(() => !world.activity.ejections.has('http', mine), 15_000);
  assert.ok((await answers(12)).includes('mine'));
});
