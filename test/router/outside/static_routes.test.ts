import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RawTask } from '../../support/raw_peers.ts';
import { header, headerValues, rawTask, replying } from '../../support/raw_peers.ts';
import { endTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { settingsFor } from '../../support/router_process.ts';
import { echoTask, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';

const MAIN = fileURLToPath(new URL('../../../router/main.ts', import.meta.url));

describe('static routes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'static-routes-'));
  const file = join(folder, 'routes.json');
  const balanced = { load_balancer: { enabled: true } };
  let world: Outside;
  const tasks: RawTask[] = [];
  const served = new Map<string, string[]>();
  before(async () => {
    const routes = [
      { name: 'for-some', type: 'path', path: 'some', access: 'task' },
      { name: 'for-all', type: 'path', path: 'all', access: 'authenticated' },
      { name: 'for-anybody', type: 'path', path: 'open', access: 'public' },
      { name: 'balanced', type: 'path', path: 'many', ...balanced },
      { name: 'sick', type: 'path', path: 'sick', ...balanced },
      { name: 'off', type: 'path', path: 'off', enabled: false },
      { name: 'idle', type: 'path', path: 'idle', access: 'authenticated' },
      { name: 'host', type: 'subdomain', host: 'chat.example.test' },
    ];
    writeFileSync(file, JSON.stringify({ routes }));
    world = await startOutside({ STATIC_ROUTES_FILE: file }, { edition: 'enterprise' });
    for (const name of [
      'for-some',
      'for-all',
      'for-anybody',
      'balanced',
      'balanced',
      'off',
      'host',
    ]) {
      const task = await echoTask();
      tasks.push(task);
      const mode = name === 'host' ? 'subdomain' : 'path';
      const id = await world.serve(task, { route: { name, mode } });
      served.set(name, [...(served.get(name) ?? []), id]);
      world.clearml.state.restrictTask(id, [ids.alice]);
    }
  });
  after(async () => {
    await world.stop();
    for (const task of tasks) await task.close();
    rmSync(folder, { recursive: true });
  });

  const as = async (user: string): Promise<string> =>
    `Authorization: Bearer ${await world.clearml.token(user)}`;

  test('the answer in the task is the URL of the route', async () => {
    for (const [name, url] of [
      ['for-some', 'http://router.example.test/some/'],
      ['host', 'http://chat.example.test/'],
    ] as const) {
      const id = served.get(name)?.[0] ?? '';
      const { runtime } = await taskWhen(world.clearml, id, (task) => 'endpoint' in task.runtime);
      assert.equal(runtime['endpoint'], url);
      assert.equal(runtime['browser_endpoint'], url);
    }
  });

  test('access task: who may see the task', async () => {
    assert.equal((await world.ask('GET /some/x', world.bearer)).status, 200);
    assert.equal((await world.ask('GET /some/x', await as(ids.bob))).status, 404);
    assert.equal((await world.ask('GET /some/x')).status, 401);
  });

  test('access authenticated: who has a token that holds', async () => {
    assert.equal((await world.ask('GET /all/x', await as(ids.bob))).status, 200);
    assert.equal((await world.ask('GET /all/x')).status, 401);
    assert.equal((await world.ask('GET /all/x', await as(ids.mallory))).status, 401);
  });

  test('access public: anybody, and no identity goes to the task', async () => {
    const answer = await world.ask('GET /open/x', 'X-ClearML-User-Id: root');
    assert.equal(answer.status, 200);
    assert.doesNotMatch(answer.body, /x-clearml/i);
    const known = await world.ask('GET /open/x', world.bearer, world.cookie);
    assert.equal(known.status, 200);
    assert.doesNotMatch(known.body, /eyJ/);
  });

  test('path: prefix and slash as with endpoints', async () => {
    const { body } = await world.ask('GET /some/a%2f?b', world.bearer);
    assert.match(body, /^GET \/a%2f\?b HTTP/);
    assert.match(body, /\r\nx-forwarded-prefix: \/some\r\n/i);
    const bare = await world.ask('GET /some?b', world.bearer);
    assert.equal(bare.status, 308);
    assert.equal(header(bare, 'location'), '/some/?b');
    assert.equal((await world.ask('GET /some/../x', world.bearer)).status, 400);
  });

  test('subdomain: the host alone, whatever its port; no prefix', async () => {
    const { status, body } = await world.ask('GET /a', world.bearer, 'Host: Chat.example.test:81');
    assert.equal(status, 200);
    assert.match(body, /^GET \/a HTTP/);
    assert.doesNotMatch(body, /x-forwarded-prefix/i);
    const away = await world.ask('GET /a', NAVIGATION, 'Host: chat.example.test');
    assert.ok([302, 303].includes(away.status));
  });

  test('disabled: 404; enabled and not served: no route to nowhere', async () => {
    assert.equal((await world.ask('GET /off/', world.bearer)).status, 404);
    const idle = await world.ask('GET /idle/', world.bearer);
    assert.ok([404, 503].includes(idle.status), String(idle.status));
  });

  test('load balanced: in turn, and a browser stays by an HttpOnly cookie bound to the route', async () => {
    const seen = new Set<string>();
    let cookie = '';
    for (let turn = 0; turn < 4; turn += 1) {
      const answer = await world.ask('GET /many/', world.bearer);
      assert.equal(answer.status, 200);
      const [line = ''] = headerValues(answer, 'set-cookie');
      assert.match(line, /; Path=\/many\/(;|$)/);
      assert.match(line, /; HttpOnly/);
      cookie = line.split(';')[0] ?? '';
      seen.add(cookie);
    }
    assert.equal(seen.size, 2);
    const counts = (): readonly number[] => tasks.map(({ requests }) => requests().length);
    const before = counts();
    for (let turn = 0; turn < 4; turn += 1) {
      const answer = await world.ask('GET /many/', world.bearer, `Cookie: ${cookie}`);
      assert.doesNotMatch(answer.body, /router_sticky/);
    }
    const moved = counts().filter((count, index) => count !== before[index]);
    assert.equal(moved.length, 1, 'all four went to one task');
  });

  test('a task that ends leaves the route to the other', async () => {
    const [first = ''] = served.get('balanced') ?? [];
    endTask(world.clearml, first);
    await world.router.logged(({ event, task }) => event === 'endpoint_gone' && task === first);
    for (let turn = 0; turn < 3; turn += 1) {
      assert.equal((await world.ask('GET /many/', world.bearer)).status, 200);
    }
  });

  test('a load-balanced route whose one task is not well by its health path is down before anybody asks for it', async () => {
    const sick = await rawTask(replying('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'));
    tasks.push(sick);
    const ask = httpAsk({
      address: '127.0.0.1',
      port: sick.port,
      route: { name: 'sick', mode: 'path' },
    });
    await world.notice({ ...ask, router_health_path: '/health?full' });
    const told = async (name: string): Promise<string | undefined> => {
      const metrics = await (await fetch(`${world.router.adminUrl}/metrics`)).text();
      return metrics.split('\n').find((line) => line.startsWith(name));
    };
    while (
      (await told('task_router_balanced_routes_down')) !== 'task_router_balanced_routes_down 1'
    ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual([...new Set(sick.requests())], ['GET /health?full HTTP/1.1']);
    const failing = 'task_router_endpoints{state="not_answering"}';
    assert.equal(await told(failing), `${failing} 1`);
  });

  test('names of own pages and `service` are refused as paths: exit status 2, all at once', () => {
    const paths = ['service', 'auth', 'api'];
    const routes = paths.map((path) => ({ name: path, type: 'path', path }));
    const wrong = join(folder, 'wrong.json');
    writeFileSync(wrong, JSON.stringify({ routes }));
    const { status, stderr } = spawnSync(process.execPath, [MAIN], {
      env: { ...settingsFor(world.clearml), STATIC_ROUTES_FILE: wrong },
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    for (const index of paths.keys()) assert.match(stderr, new RegExp(`routes\\.${index}\\.path`));
    assert.doesNotMatch(stderr, / at .*\.ts:/);
  });
});
