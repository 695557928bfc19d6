import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteTable } from '../../../router/routes/model/table.ts';
import {
  addTask,
  changeRuntime,
  changeTask,
  endTask,
  httpAsk,
  taskWhen,
  tcpAsk,
} from '../../lab/clearml/asks.ts';
import { textOf } from '../../lab/clearml/document.ts';
import type { FaultKind } from '../../lab/clearml/faults/faults.ts';
import { ids } from '../../lab/clearml/seed.ts';
import type { ClearMl as Server } from '../../lab/clearml/server.ts';
import { binder, count, eventually, route, runtimeOf, serve } from '../../support/installation.ts';

const HTTP = { address: '10.0.0.1', port: 8888 };
const WRITES = ['tasks.edit', 'tasks.edit_runtime'] as const;

function opened(id: string, lane: 'http' | 'tcp' = 'http') {
  return (table: RouteTable): boolean => table.endpoints.get(id)?.[lane]?.state === 'open';
}

const LOOK_FAULTS: readonly FaultKind[] = [
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'slow', milliseconds: 600 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'garbage' },
  { kind: 'wrong-envelope' },
  { kind: 'truncate' },
  { kind: 'unauthorized' },
  { kind: 'error', code: 500, subcode: 0, message: 'no database' },
];

for (const fault of LOOK_FAULTS) {
  test(`looks that meet "${fault.kind}": the last table stays, is marked stale, and heals`, async (t) => {
    const server = await serve(t);
    const { routes, until } = route(t, server, { timeout: 300 });
    routes.start();
    const { id } = addTask(server, { runtime: httpAsk(HTTP) });
    await until(opened(id));
    server.faults.add({ ...fault, calls: ['tasks.get_all_ex'] });
    const stale = await until((table) => table.stale, 'a stale table');
    assert.ok(opened(id)(stale));
    assert.ok(routes.state().lastError !== undefined);
    endTask(server, id);
    server.faults.clear();
    const healed = await until((table) => !table.stale, 'a fresh table');
    assert.equal(healed.endpoints.size, 0);
    assert.equal(routes.state().lastError, undefined);
    assert.ok(routes.state().lastFailure !== undefined);
  });
}

test('a server that is away at the start: not ready, waiting, then serving', async (t) => {
  const server = await serve(t);
  await server.down();
  const { routes, until } = route(t, server);
  routes.start();
  await eventually(() => routes.state().lastError !== undefined);
  assert.equal(routes.state().ready, false);
  const { id } = addTask(server, { runtime: httpAsk(HTTP) });
  await server.up();
  await until(opened(id));
  assert.equal(routes.state().ready, true);
});

test('an entry that is not of the contract is told, and hides no other task', async (t) => {
  const server = await serve(t);
  const { routes, until, lines } = route(t, server);
  routes.start();
  const { id } = addTask(server, { runtime: httpAsk(HTTP) });
  await until(opened(id));
  const liar = addTask(server);
  changeTask(server, liar.id, { id: 7 });
  const told = await until(({ problems }) => problems.length > 0);
  assert.match(told.problems.join(), /1 entries without a task's id or status/);
  assert.ok(opened(id)(told));
  assert.equal(routes.state().lastError, undefined);
  const other = addTask(server, { runtime: httpAsk({ ...HTTP, port: 2 }) }).id;
  await until(opened(other));
  await eventually(() => lines.some((line) => line.includes('"event":"problem"')));
  endTask(server, other);
  await until(({ endpoints }) => !endpoints.has(other));
  endTask(server, id);
  await until(({ endpoints }) => endpoints.size === 0, 'an end beside nothing that can be read');
});

const WRITE_FAULTS: readonly (FaultKind & { readonly times?: number })[] = [
  { kind: 'drop-write', every: 2 },
  { kind: 'lose-answer', times: 2 },
  { kind: 'reset', times: 3 },
  { kind: 'hang', times: 1 },
  { kind: 'status', status: 500, times: 3 },
];

for (const fault of WRITE_FAULTS) {
  for (const apiVersion of ['2.34', '2.23']) {
    test(`answers that meet "${fault.kind}" on API ${apiVersion} stand in the end`, async (t) => {
      const server = await serve(t, { apiVersion });
      const { routes } = route(t, server, { timeout: 300 });
      server.faults.add({ ...fault, calls: WRITES });
      const tasks = Array.from({ length: 5 }, (_, port) =>
        addTask(server, { runtime: { ...httpAsk({ ...HTTP, port: port + 1 }), secret: 'stays' } }),
      );
      routes.start();
      for (const { id } of tasks) {
        await taskWhen(server, id, ({ runtime }) => 'endpoint' in runtime);
      }
      for (const { id } of tasks) assert.equal(runtimeOf(server, id)['secret'], 'stays');
    });
  }
}

test('a task whose answers ClearML refuses is told, and not asked about at every look', async (t) => {
  const server = await serve(t);
  const { routes, until } = route(t, server);
  const refusal = { kind: 'error', code: 400, subcode: 101, message: 'not yours' } as const;
  server.faults.add({ ...refusal, calls: WRITES });
  const { id } = addTask(server, { runtime: httpAsk(HTTP) });
  routes.start();
  const { problems, confirmedAt } = await until((table) => table.problems.length > 0);
  assert.match(
    problems.join(),
    new RegExp(`refuses the answers of 1 tasks, such as ${id}.*not yours`),
  );
  await until((table) => table.confirmedAt > confirmedAt + 200);
  assert.equal(count(server, ...WRITES), 1);
});

test('an answer that a task’s own edit of the whole dictionary erased is restored, for ever', async (t) => {
  const server = await serve(t);
  const { routes, metrics, until } = route(t, server);
  routes.start();
  const ask = { ...httpAsk(HTTP), ...tcpAsk({ ...HTTP, port: 22 }) };
  const { id } = addTask(server, { runtime: ask });
  const answered = await taskWhen(server, id, ({ runtime }) => 'endpoint' in runtime);
  for (const round of [1, 2, 3]) {
    await eventually(() => count(server, ...WRITES) === round);
    const written = Date.now();
    await until(({ confirmedAt }) => confirmedAt > written, 'a look that sees the answer');
    changeTask(server, id, { runtime: { ...ask, round } });
    const restored = await taskWhen(server, id, ({ runtime }) => 'endpoint' in runtime);
    assert.deepEqual({ ...restored.runtime, round: 0 }, { ...answered.runtime, round: 0 });
  }
  await eventually(() => count(server, ...WRITES) === 4);
  const { values } = await metrics.answersRestored.get();
  assert.equal(values[0]?.value, 3);
});

/** Stops a router when the server answers its nth call, and starts the next one. */
async function stopAtCall(server: Server, nth: number, stop: () => Promise<void>): Promise<void> {
  await eventually(() => server.calls.count() >= nth, `call ${nth}`);
  await stop();
}

test('a restart at every moment changes no external port and no answer', async (t) => {
  const server = await serve(t);
  const tasks = [3, 1, 2].map(
    (port) => addTask(server, { runtime: tcpAsk({ ...HTTP, port }), startedAt: port * 1_000 }).id,
  );
  const first = route(t, server);
  first.routes.start();
  for (const id of tasks) await taskWhen(server, id, ({ runtime }) => 'router_name' in runtime);
  await first.stop();
  const before = tasks.map((id) => runtimeOf(server, id));
  const changes = server.state.version;
  for (let nth = 1; nth <= 6; nth += 1) {
    server.calls.clear();
    const { routes, stop } = route(t, server);
    routes.start();
    await stopAtCall(server, nth, stop);
  }
  assert.deepEqual(
    tasks.map((id) => runtimeOf(server, id)),
    before,
  );
  assert.equal(server.state.version, changes, 'nothing was written');
});

test('a restart while answers are being written: every task has its answer, no port twice', async (t) => {
  const server = await serve(t);
  const environment = { TCP_PORT_END: '21099' };
  const tasks = Array.from(
    { length: 60 },
    (_, index) => addTask(server, { runtime: tcpAsk({ ...HTTP, port: index + 1 }) }).id,
  );
  for (const nth of [3, 9, 17, 30, 55]) {
    const { routes, stop } = route(t, server, { environment });
    routes.start();
    await stopAtCall(server, nth, stop);
  }
  const { routes } = route(t, server, { environment });
  routes.start();
  for (const id of tasks) await taskWhen(server, id, ({ runtime }) => 'router_name' in runtime);
  const ports = tasks.map((id) => runtimeOf(server, id)['external_tcp_port']);
  assert.equal(new Set(ports).size, 60);
});

test('a fresh ask that was written while the router was away keeps its external port', async (t) => {
  const server = await serve(t);
  const first = route(t, server);
  first.routes.start();
  const other = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 1 }), startedAt: 1_000 }).id;
  await taskWhen(server, other, ({ runtime }) => 'router_name' in runtime);
  const { id } = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 2 }), startedAt: 2_000 });
  await taskWhen(server, id, ({ runtime }) => 'router_name' in runtime);
  await first.stop();
  endTask(server, other);
  changeRuntime(server, id, tcpAsk({ ...HTTP, port: 3 }));
  const { routes, until } = route(t, server);
  routes.start();
  const { ports } = await until(opened(id, 'tcp'));
  assert.deepEqual([...ports.keys()], [21_001]);
});

test('A61: an answer copied from another task gets another port, after a restart too', async (t) => {
  const server = await serve(t);
  const first = route(t, server);
  first.routes.start();
  const late = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 2 }), startedAt: 2_000 }).id;
  const answered = await taskWhen(server, late, ({ runtime }) => 'router_name' in runtime);
  const early = addTask(server, {
    runtime: { ...answered.runtime, upstream_task_port: 1 },
    startedAt: 1_000,
  }).id;
  const table = await first.until(opened(early, 'tcp'));
  assert.equal(table.endpoints.get(late)?.tcp?.port, 21_000);
  assert.equal(table.endpoints.get(early)?.tcp?.port, 21_001);
  await taskWhen(server, early, ({ runtime }) => runtime['external_tcp_port'] === '21001');
  await first.stop();

  changeRuntime(server, early, {
    external_tcp_port: '21000',
    router_tcp_answer: '203.0.113.7:21000',
    router_tcp_stamp: textOf(answered.runtime['router_tcp_stamp']),
  });
  const { routes, until } = route(t, server);
  routes.start();
  const again = await until(opened(late, 'tcp'));
  assert.equal(again.endpoints.get(late)?.tcp?.port, 21_000);
  assert.notEqual(again.endpoints.get(early)?.tcp?.port, 21_000);
});

test('a runtime that names its own upstream passes the address rules like any ask', async (t) => {
  const server = await serve(t);
  const { routes, until } = route(t, server);
  routes.start();
  const { id } = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 2 }) });
  await taskWhen(server, id, ({ runtime }) => 'router_name' in runtime);
  changeRuntime(server, id, { upstream_task_address: '169.254.169.254' });
  await until(({ endpoints }) => endpoints.get(id)?.tcp?.state === 'refused');
  assert.equal(runtimeOf(server, id)['upstream_task_address'], '169.254.169.254');
});

test('two routers with different queues keep out of each other’s tasks', async (t) => {
  const server = await serve(t);
  const queue = (name: string) =>
    [...server.state.queues.values()].find((one) => one.name === name);
  const mine = addTask(server, { runtime: httpAsk(HTTP), queue: ids.queueGpu }).id;
  const theirs = addTask(server, {
    runtime: httpAsk({ ...HTTP, port: 2 }),
    queue: ids.queueDefault,
  }).id;
  const [a, b] = [ids.queueGpu, ids.queueDefault].map((id) => {
    const name = [...server.state.queues.values()].find((one) => one.id === id)?.name ?? '';
    assert.ok(queue(name));
    const environment = { ROUTER_NAME: `of-${name}`, LISTEN_QUEUE_NAME: name };
    return route(t, server, { environment });
  });
  a?.routes.start();
  b?.routes.start();
  await taskWhen(server, mine, ({ runtime }) => 'endpoint' in runtime);
  await taskWhen(server, theirs, ({ runtime }) => 'endpoint' in runtime);
  assert.deepEqual([...(a?.routes.current().endpoints.keys() ?? [])], [mine]);
  assert.deepEqual([...(b?.routes.current().endpoints.keys() ?? [])], [theirs]);
});

test('two routers that claim one task: one gives way after its answer was undone twice, and names the other', async (t) => {
  const server = await serve(t);
  const { id } = addTask(server, { runtime: httpAsk(HTTP) });
  const routers = ['east', 'west'].map((name) =>
    route(t, server, {
      environment: { ROUTER_NAME: name, ROUTER_URL: `https://${name}.example.com` },
    }),
  );
  for (const { routes } of routers) routes.start();
  const told = (): string[] => routers.flatMap(({ routes }) => routes.current().problems);
  await eventually(() => told().length > 0, 'a problem');
  assert.match(told().join(), new RegExp(`task ${id}: the router "(east|west)" undoes`));
  const writes = count(server, ...WRITES);
  const confirmed = routers.map(({ routes }) => routes.current().confirmedAt);
  for (const [index, { until }] of routers.entries()) {
    await until(({ confirmedAt }) => confirmedAt > (confirmed[index] ?? 0) + 300);
  }
  assert.equal(count(server, ...WRITES), writes, 'peace');
  assert.ok(writes <= 6, `${writes} writes`);
});

test('two routers of one name and different URLs are told apart by their answers', async (t) => {
  const server = await serve(t);
  const { id } = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 2 }) });
  const routers = ['203.0.113.7', '203.0.113.8'].map((address) =>
    route(t, server, { environment: { TCP_ROUTER_ADDRESS: address } }),
  );
  const web = addTask(server, { runtime: httpAsk(HTTP), startedAt: 1 }).id;
  const other = route(t, server, { environment: { ROUTER_URL: 'https://west.example.com' } });
  for (const { routes } of [...routers, other]) routes.start();
  const told = (): string =>
    [...routers, other].flatMap(({ routes }) => routes.current().problems).join('\n');
  const fights = [
    `task ${web}: another router of the same name, which answers with https://(router|west).example.com, undoes`,
    `task ${id}: .* answers with 203.0.113.[78], undoes`,
  ].map((text) => new RegExp(text));
  // Where the first looks meet half an answer, the fight is seen behind the pauses that follow repeated writes: 4 and 8 seconds.
  await eventually(() => fights.every((fight) => fight.test(told())), 'both fights told', 60_000);
});

test('one router whose own answers change is in no fight with itself', async (t) => {
  const server = await serve(t);
  const { id } = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 2 }) });
  const { routes } = route(t, server);
  routes.start();
  for (let round = 0; round < 4; round += 1) {
    const own = await taskWhen(server, id, ({ runtime }) => 'router_name' in runtime);
    const ask = tcpAsk({ ...HTTP, port: 3 + round });
    changeRuntime(server, id, { ...own.runtime, ...ask });
    await taskWhen(
      server,
      id,
      ({ runtime }) =>
        Number(runtime['upstream_task_port']) === 3 + round &&
        runtime['external_address'] === '203.0.113.7',
    );
  }
  assert.deepEqual(routes.current().problems, []);
});

test('the leader is killed: the follower serves on and takes over without moving a port', async (t) => {
  const server = await serve(t);
  const lead = leadership(true);
  const follow = leadership(false);
  const leader = route(t, server, { leadership: lead, ports: binder() });
  const follower = route(t, server, { leadership: follow, ports: binder() });
  leader.routes.start();
  follower.routes.start();
  const { id } = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 2 }), startedAt: 1 });
  const onLeader = await leader.until(({ ports }) => ports.size === 1);
  const onFollower = await follower.until(({ ports }) => ports.size === 1);
  assert.deepEqual([...onFollower.ports.keys()], [...onLeader.ports.keys()]);
  await leader.stop();
  lead.set(false);
  const writes = count(server, ...WRITES);
  const second = addTask(server, { runtime: tcpAsk({ ...HTTP, port: 3 }), startedAt: 2 }).id;
  await follower.until(({ endpoints }) => endpoints.has(second));
  assert.equal(count(server, ...WRITES), writes, 'a follower writes nothing');
  follow.set(true);
  const table = await follower.until(({ ports }) => ports.size === 2);
  assert.equal(table.endpoints.get(id)?.tcp?.port, 21_000);
  await taskWhen(server, second, ({ runtime }) => runtime['external_tcp_port'] === '21001');
});

function leadership(leader: boolean) {
  let leads = leader;
  return {
    isLeader: () => leads,
    holder: () => undefined,
    set: (next: boolean) => {
      leads = next;
    },
    start: () => undefined,
    stop: () => Promise.resolve(),
  };
}
