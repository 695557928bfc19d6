import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALONE } from '../../../../router/routes/leader.ts';
import type { RouteTable } from '../../../../router/routes/model/table.ts';
import {
  addTask,
  changeRuntime,
  changeTask,
  httpAsk,
  taskWhen,
  tcpAsk,
} from '../../../lab/clearml/asks.ts';
import { ids } from '../../../lab/clearml/seed.ts';
import { route, runtimeOf, serve } from '../../../support/installation.ts';

const SSH = { address: '10.0.0.1', port: 22 };
const environment = { TCP_PORT_END: '21099' };

function asks(names: readonly string[], address: string) {
  return Object.assign({}, ...names.map((name, port) => tcpAsk({ address, port: port + 1, name })));
}

function namesFrom(start: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(start + index).padStart(3, '0')}`);
}

function held(table: RouteTable, id: string): string[] {
  return [...table.ports.values()]
    .filter(({ task }) => task.id === id)
    .map(({ name }) => name ?? '');
}

test('A68: one task gets no more ports than one task may have, and page and log say so', async (t) => {
  const server = await serve(t);
  const { routes, until, lines } = route(t, server, { environment });
  routes.start();
  const { id } = addTask(server, { runtime: asks(namesFrom(0, 30), '10.0.0.1') });
  const other = addTask(server, { runtime: tcpAsk({ ...SSH, address: '10.0.0.2' }) }).id;
  const table = await until(({ endpoints }) => endpoints.size === 31);
  assert.equal(held(table, id).length, 8);
  assert.equal(held(table, other).length, 1);
  const refused = table.endpoints.get(`${id}__n008`)?.tcp;
  const reason = refused?.state === 'refused' ? refused.reason : '';
  assert.match(reason, /^the task has 8 ports .* \(TCP_MAX_PORTS_PER_TASK\)$/);
  assert.ok(
    lines.some((line) => line.includes('ask_refused') && line.includes('TCP_MAX_PORTS_PER_TASK')),
  );
  assert.equal(
    runtimeOf(server, id)['external_address__n008'],
    '10.0.0.1',
    'the ask is left as it is',
  );
});

test('A68: nor does one user by many tasks', async (t) => {
  const server = await serve(t);
  const { routes, until } = route(t, server, {
    environment: { ...environment, TCP_MAX_PORTS_PER_USER: '3' },
  });
  routes.start();
  const mine = [1, 2, 3, 4].map(
    (port) => addTask(server, { runtime: tcpAsk({ ...SSH, port }), startedAt: port * 1_000 }).id,
  );
  const bobs = addTask(server, {
    runtime: tcpAsk({ ...SSH, port: 9 }),
    startedAt: 9_000,
    user: ids.bob,
  }).id;
  const table = await until(({ endpoints }) => endpoints.size === 5);
  assert.deepEqual(
    mine.map((id) => held(table, id).length),
    [1, 1, 1, 0],
  );
  assert.equal(held(table, bobs).length, 1);
  const refused = table.endpoints.get(mine[3] ?? '')?.tcp;
  assert.match(refused?.state === 'refused' ? refused.reason : '', /TCP_MAX_PORTS_PER_USER/);
});

test('A68: with a lower bound the ports that were granted first are kept, whatever the names', async (t) => {
  const server = await serve(t);
  const first = route(t, server, { environment });
  first.routes.start();
  const { id } = addTask(server, { runtime: asks(['z'], '10.0.0.1') });
  await taskWhen(server, id, ({ runtime }) => 'router_tcp_stamp__z' in runtime);
  for (const [name, port] of [
    ['y', 2],
    ['a', 3],
  ] as const) {
    changeRuntime(server, id, tcpAsk({ ...SSH, port, name }));
    await taskWhen(server, id, ({ runtime }) => `router_tcp_stamp__${name}` in runtime);
  }
  await first.stop();
  const again = route(t, server, { environment: { ...environment, TCP_MAX_PORTS_PER_TASK: '2' } });
  again.routes.start();
  const table = await again.until(({ ports }) => ports.size > 0);
  assert.deepEqual(held(table, id).toSorted(), ['y', 'z']);
});

test('A68: a stamp of a port that was given up takes none from whom it serves: here, and at a replica', async (t) => {
  const server = await serve(t);
  const limited = { environment: { ...environment, TCP_MAX_PORTS_PER_USER: '2' } };
  const leader = route(t, server, limited);
  const replica = route(t, server, { ...limited, leadership: { ...ALONE, isLeader: () => false } });
  leader.routes.start();
  replica.routes.start();
  const ask = async (port: number): Promise<string> => {
    const { id } = addTask(server, { runtime: tcpAsk({ ...SSH, port }), startedAt: port * 1_000 });
    await taskWhen(server, id, ({ runtime }) => 'router_tcp_stamp' in runtime);
    return id;
  };
  const gone = await ask(1);
  const stale = runtimeOf(server, gone);
  changeTask(server, gone, { runtime: {} });
  await leader.until(({ ports }) => ports.size === 0);
  const served = [await ask(2), await ask(3)];
  await replica.until((table) => served.every((id) => held(table, id).length === 1));
  changeTask(server, gone, { runtime: stale });
  for (const { until } of [leader, replica]) {
    const table = await until(({ endpoints }) => endpoints.size === 3);
    assert.deepEqual(
      [...served, gone].map((id) => held(table, id).length),
      [1, 1, 0],
    );
  }
});

test('A68: who waits for a port gets it before one who gives his up for others again and again', async (t) => {
  const server = await serve(t);
  const { routes, until } = route(t, server, { environment: { TCP_MAX_PORTS_PER_TASK: '2' } });
  routes.start();
  const { id } = addTask(server, { runtime: {}, startedAt: 1_000 });
  const askFor = (...names: string[]) =>
    changeTask(server, id, { runtime: asks(names, '10.0.0.1') });
  // An answer that is under way would bring its ask back.
  const answered = (name: string) =>
    taskWhen(server, id, ({ runtime }) => `router_tcp_stamp__${name}` in runtime);
  askFor('a0', 'a1');
  await answered('a1');
  askFor('b0', 'b1');
  await answered('b1');
  const waiting = addTask(server, { runtime: tcpAsk({ ...SSH, port: 9 }), user: ids.bob }).id;
  await until(({ endpoints }) => endpoints.get(waiting)?.tcp?.state === 'refused');
  askFor('c0', 'c1');
  await until(({ endpoints }) => endpoints.has(`${id}__c1`));
  const table = await until(({ ports }) => ports.size > 0);
  assert.equal(held(table, waiting).length, 1);
});

test('A68: a task has so many endpoints and names of such a length at most, with the reason', async (t) => {
  const server = await serve(t);
  const { routes, until } = route(t, server);
  routes.start();
  const runtime = Object.assign(
    {},
    ...namesFrom(0, 80).map((name, port) => httpAsk({ address: '10.0.0.1', port: port + 1, name })),
  );
  const { id } = addTask(server, { runtime });
  const long = 'x'.repeat(129);
  const named = addTask(server, {
    runtime: httpAsk({ ...SSH, address: '10.0.0.2', name: long }),
  }).id;
  const table = await until(({ endpoints }) => endpoints.size === 81);
  const lanes = [...table.endpoints.values()]
    .filter(({ task }) => task.id === id)
    .map(({ http }) => http);
  assert.equal(lanes.filter((http) => http?.state === 'open').length, 64);
  const last = lanes.find((http) => http?.state === 'refused');
  assert.match(last?.state === 'refused' ? last.reason : '', /more than 64 endpoints/);
  const odd = [...table.endpoints.values()].find(({ task }) => task.id === named)?.http;
  assert.match(odd?.state === 'refused' ? odd.reason : '', /more than 128 characters/);
});
