import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RouteTable } from '../../../../router/routes/model/table.ts';
import {
  addTask,
  changeRuntime,
  changeTask,
  endTask,
  httpAsk,
  taskWhen,
} from '../../../lab/clearml/asks.ts';
import { ids } from '../../../lab/clearml/seed.ts';
import type { ClearMl as Server } from '../../../lab/clearml/server.ts';
import {
  route,
  runtimeOf,
  serve,
  type Router,
  type RouterOptions,
} from '../../../support/installation.ts';

const HTTP = { address: '10.0.0.1', port: 8888 };
const CHAT = { name: 'chat', mode: 'path' } as const;

function begin(t: TestContext, server: Server, options: RouterOptions = {}): Router {
  const router = route(t, server, options);
  router.routes.start();
  return router;
}

function state(table: RouteTable, id: string): string | undefined {
  return table.endpoints.get(id)?.http?.state;
}

function reason(table: RouteTable, id: string): string {
  const http = table.endpoints.get(id)?.http;
  return http?.state === 'refused' ? http.reason : '';
}

function follower() {
  return {
    isLeader: () => false,
    holder: () => undefined,
    start: () => undefined,
    stop: () => Promise.resolve(),
  };
}

async function stamped(server: Server, id: string): Promise<void> {
  await taskWhen(server, id, ({ runtime }) => 'router_http_stamp' in runtime);
}

function staticRoutes(t: TestContext, ...routes: readonly object[]) {
  const folder = mkdtempSync(join(tmpdir(), 'static-routes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'routes.json');
  writeFileSync(path, JSON.stringify({ routes }));
  return { environment: { STATIC_ROUTES_FILE: path } };
}

test('A62: an older task does not take a younger one’s running app over: here, at a replica, after a restart', async (t) => {
  const server = await serve(t);
  const first = begin(t, server);
  const young = addTask(server, { runtime: httpAsk(HTTP), startedAt: 2_000_000 }).id;
  await stamped(server, young);
  const old = addTask(server, { runtime: httpAsk(HTTP), startedAt: 1_000_000 }).id;
  const routers = [first, begin(t, server, { leadership: follower() })];
  for (const { until } of routers) {
    const table = await until(({ endpoints }) => endpoints.has(old) && endpoints.has(young));
    assert.deepEqual([state(table, young), state(table, old)], ['open', 'refused']);
  }
  await first.stop();
  const again = begin(t, server);
  const table = await again.until(({ endpoints }) => endpoints.size === 2);
  assert.deepEqual([state(table, young), state(table, old)], ['open', 'refused']);
  endTask(server, young);
  await again.until((next) => state(next, old) === 'open');
});

test('A62: an address given up and taken by another is not won back by the old stamp', async (t) => {
  const server = await serve(t);
  const first = begin(t, server);
  const a = addTask(server, { runtime: httpAsk(HTTP), startedAt: 1_000 }).id;
  await stamped(server, a);
  const stale = runtimeOf(server, a)['router_http_stamp'] ?? '';
  changeRuntime(server, a, { _PORT: 1 });
  await first.until(({ endpoints }) => {
    const http = endpoints.get(a)?.http;
    return http?.state === 'open' && http.upstream.port === 1;
  });
  const b = addTask(server, { runtime: httpAsk(HTTP), startedAt: 2_000 }).id;
  await stamped(server, b);
  changeRuntime(server, a, { _PORT: HTTP.port, router_http_stamp: stale });
  await first.until((table) => state(table, a) === 'refused');
  await first.stop();
  changeRuntime(server, a, { router_http_stamp: stale });
  const again = begin(t, server);
  const table = await again.until(({ endpoints }) => endpoints.size === 2);
  assert.deepEqual([state(table, a), state(table, b)], ['refused', 'open']);
});

test('A62: who comes back to an address that it had before is newer there than all who had it meanwhile', async (t) => {
  const server = await serve(t);
  const first = begin(t, server);
  const a = addTask(server, { runtime: httpAsk(HTTP), startedAt: 1_000 }).id;
  await stamped(server, a);
  const ofA = runtimeOf(server, a);
  changeTask(server, a, { runtime: {} });
  await first.until(({ endpoints }) => endpoints.size === 0);
  const b = addTask(server, { runtime: httpAsk(HTTP), startedAt: 2_000 }).id;
  await stamped(server, b);
  const ofB = runtimeOf(server, b);
  changeTask(server, b, { runtime: {} });
  await first.until(({ endpoints }) => endpoints.size === 0);
  changeTask(server, a, { runtime: ofA });
  await taskWhen(
    server,
    a,
    ({ runtime }) => runtime['router_http_stamp'] !== ofA['router_http_stamp'],
  );
  await first.stop();
  changeTask(server, b, { runtime: ofB });
  const again = begin(t, server);
  const table = await again.until(({ endpoints }) => endpoints.size === 2);
  assert.deepEqual([state(table, a), state(table, b)], ['open', 'refused']);
});

test('A62: a static route stays with the task that serves it, after a restart too', async (t) => {
  const server = await serve(t);
  const options = staticRoutes(t, { name: 'chat', type: 'path', path: 'chat' });
  const first = begin(t, server, options);
  const ask = (port: number) => httpAsk({ ...HTTP, port, route: CHAT });
  const young = addTask(server, { runtime: ask(1), startedAt: 2_000_000 }).id;
  await stamped(server, young);
  const old = addTask(server, { runtime: ask(2), startedAt: 1_000_000 }).id;
  const now = await first.until(({ endpoints }) => endpoints.size === 2);
  assert.match(reason(now, old), /not load balanced, and another task serves it/);
  await first.stop();
  const again = begin(t, server, options);
  const table = await again.until(({ endpoints }) => endpoints.size === 2);
  assert.deepEqual([state(table, young), state(table, old)], ['open', 'refused']);
});

test('A62: only owners serve a static route: users by id or name, or queues', async (t) => {
  const server = await serve(t);
  const alice = server.state.account(ids.alice)?.user.name ?? '';
  const route_ = (name: string, owners: object) => ({ name, type: 'path', path: name, owners });
  const options = staticRoutes(
    t,
    route_('by-id', { users: [ids.alice] }),
    route_('by-name', { users: [alice] }),
    route_('by-queue', { queues: ['gpu'] }),
    route_('by-queue-id', { queues: [ids.queueGpu] }),
    route_('nobody', { users: ['Nobody Of That Name'] }),
  );
  const { until, routes } = begin(t, server, options);
  let port = 0;
  const ask = (name: string, seed: { user: string; queue?: string }): string => {
    port += 1;
    const runtime = httpAsk({ ...HTTP, port, route: { name, mode: 'path' } });
    return addTask(server, { runtime, ...seed }).id;
  };
  const bob = { user: ids.bob };
  const may = [
    ask('by-id', { user: ids.alice }),
    ask('by-name', { user: ids.alice }),
    ask('by-queue', { ...bob, queue: ids.queueGpu }),
    ask('by-queue-id', { ...bob, queue: ids.queueGpu }),
  ];
  const mayNot = [
    ask('by-id', { ...bob, queue: ids.queueGpu }),
    ask('by-name', bob),
    ask('by-queue', { user: ids.alice, queue: ids.queueDefault }),
    ask('by-queue-id', { user: ids.alice }),
    ask('nobody', { user: ids.alice }),
  ];
  const table = await until(({ endpoints }) => endpoints.size === may.length + mayNot.length);
  for (const id of may) assert.equal(state(table, id), 'open', reason(table, id));
  for (const id of mayNot) assert.match(reason(table, id), /its owners are named in the route/);
  assert.match(
    routes.state().problems.join(),
    /"nobody" names "Nobody Of That Name" among its users: ClearML has none/,
  );
});

test('A62: a name that two users have is nobody’s', async (t) => {
  const server = await serve(t);
  const bob = server.state.account(ids.bob) ?? assert.fail();
  const alice = server.state.account(ids.alice)?.user.name ?? '';
  Object.assign(bob.user, { name: alice });
  const owners = { users: [alice] };
  const { until, routes } = begin(
    t,
    server,
    staticRoutes(t, { name: 'chat', type: 'path', path: 'chat', owners }),
  );
  const { id } = addTask(server, { runtime: httpAsk({ ...HTTP, route: CHAT }), user: ids.bob });
  const table = await until(({ endpoints }) => endpoints.has(id));
  assert.match(reason(table, id), /its owners are named in the route/);
  assert.match(routes.state().problems.join(), /as several are called: name the id/);
});

test('A62: the id of an owner is nobody’s name, neither a user’s nor a queue’s', async (t) => {
  const server = await serve(t);
  const { user } = server.state.account(ids.bob) ?? assert.fail();
  Object.assign(user, { name: ids.alice });
  const queue = server.state.queues.get(ids.queueDefault) ?? assert.fail();
  Object.assign(queue, { name: ids.queueGpu });
  const owners = { users: [ids.alice], queues: [ids.queueGpu] };
  const { until } = begin(
    t,
    server,
    staticRoutes(t, { name: 'chat', type: 'path', path: 'chat', owners }),
  );
  const runtime = httpAsk({ ...HTTP, route: CHAT });
  const { id } = addTask(server, { runtime, user: ids.bob, queue: ids.queueDefault });
  const table = await until(({ endpoints }) => endpoints.has(id));
  assert.match(reason(table, id), /its owners are named in the route/);
});

test('A62: where endpoints are their owners’ alone, an edit puts none behind a route that takes any task', async (t) => {
  const server = await serve(t);
  const routeOf = (name: string, more: object) => ({ name, type: 'path', path: name, ...more });
  let alone = true;
  const { until, routes } = begin(t, server, {
    ...staticRoutes(
      t,
      routeOf('chat', { access: 'public' }),
      routeOf('owned', { owners: { users: [ids.alice] } }),
      routeOf('off', { enabled: false }),
    ),
    needsOwners: () => alone,
  });
  const { id } = addTask(server, { runtime: httpAsk(HTTP), user: ids.alice });
  const owned = { ...HTTP, port: 8889, route: { name: 'owned', mode: 'path' } as const };
  const served = addTask(server, { runtime: httpAsk(owned), user: ids.alice });
  await until(({ endpoints }) => endpoints.get(id)?.http?.state === 'open');
  // On an open-source server any account may do this to any task.
  changeRuntime(server, id, { _ROUTER_ENDPOINT_MODE_PARAM: 'chat' });
  const table = await until(({ endpoints }) => endpoints.get(id)?.http?.state === 'refused');
  assert.equal(
    reason(table, id),
    'the static route "chat" names no owners, which it has to where an endpoint is for its owner alone',
  );
  assert.deepEqual(table.staticPaths.get('chat')?.endpoints, []);
  assert.equal(state(table, served.id), 'open');
  assert.deepEqual(routes.state().problems, [
    'the static route "chat" names no owners, and nothing serves it: whoever may edit a task could put another\'s endpoint behind it, which is for its owner alone; name in its owners whose tasks may serve it, or set ACCESS_DEFAULT to visible',
  ]);
  alone = false;
  await until(({ staticPaths }) => staticPaths.get('chat')?.endpoints.length === 1);
});

test('a static route for people holds their ids, and follows a task that narrows it', async (t) => {
  const server = await serve(t);
  const alice = server.state.account(ids.alice)?.user.name ?? '';
  const chat = { name: 'chat', type: 'path', path: 'chat', access: 'people', people: [alice] };
  const { until } = begin(t, server, staticRoutes(t, chat));
  const { id } = addTask(server, { runtime: httpAsk({ ...HTTP, route: CHAT }), user: ids.bob });
  const table = await until(({ endpoints }) => endpoints.has(id));
  assert.deepEqual(table.staticPaths.get('chat')?.people, [alice, ids.alice]);
  changeRuntime(server, id, { router_access: 'owner' });
  await until(({ staticPaths }) => staticPaths.get('chat')?.endpoints[0]?.access === 'owner');
});

test('a task’s word that is no level counts as owner, and is told in the log once', async (t) => {
  const server = await serve(t);
  const { until, lines } = begin(t, server);
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), router_access: 'every\nbody' } });
  const table = await until(({ endpoints }) => endpoints.has(id));
  const { access, unknownAccess } = table.endpoints.get(id) ?? assert.fail();
  assert.deepEqual([access, unknownAccess], ['owner', 'every\nbody']);
  changeRuntime(server, id, { router_access: 'people' });
  await until(({ endpoints }) => endpoints.get(id)?.access === 'people');
  const told = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'access_unknown');
  assert.deepEqual(
    told.map(({ endpoint, task, word }) => [endpoint, task, word]),
    [[id, id, 'every\nbody']],
  );
});
