import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { RouteTable } from '../../../../router/routes/model/table.ts';
import type { MigrationRecord } from '../../../../router/routes/claims/migrate.ts';
import {
  addTask,
  changeRuntime,
  changeTask,
  endTask,
  httpAsk,
  taskWhen,
  tcpAsk,
} from '../../../lab/clearml/asks.ts';
import { textOf } from '../../../lab/clearml/document.ts';
import type { Runtime } from '../../../lab/clearml/records.ts';
import type { ClearMl as Server } from '../../../lab/clearml/server.ts';
import {
  binder,
  count,
  eventually,
  route,
  runtimeOf,
  serve,
  stampKeys,
  type Router,
  type RouterOptions,
} from '../../../support/installation.ts';

const SSH = { address: '10.0.0.1', port: 22 };
const WRITES = ['tasks.edit', 'tasks.edit_runtime'] as const;

function port(table: RouteTable, id: string): number | undefined {
  const tcp = table.endpoints.get(id)?.tcp;
  return tcp?.state === 'open' ? tcp.port : undefined;
}

function begin(t: TestContext, server: Server, options: RouterOptions = {}): Router {
  const router = route(t, server, options);
  router.routes.start();
  return router;
}

/** A task that asks for TCP, once its answer stands. */
async function answered(server: Server, number: number, startedAt: number): Promise<string> {
  const { id } = addTask(server, { runtime: tcpAsk({ ...SSH, port: number }), startedAt });
  await taskWhen(server, id, ({ runtime }) => 'router_tcp_stamp' in runtime);
  return id;
}

/** What a task can write down of an answer, its own or another's. */
function answerIn(runtime: Runtime): Runtime {
  const keys = ['external_address', 'external_tcp_port', 'router_tcp_answer', 'router_tcp_stamp'];
  return Object.fromEntries(Object.entries(runtime).filter(([key]) => keys.includes(key)));
}

/** Kept for all replicas and for ever. */
function keeper(done = false): MigrationRecord & { marked: boolean } {
  const kept = {
    marked: done,
    done: () => Promise.resolve(kept.marked),
    mark: () => {
      kept.marked = true;
      return Promise.resolve();
    },
  };
  return kept;
}

test('A61: an older task that writes a younger one’s port does not get it by a restart, nor by router_name', async (t) => {
  const server = await serve(t);
  const first = begin(t, server);
  const young = await answered(server, 2, 2_000);
  await first.stop();

  const forged = {
    ...tcpAsk({ ...SSH, port: 3 }),
    external_address: '203.0.113.7',
    external_tcp_port: '21000',
    upstream_task_address: '10.0.0.1',
    router_tcp_answer: '203.0.113.7:21000',
    router_name: 'west',
  };
  const old = addTask(server, { runtime: forged, startedAt: 1_000 }).id;
  const { until, routes } = begin(t, server);
  const table = await until(
    (next) => port(next, young) !== undefined && port(next, old) !== undefined,
  );
  assert.equal(port(table, young), 21_000);
  assert.equal(port(table, old), 21_001);
  for (const name of ['west', 'west', 'west', 'west']) {
    await taskWhen(server, old, ({ runtime }) => runtime['router_name'] === 'router');
    changeRuntime(server, old, { ...forged, router_name: name });
  }
  await taskWhen(server, old, ({ runtime }) => runtime['router_name'] === 'router');
  assert.equal(runtimeOf(server, old)['external_tcp_port'], '21001');
  assert.equal(port(routes.current(), young), 21_000);
  assert.doesNotMatch(routes.current().problems.join(), /undoes/);
});

test('A61: of two valid stamps the newest counts: an old one, played back after its port was given to another, is nothing', async (t) => {
  const server = await serve(t);
  const environment = { TCP_PORT_END: '21001' };
  const first = begin(t, server, { environment });
  const old = await answered(server, 1, 1_000);
  const stale = answerIn(runtimeOf(server, old));
  // The task asks no longer, its port rests and goes to another, and the task asks again.
  const ask = tcpAsk({ ...SSH, port: 1 });
  changeTask(server, old, { runtime: {} });
  await first.until(({ endpoints }) => endpoints.size === 0);
  const other = await answered(server, 2, 3_000);
  const another = await answered(server, 3, 4_000);
  endTask(server, port(first.routes.current(), other) === 21_000 ? another : other);
  const heir = port(first.routes.current(), other) === 21_000 ? other : another;
  assert.equal(port(first.routes.current(), heir), 21_000);
  changeTask(server, old, { runtime: ask });
  await taskWhen(server, old, ({ runtime }) => runtime['external_tcp_port'] === '21001');

  // In the process that gave the port away, at a replica, and after a restart.
  const replica = begin(t, server, { environment, leadership: follower(), ports: binder() });
  await replica.until((table) => port(table, heir) === 21_000 && port(table, old) === 21_001);
  changeRuntime(server, old, { ...stale, upstream_task_address: '10.0.0.1' });
  await taskWhen(server, old, ({ runtime }) => runtime['external_tcp_port'] === '21001');
  assert.equal(port(replica.routes.current(), heir), 21_000);
  await first.stop();
  changeRuntime(server, old, { ...stale, upstream_task_address: '10.0.0.1' });
  const again = begin(t, server, { environment });
  const table = await again.until((next) => port(next, old) !== undefined);
  assert.equal(port(table, heir), 21_000);
  assert.equal(port(table, old), 21_001);
});

test('A61: a port that is free is not given back to an answer without a stamp, once answers have been stamped', async (t) => {
  const server = await serve(t);
  const migration = keeper(true);
  const runtime = {
    ...tcpAsk({ ...SSH, port: 3 }),
    external_address: '203.0.113.7',
    external_tcp_port: '21002',
    upstream_task_address: '10.0.0.1',
    router_tcp_answer: '203.0.113.7:21002',
  };
  const { id } = addTask(server, { runtime });
  const { until } = begin(t, server, { migration });
  const table = await until((next) => port(next, id) !== undefined);
  assert.equal(port(table, id), 21_000);
});

for (const kept of [true, false]) {
  test(`A61: answers of version 0.2 are taken as they stand once, and stamped (${kept ? 'kept in a store' : 'no store'})`, async (t) => {
    const server = await serve(t);
    const migration = kept ? keeper() : undefined;
    const old = (number: number, external: string): Runtime => ({
      ...tcpAsk({ ...SSH, port: number }),
      external_address: '203.0.113.7',
      external_tcp_port: external,
      upstream_task_address: '10.0.0.1',
      upstream_task_port: String(number),
      router_tcp_answer: `203.0.113.7:${external}`,
      router_name: 'router',
    });
    const a = addTask(server, { runtime: old(1, '21003'), startedAt: 1_000 }).id;
    const b = addTask(server, { runtime: old(2, '21001'), startedAt: 2_000 }).id;
    const first = begin(t, server, migration && { migration });
    await taskWhen(server, a, ({ runtime }) => 'router_tcp_stamp' in runtime);
    await taskWhen(server, b, ({ runtime }) => 'router_tcp_stamp' in runtime);
    assert.deepEqual(
      [port(first.routes.current(), a), port(first.routes.current(), b)],
      [21_003, 21_001],
    );
    if (migration !== undefined) await eventually(() => migration.marked, 'the mark');
    await first.stop();

    // An even older task that names the port of another comes too late, though that one's stamp is in its runtime alone.
    const liar = addTask(server, { runtime: old(3, '21002'), startedAt: 500 }).id;
    const second = begin(t, server, migration && { migration });
    const table = await second.until((next) => port(next, liar) !== undefined);
    assert.deepEqual([port(table, a), port(table, b)], [21_003, 21_001]);
    assert.notEqual(port(table, liar), 21_002, 'nothing without a stamp is believed any more');
  });
}

test('A61: a replica follows the unstamped answers of a leader of version 0.2 until they are stamped', async (t) => {
  const server = await serve(t);
  const migration = keeper();
  const replica = begin(t, server, { migration, leadership: follower() });
  const { id } = addTask(server, {
    runtime: {
      ...tcpAsk(SSH),
      external_address: '203.0.113.7',
      external_tcp_port: '21002',
      upstream_task_address: '10.0.0.1',
      router_tcp_answer: '203.0.113.7:21002',
    },
  });
  await replica.until((table) => port(table, id) === 21_002);
  assert.equal(migration.marked, false, 'the leader says so');
  assert.equal(count(server, ...WRITES), 0);
});

test('A61: a rotated secret: the old key still restores ports, and every answer is stamped anew', async (t) => {
  const server = await serve(t);
  const first = begin(t, server, { stampKeys: stampKeys('old') });
  const b = await answered(server, 2, 2_000);
  const a = await answered(server, 1, 1_000);
  const before = runtimeOf(server, a)['router_tcp_stamp'];
  await first.stop();
  let keys = stampKeys('new', 'old')();
  const second = begin(t, server, { stampKeys: () => keys });
  await taskWhen(server, a, ({ runtime }) => runtime['router_tcp_stamp'] !== before);
  assert.deepEqual(
    [port(second.routes.current(), a), port(second.routes.current(), b)],
    [21_001, 21_000],
  );
  await taskWhen(server, b, ({ runtime }) =>
    textOf(runtime['router_tcp_stamp']).includes(keyId(server, a)),
  );
  // Changed while the process runs.
  const between = runtimeOf(server, a)['router_tcp_stamp'];
  keys = stampKeys('newest', 'new')();
  await taskWhen(server, a, ({ runtime }) => runtime['router_tcp_stamp'] !== between);
  await taskWhen(server, b, ({ runtime }) =>
    textOf(runtime['router_tcp_stamp']).includes(keyId(server, a)),
  );
  await second.stop();
  const third = begin(t, server, { stampKeys: stampKeys('newest') });
  const table = await third.until(
    (next) => port(next, a) !== undefined && port(next, b) !== undefined,
  );
  assert.deepEqual([port(table, a), port(table, b)], [21_001, 21_000]);
});

function keyId(server: Server, id: string): string {
  return String((JSON.parse(textOf(runtimeOf(server, id)['router_tcp_stamp'])) as unknown[])[1]);
}

test('A61: a task that undoes its answers at every look is answered after growing pauses, and page and log say why', async (t) => {
  const server = await serve(t);
  const { routes, until, lines } = begin(t, server);
  const ask = httpAsk({ address: '10.0.0.1', port: 80 });
  const { id } = addTask(server, { runtime: ask });
  const undone = setInterval(() => {
    if (!('endpoint' in runtimeOf(server, id))) return;
    changeTask(server, id, { runtime: { ...ask, router_name: 'west' } });
  }, 5);
  t.after(() => clearInterval(undone));
  const table = await until(({ notices }) => notices.has(id), 'a notice');
  assert.match(table.notices.get(id) ?? '', /again and again, and did not stay/);
  assert.match(
    routes.state().problems.join(),
    new RegExp(`did not stay in 1 tasks, such as ${id}`),
  );
  await eventually(() =>
    lines.some((line) => line.includes('"event":"problem"') && line.includes('did not stay')),
  );
  const writes = count(server, ...WRITES);
  assert.ok(writes <= 6, `${writes} writes`);
  const confirmed = routes.current().confirmedAt;
  await until(({ confirmedAt }) => confirmedAt > confirmed + 1_000);
  assert.equal(count(server, ...WRITES), writes, 'a pause');
});

function follower() {
  return {
    isLeader: () => false,
    holder: () => undefined,
    start: () => undefined,
    stop: () => Promise.resolve(),
  };
}
