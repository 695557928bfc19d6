import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials, ids } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { addTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { echoTask, startOutside } from '../../support/outside.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

describe('settings, readiness and the end of a router', () => {
  const folder = mkdtempSync(join(tmpdir(), 'router-settings-'));
  let task: RawTask;
  before(async () => {
    task = await echoTask();
  });
  after(async () => {
    await task.close();
    rmSync(folder, { recursive: true });
  });

  test('every value may come from a file, with white space around it; two keys; lists; fractions', async () => {
    const clearml = await startClearMl();
    const environment: Record<string, string> = {};
    const settings = {
      ...settingsFor(clearml),
      ROUTER_NAME: 'second.router_2',
      AUTH_BASE64_JWKS_KEY: `${Buffer.from('the key before').toString('base64url')}\n${clearml.signingKey.base64url}`,
      TASK_NETWORKS: ' 10.0.0.0/8 ,127.0.0.1, ,fd00::/8 ',
      LISTEN_QUEUE_NAME: ' gpu , default',
      POLL_INTERVAL: '0.25',
      ACCESS_CACHE_SECONDS: '0.5',
      LOG_LEVEL: 'debug',
      SSL_VERIFY: 'false',
    };
    for (const [name, value] of Object.entries(settings)) {
      const path = join(folder, name);
      writeFileSync(path, `\n  ${value} \n\n`);
      environment[`${name}_FILE`] = path;
    }
    const router = await startRouterProcess(environment);
    await router.readyz(200);
    const runtime = httpAsk({ address: '127.0.0.1', port: task.port });
    const elsewhere = addTask(clearml, { runtime });
    const { id } = addTask(clearml, { runtime, queue: ids.queueGpu });
    const answered = await taskWhen(clearml, id, (one) => 'endpoint' in one.runtime);
    assert.equal(answered.runtime['router_name'], 'second.router_2');
    const authorization = `Bearer ${await clearml.token(ids.alice)}`;
    const statuses = [id, elsewhere.id].map(async (which) => {
      const answer = await fetch(`${router.url}/service/${which}/`, { headers: { authorization } });
      return answer.status;
    });
    assert.deepEqual(await Promise.all(statuses), [200, 404]);
    assert.equal(await router.stop(), 0);
    await clearml.stop();
  });

  test('wrong credentials: said clearly, healthy, never ready, nobody gets in', async () => {
    const clearml = await startClearMl();
    const router = await startRouterProcess({
      ...settingsFor(clearml),
      CLEARML_API_SECRET_KEY: 'wrong',
    });
    await router.logged((line) => /CLEARML_API_SECRET_KEY/.test(JSON.stringify(line)));
    await router.readyz(503);
    assert.equal((await fetch(`${router.adminUrl}/healthz`)).status, 200);
    const { id } = addTask(clearml, {
      runtime: httpAsk({ address: '127.0.0.1', port: task.port }),
    });
    const authorization = `Bearer ${await clearml.token(ids.alice)}`;
    const answer = await fetch(`${router.url}/service/${id}/`, { headers: { authorization } });
    assert.ok([401, 503].includes(answer.status), String(answer.status));
    const log = JSON.stringify(router.lines);
    assert.ok(!log.includes('"wrong"') && !log.includes(credentials.router.secretKey));
    assert.equal(await router.stop(), 0);
    await clearml.stop();
  });

  test('SIGTERM: open WebSockets live on until DRAIN_SECONDS, then end with 1001; status 0', async () => {
    const world = await startOutside({ DRAIN_SECONDS: '0.8' });
    const id = await world.serve(task);
    const socket = await world.connect(`GET /service/${id}/`, ...HANDSHAKE, world.bearer);
    assert.equal((await socket.answer()).status, 101);
    const idle = await world.connect(`GET /service/${id}/`, world.bearer);
    assert.equal((await idle.answer()).status, 200);
    const began = performance.now();
    world.router.child.kill('SIGTERM');
    await world.router.readyz(503);
    assert.equal((await fetch(`${world.router.adminUrl}/healthz`)).status, 200);
    await idle.untilClosed(700);
    assert.equal(socket.closed, false);
    await socket.untilClosed(3_000);
    assert.ok(performance.now() - began >= 700, 'it lived on');
    assert.equal(socket.pending.slice(2, 4), '\u0003\u00e9');
    assert.equal(await world.router.stop(), 0);
    await world.stop();
  });

  test('after the first look an absent ClearML leaves it ready, and kept rights in force', async () => {
    const world = await startOutside({ ACCESS_CACHE_SECONDS: '0.1', ACCESS_STALE_SECONDS: '600' });
    const id = await world.serve(task);
    assert.equal((await world.ask(`GET /service/${id}/`, world.bearer)).status, 200);
    await world.clearml.down();
    await world.router.logged(({ event }) => event === 'look_failed');
    await world.router.readyz(200);
    assert.equal((await world.ask(`GET /service/${id}/`, world.bearer)).status, 200);
    await world.stop();
  });
});
