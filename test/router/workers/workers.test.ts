import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRequester } from '../../e2e/load/request.ts';
import { startSteady } from '../../e2e/load/steady.ts';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { MAIN, settingsFor, startRouterProcess, type RouterProcess } from '../process.ts';

const skip = process.platform === 'linux' ? false : 'finds the workers in /proc';

function workersOf({ child: { pid } }: RouterProcess): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

describe('WORKERS of a router', { skip }, () => {
  let clearml: ClearMl;
  let router: RouterProcess;
  let url: string;
  let headers: Record<string, string>;
  const task = createServer((request, response) => {
    request.resume().on('end', () => response.end('<h1>Sample task</h1>'));
  });

  before(async () => {
    clearml = await startClearMl();
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    const { port } = task.address() as AddressInfo;
    const { id } = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) });
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    router = await startRouterProcess({ ...settingsFor(clearml), WORKERS: '2' });
    await router.readyz(200);
    url = `${router.url}/service/${id}/`;
  });
  after(async () => {
    assert.equal(await router.stop(), 0);
    await clearml.stop();
    task.close();
    task.closeAllConnections();
  });

  const workers = (): readonly number[] => workersOf(router);

  test('one is killed: the other serves on, and a new one takes its place', async () => {
    const before = workers();
    assert.equal(before.length, 2);
    const requester = createRequester(url, () => headers);
    const load = startSteady(100, requester.ask);
    await sleep(500);
    const [victim = 0, survivor] = before;
    process.kill(victim, 'SIGKILL');
    await router.logged(({ event }) => event === 'worker_ended');
    const noticedAt = Date.now();
    while (workers().length < 2 || workers().includes(victim)) {
      await router.readyz(200);
      await sleep(20);
    }
    await sleep(500);
    await load.stop();
    await requester.close();
    const { done, failures, slowest } = load.report();
    assert.ok(done > 150, `${done} requests`);
    assert.ok(workers().includes(survivor ?? 0));
    assert.ok(slowest < 5_000, `a client waited for ${slowest} ms`);
    // What the killed process had in its hands is lost; nothing that comes once its end is known.
    assert.deepEqual(
      failures.filter(({ at }) => at > noticedAt),
      [],
    );
  });

  test('two scrapes at once both count all of them', async () => {
    await (await fetch(url, { headers })).arrayBuffer();
    const scrape = async (): Promise<string> => (await fetch(`${router.adminUrl}/metrics`)).text();
    const scrapes = await Promise.all(Array.from({ length: 4 }, scrape));
    const counted = scrapes.map((text) => /^task_router_http_requests_total\{.*$/m.exec(text)?.[0]);
    assert.notEqual(counted[0], undefined);
    assert.equal(new Set(counted).size, 1);
  });

  test('each request of both has its line in the log, whole, also of the last moment', async () => {
    const own = await startRouterProcess({ ...settingsFor(clearml), WORKERS: '2' });
    await own.readyz(200);
    const { pathname } = new URL(url);
    const urls = Array.from({ length: 400 }, (_, index) => `${pathname}${index}`);
    await Promise.all(
      urls.map(async (path) => (await fetch(`${own.url}${path}`, { headers })).arrayBuffer()),
    );
    assert.equal(await own.stop(), 0);
    const logged = own.lines.filter(({ event }) => event === 'request').map(({ path }) => path);
    assert.equal(logged.length, urls.length);
    assert.deepEqual(new Set(logged), new Set(urls));
  });

  test('one that hangs is killed after the grace, and does not keep the process', async () => {
    const settings = { ...settingsFor(clearml), WORKERS: '2', DRAIN_SECONDS: '0' };
    const hanging = await startRouterProcess(settings);
    await hanging.readyz(200);
    const [victim = 0] = workersOf(hanging);
    process.kill(victim, 'SIGSTOP');
    assert.equal(await hanging.stop(), 0);
    assert.throws(() => process.kill(victim, 0), { code: 'ESRCH' });
  });

  test('a taken port: one line that names it, exit status 1', () => {
    const { port } = task.address() as AddressInfo;
    const env = { ...settingsFor(clearml), WORKERS: '2', HTTP_PORT: String(port) };
    const { status, stderr } = spawnSync(process.execPath, [MAIN], { env, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /cannot listen on 127\.0\.0\.1, port \d+: another process has it/);
  });
});
