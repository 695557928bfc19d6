import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RouterError } from '../../../router/errors.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import type { RouteTable } from '../../../router/routes/model/table.ts';
import {
  addTask,
  changeRuntime,
  changeTask,
  endTask,
  httpAsk,
  oldTcpAsk,
  taskWhen,
  tcpAsk,
} from '../../lab/clearml/asks.ts';
import { ids } from '../../lab/clearml/seed.ts';
import {
  binder,
  count,
  eventually,
  route,
  runtimeOf,
  serve,
  type RouterOptions,
} from '../../support/installation.ts';

const HTTP = { address: '10.0.0.1', port: 8888 };
const SSH = { address: '10.0.0.1', port: 10_022 };
const WRITES = ['tasks.edit', 'tasks.edit_runtime'] as const;

async function start(t: TestContext, options: RouterOptions = {}, server = serve(t)) {
  const lab = await server;
  const router = route(t, lab, options);
  router.routes.start();
  return { server: lab, ...router };
}

function opened(id: string, lane: 'http' | 'tcp') {
  return (table: RouteTable): boolean => table.endpoints.get(id)?.[lane]?.state === 'open';
}

function refused(endpoint: Endpoint | undefined, lane: 'http' | 'tcp'): string | undefined {
  const found = endpoint?.[lane];
  return found?.state === 'refused' ? found.reason : undefined;
}

test('an HTTP ask is routed and answered with the path form', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, { runtime: httpAsk(HTTP), name: 'notebook' });
  const table = await until(opened(id, 'http'));
  const endpoint = table.endpoints.get(id);
  assert.deepEqual(endpoint?.http, {
    state: 'open',
    upstream: { address: '10.0.0.1', family: 4, port: 8888 },
  });
  assert.equal(endpoint?.task.name, 'notebook');
  assert.equal(table.labels.get(id), endpoint);
  const url = `https://router.example.com/service/${id}/`;
  const { runtime } = await taskWhen(server, id, (task) => 'endpoint' in task.runtime);
  assert.deepEqual([runtime['endpoint'], runtime['browser_endpoint']], [url, url]);
  assert.equal(runtime['router_name'], 'router');
});

test('with a wildcard host the browser gets an origin of its own, the app keeps the path form', async (t) => {
  const { server } = await start(t, {
    environment: {
      ROUTER_WILDCARD_HOST: 'r.example.com',
      ROUTER_URL: 'https://r.example.com:8443',
    },
  });
  const { id } = addTask(server, { runtime: httpAsk({ ...HTTP, name: 'App' }) });
  const { runtime } = await taskWhen(server, id, (task) => 'endpoint__App' in task.runtime);
  assert.equal(runtime['endpoint__App'], `https://r.example.com:8443/service/${id}__App/`);
  assert.equal(runtime['browser_endpoint__App'], `https://${id}--app.r.example.com:8443/`);
});

test('HTTP and TCP under one suffix, though _SERVICE holds only the last ask; numbers and strings', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, {
    runtime: { ...tcpAsk({ ...SSH, port: '10022' }), ...httpAsk(HTTP) },
  });
  await until(opened(id, 'tcp'));
  const { runtime } = await taskWhen(
    server,
    id,
    (task) => task.runtime['router_name'] === 'router',
  );
  assert.equal(runtime['external_address'], '203.0.113.7');
  assert.equal(runtime['external_tcp_port'], '21000');
  assert.equal(runtime['upstream_task_port'], '10022');
  assert.equal(runtime['upstream_task_address'], '10.0.0.1');
  assert.equal(runtime['endpoint'], `https://router.example.com/service/${id}/`);
});

test('_SERVICE alone is no ask, and neither is a task without the tag', async (t) => {
  const { server, routes, until } = await start(t);
  addTask(server, { runtime: { _SERVICE: 'EXTERNAL', _ADDRESS: '10.0.0.1' } });
  addTask(server, { runtime: httpAsk(HTTP), systemTags: [] });
  addTask(server, { runtime: httpAsk(HTTP), status: 'queued' });
  const { id } = addTask(server, { runtime: httpAsk({ ...HTTP, port: 9 }) });
  await until(opened(id, 'http'));
  assert.deepEqual([...routes.current().endpoints.keys()], [id]);
});

test('clearml-session: asks with no address yet, then asks again with the router’s address', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, { runtime: oldTcpAsk({ address: '', port: 10_022 }) });
  await until((table) => table.endpoints.get(id)?.tcp?.state === 'waiting');
  changeRuntime(server, id, { external_address: '10.0.0.9' });
  await taskWhen(server, id, ({ runtime }) => runtime['external_tcp_port'] === '21000');
  changeRuntime(server, id, oldTcpAsk({ address: '203.0.113.7', port: 10_023 }));
  await taskWhen(server, id, ({ runtime }) => runtime['upstream_task_port'] === '10023');
  const table = await until(({ ports }) => ports.has(21_000));
  const { tcp } = table.endpoints.get(id) ?? {};
  assert.deepEqual(tcp, {
    state: 'open',
    upstream: { address: '10.0.0.9', family: 4, port: 10_023 },
    port: 21_000,
    proxyHeader: false,
  });
  assert.equal(runtimeOf(server, id)['external_tcp_port'], '21000');
});

test('the address of the HTTP ask serves where the TCP ask has none', async (t) => {
  const { server, until } = await start(t);
  const runtime = { ...oldTcpAsk({ address: '', port: 10_022 }), ...httpAsk(HTTP) };
  const { id } = addTask(server, { runtime });
  const table = await until(opened(id, 'tcp'));
  const tcp = table.endpoints.get(id)?.tcp;
  assert.equal(tcp?.state === 'open' && tcp.upstream.address, '10.0.0.1');
});

test('when all answers stand nothing is written, whatever else the task writes', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), ...tcpAsk(SSH) } });
  await until(() => count(server, ...WRITES) === 1);
  for (const step of [1, 2, 3]) {
    const before = (await until(() => true)).confirmedAt;
    changeRuntime(server, id, { progress: step });
    await until(({ confirmedAt }) => confirmedAt > before);
  }
  assert.equal(count(server, ...WRITES), 1);
});

for (const status of [
  'stopped',
  'failed',
  'completed',
  'published',
  'created',
  'closed',
] as const) {
  test(`a task that becomes ${status} loses its routes, its port is unbound`, async (t) => {
    const ports = binder();
    const { server, until } = await start(t, { ports });
    const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), ...tcpAsk(SSH) } });
    await until(opened(id, 'tcp'));
    assert.deepEqual([...ports.bound], [21_000]);
    endTask(server, id, status);
    await until(({ endpoints, ports: named }) => endpoints.size === 0 && named.size === 0);
    assert.deepEqual([...ports.bound], []);
  });
}

test('so does a task that is deleted, and one that loses its tag', async (t) => {
  const { server, until } = await start(t);
  const deleted = addTask(server, { runtime: httpAsk(HTTP) }).id;
  const untagged = addTask(server, { runtime: httpAsk({ ...HTTP, port: 1 }) }).id;
  await until(({ endpoints }) => endpoints.size === 2);
  server.state.removeTask(deleted);
  await until(({ endpoints }) => endpoints.size === 1);
  changeTask(server, untagged, { system_tags: [] });
  await until(({ endpoints }) => endpoints.size === 0);
});

test('A62: two tasks that name one address and port: the one that is served keeps it, though the other started first', async (t) => {
  const { server, until } = await start(t);
  const late = addTask(server, { runtime: httpAsk(HTTP), startedAt: 2_000_000 }).id;
  await until(opened(late, 'http'));
  const early = addTask(server, { runtime: httpAsk(HTTP), startedAt: 1_000_000 }).id;
  const table = await until(({ endpoints }) => endpoints.has(early));
  assert.equal(table.endpoints.get(late)?.http?.state, 'open');
  const reason = refused(table.endpoints.get(early), 'http') ?? '';
  assert.match(reason, /belongs to another task, which was there first$/);
  assert.ok(!reason.includes(late), 'its reader may not be allowed to see the other task');
  endTask(server, late);
  await until(opened(early, 'http'));
});

test('where neither is served yet, the age of the task decides', async (t) => {
  const server = await serve(t);
  const late = addTask(server, { runtime: httpAsk(HTTP), startedAt: 2_000_000 }).id;
  const early = addTask(server, { runtime: httpAsk(HTTP), startedAt: 1_000_000 }).id;
  const { until } = await start(t, {}, Promise.resolve(server));
  const table = await until(opened(early, 'http'));
  assert.match(refused(table.endpoints.get(late), 'http') ?? '', /was there first$/);
});

test('a refused ask is left as it is, with the reason in the log', async (t) => {
  const { server, until, lines } = await start(t, { kubernetesHost: '10.96.0.1' });
  const runtimes = [
    httpAsk({ ...HTTP, address: '192.168.0.1' }),
    httpAsk({ ...HTTP, address: '10.96.0.1' }),
    httpAsk({ ...HTTP, port: '22;x' }),
    tcpAsk({ ...SSH, address: '169.254.169.254' }),
    httpAsk({ ...HTTP, route: { name: 'nowhere', mode: 'path' } }),
  ];
  const added = runtimes.map((runtime) => addTask(server, { runtime }).id);
  const table = await until(({ endpoints }) => endpoints.size === added.length);
  for (const [index, id] of added.entries()) {
    const endpoint = table.endpoints.get(id);
    const reason = refused(endpoint, 'http') ?? refused(endpoint, 'tcp');
    assert.ok(reason !== undefined, `ask ${index}`);
    assert.deepEqual(runtimeOf(server, id), runtimes[index]);
    assert.ok(lines.some((line) => line.includes(id) && line.includes(JSON.stringify(reason))));
  }
  assert.equal(count(server, ...WRITES), 0);
});

test('TCP is refused with its reason where the router has no range', async (t) => {
  const off = { TCP_ROUTER_ADDRESS: '', TCP_PORT_START: '', TCP_PORT_END: '' };
  const { server, until } = await start(t, { environment: off });
  const { id } = addTask(server, { runtime: tcpAsk(SSH) });
  const table = await until(({ endpoints }) => endpoints.size === 1);
  assert.match(refused(table.endpoints.get(id), 'tcp') ?? '', /TCP is off/);
});

test('an exhausted range is told, refused with its reason, and heals by itself', async (t) => {
  const { server, routes, until } = await start(t, { environment: { TCP_PORT_END: '21001' } });
  const tasks = [1, 2, 3].map(
    (port) => addTask(server, { runtime: tcpAsk({ ...SSH, port }), startedAt: port * 1_000 }).id,
  );
  await until(({ endpoints }) => endpoints.size === 3);
  const [first = '', , third = ''] = tasks;
  const table = routes.current();
  assert.match(refused(table.endpoints.get(third), 'tcp') ?? '', /every port/);
  assert.match(table.problems.join(), /21000 to 21001 is exhausted: 1 endpoints wait/);
  assert.equal(routes.state().portsLeft, 0);
  endTask(server, first);
  // An answer may still be on its way to the task that just ended; that the server refuses it is told until the next look.
  await until((next) => opened(third, 'tcp')(next) && next.problems.length === 0);
});

test('a port that cannot be bound is skipped and told', async (t) => {
  const { server, until } = await start(t, { ports: binder(new Set([21_000])) });
  const { id } = addTask(server, { runtime: tcpAsk(SSH) });
  const table = await until(opened(id, 'tcp'));
  assert.equal(table.endpoints.get(id)?.tcp?.port, 21_001);
  assert.match(table.problems.join(), /cannot be bound: 21000/);
});

test('only tasks of the named queues; the names are resolved again', async (t) => {
  const { server, until, routes } = await start(t, {
    environment: { LISTEN_QUEUE_NAME: 'gpu, nowhere' },
  });
  const gpu = [...server.state.queues.values()].find(({ id }) => id === ids.queueGpu);
  assert.equal(gpu?.name, 'gpu');
  addTask(server, { runtime: httpAsk(HTTP), queue: ids.queueDefault });
  addTask(server, { runtime: httpAsk({ ...HTTP, port: 2 }) });
  const mine = addTask(server, { runtime: httpAsk({ ...HTTP, port: 3 }), queue: ids.queueGpu }).id;
  await until(opened(mine, 'http'));
  assert.deepEqual([...routes.current().endpoints.keys()], [mine]);
  assert.match(routes.current().problems.join(), /no queue "nowhere"/);

  server.state.queues.set('f'.repeat(32), { ...gpu, id: 'f'.repeat(32) });
  const later = addTask(server, { runtime: httpAsk({ ...HTTP, port: 4 }), queue: 'f'.repeat(32) });
  await until(opened(later.id, 'http'));
});

function staticRoutes(t: TestContext, routes: readonly object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'static-routes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'routes.json');
  writeFileSync(path, JSON.stringify({ routes }));
  return path;
}

test('static routes: one task or several, by path or by host, answered with the URL of the route', async (t) => {
  const file = staticRoutes(t, [
    { name: 'chat', type: 'path', path: 'chat', load_balancer: { enabled: true } },
    { name: 'lab', type: 'subdomain', host: 'lab.example.com', access: 'authenticated' },
    { name: 'off', type: 'path', path: 'off', enabled: false },
  ]);
  const { server, until } = await start(t, { environment: { STATIC_ROUTES_FILE: file } });
  const ask = (name: string, port: number, startedAt: number): string =>
    addTask(server, {
      startedAt,
      runtime: {
        ...httpAsk({ ...HTTP, port, route: { name, mode: 'path' } }),
        router_keep_prefix: 'true',
      },
    }).id;
  const table0 = await until(({ version }) => version > 0);
  assert.equal(table0.staticPaths.get('chat')?.status, 'not in use');

  const second = ask('chat', 2, 2_000);
  const first = ask('chat', 1, 1_000);
  const lab = ask('lab', 3, 3_000);
  const tooMany = ask('lab', 4, 4_000);
  const off = ask('off', 5, 5_000);
  const table = await until(({ endpoints }) => endpoints.size === 5);
  const chat = table.staticPaths.get('chat');
  assert.equal(chat?.status, 'routing');
  assert.deepEqual(
    chat?.endpoints.map(({ id }) => id),
    [first, second],
  );
  assert.deepEqual(
    table.staticHosts.get('lab.example.com')?.endpoints.map(({ id }) => id),
    [lab],
  );
  const baseOf = (id: string) => table.endpoints.get(id)?.http?.basePath;
  assert.deepEqual([baseOf(first), baseOf(lab)], ['/chat', ''], 'of the route’s own URL');
  assert.match(refused(table.endpoints.get(tooMany), 'http') ?? '', /not load balanced/);
  assert.match(refused(table.endpoints.get(off), 'http') ?? '', /disabled/);

  const chatUrl = 'https://router.example.com/chat/';
  await taskWhen(server, second, ({ runtime }) => runtime['endpoint'] === chatUrl);
  await taskWhen(server, lab, ({ runtime }) => runtime['endpoint'] === 'https://lab.example.com/');
  endTask(server, lab);
  await until(opened(tooMany, 'http'));
});

test('a static route whose task has not said where it listens is pending', async (t) => {
  const file = staticRoutes(t, [{ name: 'chat', type: 'path', path: 'chat' }]);
  const { server, until } = await start(t, { environment: { STATIC_ROUTES_FILE: file } });
  addTask(server, {
    runtime: httpAsk({ address: '', port: 1, route: { name: 'chat', mode: 'path' } }),
  });
  await until(({ staticPaths }) => staticPaths.get('chat')?.status === 'pending');
});

test('a wrong file of static routes stops the start with all problems', async (t) => {
  const file = staticRoutes(t, [
    { name: 'a', type: 'path', path: 'service' },
    { name: 'b', type: 'path', path: 'x/../y' },
    { name: 'c', type: 'subdomain', host: 'not a host' },
    { name: 'd', type: 'path', path: 'd', acces: 'public' },
  ]);
  const server = await serve(t);
  assert.throws(
    () => route(t, server, { environment: { STATIC_ROUTES_FILE: file } }),
    (error: unknown) => {
      assert.ok(error instanceof RouterError);
      assert.equal(error.code, 'SETTINGS_INVALID');
      for (const place of ['routes.0.path', 'routes.1.path', 'routes.2.host', 'routes.3']) {
        assert.match(error.message, new RegExp(place.replaceAll('.', '\\.')));
      }
      return true;
    },
  );
});

test('a static route on a host of the router’s own stops the start', async (t) => {
  const file = staticRoutes(t, [
    { name: 'a', type: 'subdomain', host: 'router.example.com' },
    { name: 'b', type: 'subdomain', host: 'Pages.example.com' },
  ]);
  const environment = { ROUTER_PAGES_URL: 'https://pages.example.com', STATIC_ROUTES_FILE: file };
  const server = await serve(t);
  assert.throws(() => route(t, server, { environment }), {
    code: 'SETTINGS_INVALID',
    message:
      /routes\.0\.host: .* of ROUTER_URL itself\n.*routes\.1\.host: .* of ROUTER_PAGES_URL itself/,
  });
});

test('static routes follow their file, even while ClearML is away; a wrong file keeps the old ones and is told', async (t) => {
  const chat = { name: 'chat', type: 'path', path: 'chat' };
  const file = staticRoutes(t, [chat]);
  const { server, until, routes, lines } = await start(t, {
    environment: { STATIC_ROUTES_FILE: file },
  });
  const { id } = addTask(server, {
    runtime: httpAsk({ ...HTTP, route: { name: 'chat', mode: 'path' } }),
  });
  const answered = (path: string) =>
    taskWhen(
      server,
      id,
      ({ runtime }) => runtime['endpoint'] === `https://router.example.com/${path}/`,
    );
  await answered('chat');

  // As a ConfigMap's mount changes: the name comes to lead to another file.
  const replace = (text: string): void => {
    writeFileSync(`${file}.next`, text);
    renameSync(`${file}.next`, file);
  };
  replace(JSON.stringify({ routes: [{ ...chat, path: 'talk' }] }));
  const moved = await until(({ staticPaths }) => staticPaths.has('talk'));
  assert.deepEqual([...moved.staticPaths.keys()], ['talk']);
  await answered('talk');

  replace(JSON.stringify({ routes: [chat, chat] }));
  await until(({ problems }) => problems.length > 0, 'a problem');
  assert.match(
    routes.state().problems.join(),
    /STATIC_ROUTES_FILE: .* is wrong; .*; the static routes that were read before stay in force/,
  );
  assert.deepEqual([...routes.current().staticPaths.keys()], ['talk']);
  replace(JSON.stringify({ routes: [{ ...chat, path: 'talk' }] }));
  await until(({ problems }) => problems.length === 0);
  await eventually(() =>
    lines.some((line) => line.includes('"event":"problem"') && line.includes('is wrong')),
  );

  await server.down();
  await until(({ stale }) => stale);
  replace(JSON.stringify({ routes: [{ ...chat, path: 'talk', enabled: false }] }));
  const off = await until(({ staticPaths }) => staticPaths.get('talk')?.enabled === false);
  assert.equal(off.stale, true, 'ClearML has confirmed nothing');
});

test('no secret of a task is in the table or in the log', async (t) => {
  const { server, until, lines } = await start(t);
  const secrets = { _user_secret: 'hush-1', _ssh_password: 'hush-2', _jupyter_token: 'hush-3' };
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), ...secrets } });
  const table = await until(opened(id, 'http'));
  await taskWhen(server, id, ({ runtime }) => 'endpoint' in runtime);
  assert.doesNotMatch(JSON.stringify([...table.endpoints.values()]), /hush/);
  assert.doesNotMatch(lines.join(''), /hush/);
  assert.equal(runtimeOf(server, id)['_user_secret'], 'hush-1');
});

test('an endpoint that did not change stays the same object from table to table', async (t) => {
  const { server, until, routes } = await start(t);
  const { id } = addTask(server, { runtime: httpAsk(HTTP) });
  await until(opened(id, 'http'));
  const before = routes.current().endpoints.get(id);
  const swaps: number[] = [];
  routes.subscribe(({ version }) => swaps.push(version));
  const other = addTask(server, { runtime: httpAsk({ ...HTTP, port: 2 }) }).id;
  const table = await until(opened(other, 'http'));
  assert.equal(table.endpoints.get(id), before);
  assert.ok(swaps.length > 0 && swaps.every((version, index) => version > (swaps[index - 1] ?? 0)));
});

test('a task that asks for a PROXY header has it on its lane; another version is refused', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, {
    runtime: { ...tcpAsk({ ...SSH, name: 'web' }), router_proxy_protocol__web: 'v2' },
  });
  const table = await until(opened(`${id}__web`, 'tcp'));
  assert.equal(table.endpoints.get(`${id}__web`)?.tcp?.proxyHeader, true);
  // A change that falls into the router's own write would be lost on this server; tasks wait for the answer, too.
  await taskWhen(server, id, ({ runtime }) => runtime['external_address__web'] === '203.0.113.7');
  changeRuntime(server, id, { router_proxy_protocol__web: 'v1' });
  const after = await until((now) => now.endpoints.get(`${id}__web`)?.tcp?.state === 'refused');
  assert.equal(
    refused(after.endpoints.get(`${id}__web`), 'tcp'),
    'router_proxy_protocol of the task is not v2, the only one that the router speaks',
  );
  changeRuntime(server, id, { router_proxy_protocol__web: '' });
  await until((now) => now.endpoints.get(`${id}__web`)?.tcp?.proxyHeader === false);
});

test('an app that keeps its prefix has that of its URL; a word that says neither is refused', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), router_keep_prefix: 'true' } });
  const table = await until(opened(id, 'http'));
  assert.equal(table.endpoints.get(id)?.http?.basePath, `/service/${id}`);
  await taskWhen(server, id, ({ runtime }) => runtime['endpoint'] !== undefined);
  changeRuntime(server, id, { router_keep_prefix: 'yes' });
  const after = await until((now) => now.endpoints.get(id)?.http?.state === 'refused');
  assert.equal(
    refused(after.endpoints.get(id), 'http'),
    'router_keep_prefix of the task is not true or false',
  );
  changeRuntime(server, id, { router_keep_prefix: 'false' });
  const none = await until(opened(id, 'http'));
  assert.equal(none.endpoints.get(id)?.http?.basePath, undefined);
});

test('a task that asks to be spoken to over HTTPS is, at the same place; another word is refused', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), router_scheme: 'https' } });
  const tlsOf = ({ endpoints }: RouteTable) => {
    const http = endpoints.get(id)?.http;
    return http?.state === 'open' ? http.upstream.tls : undefined;
  };
  const table = await until(opened(id, 'http'));
  assert.deepEqual(tlsOf(table), { ca: undefined, serverName: 'router.example.com' });
  await taskWhen(server, id, ({ runtime }) => runtime['endpoint'] !== undefined);
  changeRuntime(server, id, { router_scheme: 'http' });
  await until((now) => now.endpoints.get(id)?.http?.state === 'open' && tlsOf(now) === undefined);
  changeRuntime(server, id, { router_scheme: 'h2' });
  const after = await until((now) => now.endpoints.get(id)?.http?.state === 'refused');
  assert.equal(
    refused(after.endpoints.get(id), 'http'),
    'router_scheme of the task is not http or https',
  );
});

test('a task that names a health path has it on its way; what is no path is refused, with the reason', async (t) => {
  const { server, until } = await start(t);
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), router_health_path: '/health' } });
  const table = await until(opened(id, 'http'));
  assert.equal(table.endpoints.get(id)?.http?.healthPath, '/health');
  await taskWhen(server, id, ({ runtime }) => runtime['endpoint'] !== undefined);
  changeRuntime(server, id, { router_health_path: '/ready' });
  await until((now) => now.endpoints.get(id)?.http?.healthPath === '/ready');
  changeRuntime(server, id, { router_health_path: '/ready HTTP/1.1' });
  const after = await until((now) => now.endpoints.get(id)?.http?.state === 'refused');
  assert.equal(
    refused(after.endpoints.get(id), 'http'),
    'router_health_path of the task is no path: it begins with /, has at most 256 characters of those that a URL has, and leads nowhere above itself',
  );
  changeRuntime(server, id, { router_health_path: '' });
  const none = await until(opened(id, 'http'));
  assert.equal(none.endpoints.get(id)?.http?.healthPath, undefined);
});
