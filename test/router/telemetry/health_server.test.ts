import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen } from '../../../router/sockets/listen.ts';
import {
  createHealthServer,
  type ReadinessCheck,
} from '../../../router/telemetry/health_server.ts';

test('the health port tells by status alone whether the router is ready, and nothing else', async (t) => {
  const SECRET = 'ClearML at https://api.internal.example.com refuses the login';
  let isReady = false;
  const server = createHealthServer((): readonly ReadinessCheck[] => [
    { name: 'first-look', ok: isReady, required: true, detail: SECRET },
    { name: 'routes', ok: false, required: false, detail: SECRET },
  ]);
  const port = await listen(server, 0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const get = async (path: string, method = 'GET'): Promise<readonly [number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await get('/readyz'), [503, '{"status":"not ready"}\n']);
  assert.deepEqual(await get('/healthz'), [200, '{"status":"ok"}\n']);
  isReady = true;
  assert.deepEqual(await get('/readyz?verbose'), [200, '{"status":"ready"}\n']);
  assert.deepEqual(await get('/readyz', 'HEAD'), [200, '']);
  const missing = '{"error":"not found","paths":["/healthz","/readyz"]}\n';
  for (const path of ['/metrics', '/', '/readyz/', '/METRICS', '//metrics', '/constructor']) {
    assert.deepEqual(await get(path), [404, missing], path);
  }
  assert.deepEqual(await get('/readyz', 'POST'), [405, '{"error":"method not allowed"}\n']);
});
