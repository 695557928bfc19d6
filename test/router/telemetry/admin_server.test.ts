import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { createAdminServer } from '../../../router/telemetry/admin_server.ts';
import type { ReadinessCheck } from '../../../router/telemetry/health_server.ts';
import { VERSION } from '../../../router/version.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function serving(
  checks: () => readonly ReadinessCheck[],
  refresh = (): void => undefined,
  registry = createRegistry(),
) {
  const metrics = createMetrics(registry);
  const server = createAdminServer({
    contentType: registry.contentType,
    metrics: () => registry.metrics(),
    readiness: checks,
    refresh,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const url = `http://127.0.0.1:${address.port}`;
  return { metrics, get: (path: string, method = 'GET') => fetch(url + path, { method }) };
}

test('/healthz is 200 though nothing is ready', async () => {
  const { get } = await serving(() => [{ name: 'clearml', ok: false, required: true }]);
  const answer = await get('/healthz');
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { status: 'ok' });
});

test('/readyz follows the required checks and tells all of them, and the version', async () => {
  let clearml = false;
  const checks = (): readonly ReadinessCheck[] => [
    { name: 'clearml', ok: clearml, required: true, detail: 'no answer yet' },
    { name: 'tcp-ports', ok: false, required: false, detail: 'the range is full' },
  ];
  const { get } = await serving(checks);
  const before = await get('/readyz');
  assert.equal(before.status, 503);
  assert.deepEqual(await before.json(), {
    status: 'not ready',
    version: VERSION,
    checks: checks(),
  });
  clearml = true;
  const after = await get('/readyz?verbose');
  assert.equal(after.status, 200);
  assert.deepEqual(await after.json(), { status: 'ready', version: VERSION, checks: checks() });
});

test('/metrics carries the process and the router, refreshed', async () => {
  const { get, metrics } = await serving(
    () => [],
    () => metrics.tcpPortsLeft.set(7),
  );
  const answer = await get('/metrics');
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  assert.match(text, /^task_router_tcp_ports_left 7$/m);
  assert.match(text, /^process_cpu_seconds_total /m);
});

test('metrics that cannot be collected are an answer that says why', async () => {
  const registry = createRegistry();
  registry.metrics = () => Promise.reject(new Error('a gauge is broken'));
  const { get } = await serving(() => [], undefined, registry);
  const answer = await get('/metrics');
  assert.equal(answer.status, 500);
  assert.deepEqual(await answer.json(), { error: 'Error: a gauge is broken' });
});

test('other methods and paths are refused', async () => {
  const { get } = await serving(() => []);
  assert.equal((await get('/readyz', 'POST')).status, 405);
  assert.equal((await get('/')).status, 404);
  const head = await get('/healthz', 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});
