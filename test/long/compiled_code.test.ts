/**
 * V8 throws compiled code away when a collection finds none of the objects that it was compiled for, as it does while no request is
 * under way. A router as the program deploys it keeps its code through a quiet time; one without those flags beside it shows that
 * there was something to keep. About two minutes, most of them quiet.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { bundleRouter, NODE_FLAGS } from '../../infra/bundle/bundle.ts';
import { addTask, httpAsk, taskWhen } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../lab/clearml/server.ts';
import { settingsFor } from '../support/router_process.ts';

const REQUESTS = 20_000;
const AT_ONCE = 16;
const THROWN_AWAY = 'embedded weak objects cleared';

/** A router whose V8 tells what becomes of its code. */
interface TracedRouter {
  readonly url: string;
  /** How many functions' code was thrown away so far. */
  readonly thrownAway: () => number;
  /** Resolves when code is thrown away for the first time. */
  readonly first: Promise<void>;
}

/** V8 writes its traces among the lines of the log, which `startRouterProcess` takes all to be JSON. */
async function startTraced(
  t: TestContext,
  clearml: ClearMl,
  program: string,
  flags: readonly string[],
): Promise<TracedRouter> {
  const child = spawn(process.execPath, [...flags, '--trace-deopt', program], {
    env: { ...settingsFor(clearml), POLL_INTERVAL: '2' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  });
  let count = 0;
  const listening = Promise.withResolvers<number>();
  const first = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('"event":"listening"')) {
      const { httpPort } = JSON.parse(line) as { httpPort: number };
      listening.resolve(httpPort);
    }
    if (!line.includes(THROWN_AWAY)) return;
    count += 1;
    first.resolve();
  });
  const url = `http://127.0.0.1:${await listening.promise}`;
  return { url, thrownAway: () => count, first: first.promise };
}

async function load(url: string, authorization: string): Promise<void> {
  const one = async (): Promise<void> => {
    for (let count = 0; count < REQUESTS / AT_ONCE; count += 1) {
      const response = await fetch(url, { headers: { authorization } });
      assert.equal(response.status, 200);
      await response.text();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

test('compiled code outlives a quiet time', { timeout: 400_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'compiled-code-'));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, 'router.cjs');
  await writeFile(program, await bundleRouter());
  const upstream = createServer((_, response) => response.end('ok'));
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  t.after(() => upstream.close());
  const clearml = await startClearMl();
  t.after(() => clearml.stop());
  const { port } = upstream.address() as AddressInfo;
  const { id } = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) });
  const sizes = NODE_FLAGS.filter((flag) => flag.includes('-size='));
  const plain = await startTraced(t, clearml, program, sizes);
  const deployed = await startTraced(t, clearml, program, NODE_FLAGS);
  await taskWhen(clearml, id, ({ runtime }) => 'endpoint' in runtime);
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  for (const { url } of [deployed, plain]) await load(`${url}/service/${id}/`, authorization);
  const before = deployed.thrownAway();

  await plain.first;

  assert.equal(deployed.thrownAway(), before);
});
