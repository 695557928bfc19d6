import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { freePort } from '../lab/free_port.ts';
import { addTask, endTask, httpAsk, taskWhen } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import { ids } from '../lab/clearml/seed.ts';
import { startClearMl } from '../lab/clearml/server.ts';
import type { ClearMl } from '../lab/clearml/server.ts';
import { settingsFor, startRouterProcess } from '../support/router_process.ts';
import type { RouterProcess } from '../support/router_process.ts';

const MAIN = fileURLToPath(new URL('../../router/main.ts', import.meta.url));

describe('a router as a process', () => {
  let clearml: ClearMl;
  let router: RouterProcess;
  const task = createServer((request, response) => {
    response.end(
      `${request.method} ${request.url} for ${String(request.headers['x-clearml-user-id'])}`,
    );
  });

  before(async () => {
    clearml = await startClearMl({ edition: 'enterprise' });
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    router = await startRouterProcess(settingsFor(clearml));
    await router.readyz(200);
  });
  after(async () => {
    await router.stop();
    await clearml.stop();
    task.close();
  });

  let asking: string | undefined;
  /** A task that asks; the one before ends, since of two that name one address the first has the route. */
  function ask(): { readonly id: string } {
    if (asking !== undefined) endTask(clearml, asking);
    const { port } = task.address() as AddressInfo;
    const { id } = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) });
    asking = id;
    return { id };
  }

  /** As a browser does: fetch would name itself `Sec-Fetch-Mode: cors`, and choose its own Host. */
  async function navigate(
    path: string,
    more: Readonly<Record<string, string>> = {},
    at = router,
  ): Promise<IncomingMessage> {
    const request = get(at.url + path, {
      headers: {
        host: 'router.example.test',
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        ...more,
      },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  test('routes a task that asks, writes its URL, and takes the route away when it ends', async () => {
    const { id } = ask();
    const answered = await taskWhen(clearml, id, ({ runtime }) => 'endpoint' in runtime);
    assert.equal(answered.runtime['endpoint'], `http://router.example.test/service/${id}/`);

    const headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const served = await fetch(`${router.url}/service/${id}/a?b=c`, { headers });
    assert.equal(served.status, 200);
    assert.match(await served.text(), /^GET \/a\?b=c for [0-9a-f]{32}$/);

    endTask(clearml, id);
    await router.logged((line) => line['event'] === 'endpoint_gone' && line['task'] === id);
    const gone = await fetch(`${router.url}/service/${id}/`, { headers });
    assert.equal(gone.status, 404);
  });

  test('lets nobody in without a token, and nobody who may not see the task', async () => {
    const { id } = ask();
    await taskWhen(clearml, id, ({ runtime }) => 'endpoint' in runtime);
    const url = `${router.url}/service/${id}/`;
    const bare = await fetch(url);
    assert.equal(bare.status, 401);
    assert.match(bare.headers.get('www-authenticate') ?? '', /^Bearer/);
    const foreign = `Bearer ${await userToken(clearml, 'mallory')}`;
    assert.equal((await fetch(url, { headers: { authorization: foreign } })).status, 401);
    const hidden = addTask(clearml, { user: ids.mallory });
    const known = { headers: { authorization: `Bearer ${await userToken(clearml, 'alice')}` } };
    const unseen = await fetch(`${router.url}/service/${hidden.id}/`, known);
    const unknown = await fetch(`${router.url}/service/${'0'.repeat(32)}/`, known);
    assert.equal(unseen.status, 404);
    assert.equal(await unseen.text(), await unknown.text());
  });

  test('sends a browser without a session to sign in', async () => {
    const answer = await navigate(`/service/${'0'.repeat(32)}/`);
    assert.ok([302, 303].includes(answer.statusCode ?? 0), String(answer.statusCode));
    const location = new URL(answer.headers.location ?? '', 'http://router.example.test');
    assert.equal(location.host, 'router.example.test');
    assert.equal(location.pathname, '/auth/sign-in');
    const page = await navigate(location.pathname + location.search);
    assert.equal(page.statusCode, 200);
    assert.match(await text(page), /name="access_key"/);
  });

  test('lists the endpoints of the user who asks', async () => {
    const { id } = ask();
    await router.logged((line) => line['event'] === 'route_opened' && line['task'] === id);
    const token = await userToken(clearml, 'alice');
    const answer = await navigate('/api/v1/routes', { authorization: `Bearer ${token}` });
    assert.equal(answer.statusCode, 200);
    assert.match(await text(answer), new RegExp(id));
  });

  test('no line of its log holds a token', async () => {
    const log = JSON.stringify(router.lines);
    assert.ok(!log.includes(await userToken(clearml, 'alice')));
    assert.doesNotMatch(log, /eyJ/);
  });

  test('HEALTH_PORT: health without what the checks found and without metrics, which the admin port has', async () => {
    assert.equal(router.healthUrl, undefined);
    const checked = await startRouterProcess({ ...settingsFor(clearml), HEALTH_PORT: '0' });
    await checked.readyz(200);
    const ports = [checked.url, checked.healthUrl, checked.adminUrl];
    assert.equal(new Set(ports).size, 3);
    const get = async (
      url: string | undefined,
      path: string,
    ): Promise<readonly [number, string]> => {
      const answer = await fetch(`${url}${path}`);
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await get(checked.healthUrl, '/readyz'), [200, '{"status":"ready"}\n']);
    assert.equal((await get(checked.healthUrl, '/metrics'))[0], 404);
    assert.match((await get(checked.adminUrl, '/readyz'))[1], /"version":.*"first-look"/);
    assert.equal((await get(checked.adminUrl, '/metrics'))[0], 200);
    assert.equal(await checked.stop(), 0);
  });

  test('connections without a question take the admin port from nobody', async () => {
    const { port } = new URL(router.adminUrl);
    const idle: Socket[] = [];
    for (let count = 0; count < 1_100; count++) {
      const socket = connect(Number(port), '127.0.0.1')
        .on('error', () => undefined)
        .resume();
      idle.push(socket);
      await once(socket, 'connect');
    }
    await router.readyz(200);
    while (idle.filter(({ closed }) => !closed).length > 1_024) await sleep(1);
    assert.equal(idle[0]?.closed, true);
    for (const socket of idle) socket.destroy();
  });

  test('SIGTERM: unready at once, running requests end, exit status 0', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    const slow = createServer((_, response) => {
      response.write('first ');
      void finish.then(() => response.end('last'));
    });
    slow.listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const { port } = slow.address() as AddressInfo;
    const leaving = await startRouterProcess({ ...settingsFor(clearml), HEALTH_PORT: '0' });
    const health = async (path: string): Promise<number> =>
      (await fetch(`${leaving.healthUrl}${path}`)).status;
    await leaving.readyz(200);
    assert.equal(await health('/readyz'), 200);
    const { id } = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) });
    await leaving.logged((line) => line['event'] === 'route_opened' && line['task'] === id);
    const headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const answer = await fetch(`${leaving.url}/service/${id}/`, { headers });
    leaving.child.kill('SIGTERM');
    await leaving.logged((line) => line['event'] === 'draining');
    await leaving.readyz(503);
    assert.deepEqual([await health('/readyz'), await health('/healthz')], [503, 200]);
    await assert.rejects(fetch(`${leaving.url}/service/${id}/`, { headers }));
    resolve();
    assert.equal(await answer.text(), 'first last');
    const ended = performance.now();
    assert.equal(await leaving.stop(), 0);
    assert.ok(performance.now() - ended < 3_000, 'it waited out the grace with nothing open');
    slow.close();
  });

  test('SIGUSR2 changes the level of the log and changes it back', async (t) => {
    const [http, admin] = [await freePort(), await freePort()];
    const env = {
      ...settingsFor(clearml),
      HTTP_PORT: String(http),
      ADMIN_PORT: String(admin),
      LOG_LEVEL: 'warn',
    };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
      while (!(await holds())) await sleep(20);
    };
    const healthy = async (): Promise<boolean> => {
      const answer = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
      await answer?.text();
      return answer?.status === 200;
    };
    const ask = async (path: string): Promise<void> => {
      const headers = { connection: 'close' };
      const answer = await fetch(`http://127.0.0.1:${http}/${path}`, { headers });
      await answer.text();
      assert.equal(answer.status, 404);
    };
    await until(healthy);
    for (let index = 0; index < 4; index++) await ask('quiet');
    child.kill('SIGUSR2');
    await until(() => output.includes('"event":"log_level","next":"debug"'));
    let round = 0;
    await until(async () => {
      round += 1;
      for (let index = 0; index < 4; index++) await ask(`loud-${round}`);
      await sleep(300);
      return output.split(`"/loud-${round}"`).length === 5;
    });
    assert.ok(!output.includes('"/quiet"'));
    child.kill('SIGUSR2');
    await until(() => output.includes('"event":"log_level","next":"warn"'));
    child.kill('SIGTERM');
    const [status] = (await once(child, 'exit')) as [number];
    assert.equal(status, 0);
  });

  test('ClearML away at the start: healthy, not ready, and ready once it is back', async () => {
    const away = await startClearMl();
    await away.down();
    const waiting = await startRouterProcess(settingsFor(away));
    await waiting.readyz(503);
    assert.equal((await fetch(`${waiting.adminUrl}/healthz`)).status, 200);
    await away.up();
    await waiting.readyz(200);
    assert.equal(await waiting.stop(), 0);
    await away.stop();
  });

  test('a signing key of another server: said clearly, never ready, nobody gets in', async () => {
    const waiting = await startRouterProcess({
      ...settingsFor(clearml),
      AUTH_BASE64_JWKS_KEY: 'bm90LXRoZS1rZXk',
    });
    await waiting.logged((line) => /AUTH_BASE64_JWKS_KEY/.test(String(line['message'])));
    await waiting.readyz(503);
    const { id } = ask();
    const headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const answer = await fetch(`${waiting.url}/service/${id}/`, { headers });
    assert.ok([401, 503].includes(answer.status), String(answer.status));
    await waiting.stop();
  });

  test('the key of the server is changed: told by readiness, which stays, a metric and the log (A82)', async () => {
    const rotated = await startClearMl();
    const told = await startRouterProcess(settingsFor(rotated));
    await told.readyz(200);
    const metric = async (): Promise<string | undefined> => {
      const metrics = await (await fetch(`${told.adminUrl}/metrics`)).text();
      return /^task_router_signing_key_wrong (.*)$/m.exec(metrics)?.[1];
    };
    assert.equal(await metric(), '0');
    rotated.rotateSecret();
    const line = await told.logged(({ event }) => event === 'signing_key_mismatch');
    assert.match(String(line['message']), /AUTH_BASE64_JWKS_KEY.*token_secret.*nobody gets in/);
    const readyz = await fetch(`${told.adminUrl}/readyz`);
    const { checks } = (await readyz.json()) as { checks: Record<string, unknown>[] };
    const [failing, ...others] = checks.filter(({ ok }) => ok === false);
    assert.deepEqual([readyz.status, others], [200, []]);
    assert.deepEqual([failing?.['name'], failing?.['required']], ['signing-key-current', false]);
    assert.match(String(failing?.['detail']), /secure\.auth\.token_secret.*clearml\.jwksKey/);
    assert.equal(await metric(), '1');
    assert.equal(await told.stop(), 0);
    await rotated.stop();
  });

  test('wrong settings: every problem in plain lines, exit status 2, no stack', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN], {
      env: { ...settingsFor(clearml), ROUTER_URL: 'nowhere', WORKERS: '2' },
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.equal(
      stderr,
      [
        'task-traffic-router cannot start: 2 settings are missing or wrong',
        '  ROUTER_URL: expected a URL with scheme and host and without a path, such as https://task-router.example.com',
        "  WORKERS: is no more: Kubernetes' replicas do this and survive the loss of one; remove it and set availability.replicas",
        '',
      ].join('\n'),
    );
  });

  test('a taken port: one line that names it, exit status 1', () => {
    const { port } = task.address() as AddressInfo;
    const { status, stderr } = spawnSync(process.execPath, [MAIN], {
      env: { ...settingsFor(clearml), ADMIN_PORT: String(port) },
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `task-traffic-router cannot start: cannot listen on 127.0.0.1, port ${port}: another process has it; choose another port or end that process\n`,
    );
  });
});
