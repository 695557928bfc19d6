/** The load reports what goes wrong, and nothing where all is well; no cluster is needed for that. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { SampleProgram } from '../../lab/tasks/programs.ts';
import { startLoad, troublesOf, type LoadTargets } from './load.ts';
import { freePort } from '../../lab/free_port.ts';

const TASKS = resolve(import.meta.dirname, '../../lab/tasks');

async function task(
  t: TestContext,
  name: SampleProgram,
): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(TASKS, `${name}.ts`)], {
    env: { ...process.env, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { child, port };
}

async function targets(t: TestContext) {
  const [web, tcp] = await Promise.all([task(t, 'web_app'), task(t, 'line_echo')]);
  const load: LoadTargets = {
    endpoint: `http://127.0.0.1:${web.port}/`,
    headers: () => ({}),
    tcp: { address: '127.0.0.1', port: tcp.port },
    sessions: 2,
  };
  return { web, tcp, load };
}

test('where all is well, the load counts and reports no trouble', async (t) => {
  const load = await startLoad((await targets(t)).load);
  await sleep(1_500);
  const report = await load.stop();
  assert.deepEqual(troublesOf(report), []);
  assert.ok(report.http.done >= 20, `${report.http.done} requests`);
  assert.ok(report.connections.done >= 3, `${report.connections.done} connections`);
  assert.equal(report.webSockets.alive, 2);
  assert.equal(report.tcpSessions.alive, 2);
  assert.ok(report.webSockets.rounds >= 6, `${report.webSockets.rounds} rounds`);
});

test('where the tasks are killed, the load reports each loss', async (t) => {
  const { web, tcp, load } = await targets(t);
  const running = await startLoad(load);
  web.child.kill('SIGKILL');
  tcp.child.kill('SIGKILL');
  await sleep(1_000);
  const report = await running.stop();
  assert.ok(report.http.failures.some(({ error }) => error.includes('ECONNREFUSED')));
  assert.ok(report.connections.failures.some(({ error }) => error.includes('ECONNREFUSED')));
  assert.equal(report.webSockets.alive, 0);
  assert.match(report.webSockets.ended[0]?.how ?? '', /^close code 1006/);
  assert.equal(report.webSockets.ended.length, 2);
  assert.equal(report.tcpSessions.ended.length, 2);
});
