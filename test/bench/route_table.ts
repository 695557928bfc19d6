/**
 * `npm run bench:routes`: what a large installation costs the router. The bundle, as it is deployed, beside a stand-in ClearML
 * server with 10,000 tasks that ask. Loopback only; about two minutes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NODE_FLAGS, bundleRouter } from '../../infra/bundle/bundle.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../lab/clearml/asks.ts';
import { credentials } from '../lab/clearml/seed.ts';
import { startClearMl, type ClearMl } from '../lab/clearml/server.ts';
import { freePort } from '../lab/free_port.ts';

const TASKS = 10_000;
/** Milliseconds. */
const POLL = 2_000;
const NEW_ASKS = 10;
const IDLE = 60_000;

function fill(server: ClearMl): void {
  for (let index = 0; index < TASKS; index += 1) {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    const tcp = index % 10 === 0 ? tcpAsk({ address, port: 22 }) : {};
    addTask(server, {
      name: `task ${index}`,
      // As much again of what the router has no use for.
      runtime: { ...httpAsk({ address, port: 8888 }), ...tcp, other: 'x'.repeat(600) },
    });
  }
}

/** One value of the router's own metrics. */
async function metric(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

function say(what: string, value: number, unit: string, goal: string): void {
  console.log(`${what.padEnd(52)} ${value.toFixed(1).padStart(8)} ${unit.padEnd(4)} ${goal}`);
}

async function measure(server: ClearMl, admin: string, started: number): Promise<void> {
  const isReady = async (): Promise<boolean> =>
    (await fetch(`${admin}/readyz`).catch(() => undefined))?.status === 200;
  while (!(await isReady())) await wait(10);
  const looks = server.calls.entries({ call: 'tasks.get_all_ex' });
  const answered = Math.max(
    ...looks.slice(0, TASKS / 500 + 1).map(({ at, duration }) => at + duration),
  );
  say('start of the process to the first table', Date.now() - started, 'ms', '');
  say(
    'the last page of the API to the first table',
    Date.now() - answered,
    'ms',
    '(goal: under 1000)',
  );

  const tasks = [...server.state.tasks()].map(({ id }) => id);
  for (const id of tasks) {
    await taskWhen(
      server,
      id,
      ({ runtime }) => 'router_name' in runtime,
      AbortSignal.timeout(120_000),
    );
  }
  say('start of the process to the last answer', Date.now() - started, 'ms', '');

  let slowest = 0;
  for (let index = 0; index < NEW_ASKS; index += 1) {
    await wait(POLL * Math.random());
    const asked = performance.now();
    const { id } = addTask(server, {
      runtime: httpAsk({ address: '10.200.0.1', port: index + 1 }),
    });
    await taskWhen(server, id, ({ runtime }) => 'router_name' in runtime);
    slowest = Math.max(slowest, performance.now() - asked);
  }
  say(`a new ask to its answer, slowest of ${NEW_ASKS}`, slowest, 'ms', `(goal: ${POLL + 200})`);

  await wait(10_000);
  const before = await metric(admin, 'process_cpu_seconds_total');
  await wait(IDLE);
  const used = (await metric(admin, 'process_cpu_seconds_total')) - before;
  say('idle, of one core', (used / IDLE) * 100_000, '%', '(goal: under 5)');
  const memory = await metric(admin, 'process_resident_memory_bytes');
  say('memory', memory / 1e6, 'MB', '(goal: under 180)');
}

const folder = mkdtempSync(join(tmpdir(), 'router-bench-'));
const bundle = join(folder, 'router.cjs');
writeFileSync(bundle, await bundleRouter());
const server = await startClearMl();
fill(server);
const [http, adminPort] = [await freePort(), await freePort()];
const started = Date.now();
const router = spawn(process.execPath, [...NODE_FLAGS, bundle], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: {
    ROUTER_URL: `http://127.0.0.1:${http}`,
    CLEARML_API_HOST: server.url,
    CLEARML_API_ACCESS_KEY: credentials.router.accessKey,
    CLEARML_API_SECRET_KEY: credentials.router.secretKey,
    AUTH_BASE64_JWKS_KEY: server.signingKey.raw,
    TASK_NETWORKS: '10.0.0.0/8',
    TCP_ROUTER_ADDRESS: '127.0.0.1',
    TCP_PORT_START: '20000',
    TCP_PORT_END: '21999',
    BIND_ADDRESS: '127.0.0.1',
    HTTP_PORT: String(http),
    ADMIN_PORT: String(adminPort),
    POLL_INTERVAL: String(POLL / 1000),
    DRAIN_SECONDS: '0',
  },
});
try {
  console.log(`${TASKS} tasks that ask, one in ten for TCP too; a look each ${POLL} ms`);
  await measure(server, `http://127.0.0.1:${adminPort}`, started);
} finally {
  router.kill('SIGTERM');
  await once(router, 'exit');
  await server.stop();
  rmSync(folder, { recursive: true });
}
