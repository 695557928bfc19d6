import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addTask,
  changeRuntime,
  changeTask,
  httpAsk,
  taskWhen,
  tcpAsk,
} from '../../../lab/clearml/asks.ts';
import { textOf } from '../../../lab/clearml/document.ts';
import { count, eventually, route, runtimeOf, serve } from '../../../support/installation.ts';

const HTTP = { address: '10.0.0.1', port: 8888 };
const SSH = { address: '10.0.0.1', port: 22 };
const WRITES = ['tasks.edit', 'tasks.edit_runtime'] as const;

for (const name of ['_x', 'a___b', '_', 'x_', '%', 'a.b']) {
  for (const editRuntimeKeys of ['escaped', 'verbatim'] as const) {
    test(`A80: an endpoint called "${name}" is answered by a fresh router, and written once (${editRuntimeKeys})`, async (t) => {
      const server = await serve(t, { editRuntimeKeys });
      const { routes, until } = route(t, server);
      routes.start();
      const { id } = addTask(server, {
        runtime: { ...httpAsk({ ...HTTP, name }), ...tcpAsk({ ...SSH, name }) },
      });
      const { runtime } = await taskWhen(
        server,
        id,
        (task) => task.runtime[`external_address__${name}`] === '203.0.113.7',
      );
      assert.ok(
        textOf(runtime[`endpoint__${name}`]).startsWith('https://router.example.com/service/'),
      );
      const strays = Object.entries(runtime).filter(
        ([key, value]) =>
          typeof value === 'object' || (editRuntimeKeys === 'escaped' && key.includes('%_')),
      );
      assert.deepEqual(strays, []);
      const { confirmedAt } = routes.current();
      await until((table) => table.confirmedAt > confirmedAt);
      const writes = count(server, ...WRITES);
      await until((table) => table.confirmedAt > confirmedAt + 400);
      assert.equal(count(server, ...WRITES), writes);
      assert.deepEqual(routes.current().problems, []);
    });
  }
}

const TCP_KEYS = [
  'external_address',
  'upstream_task_address',
  'upstream_task_port',
  'router_tcp_answer',
  'router_tcp_stamp',
  'router_name',
];

for (const lost of [
  ...TCP_KEYS.map((key) => [key]),
  TCP_KEYS.slice(1, 3),
  TCP_KEYS.slice(1),
  TCP_KEYS.slice(0, 2),
]) {
  for (const restarted of [false, true]) {
    // What only the process that wrote it, or the stamp, can know is gone where both are.
    if (restarted && lost.includes('router_tcp_stamp') && lost.length > 1) continue;
    test(`A83: a TCP answer that lost ${lost.join(', ')} is repaired${restarted ? ' after a restart' : ''}`, async (t) => {
      const server = await serve(t);
      const first = route(t, server);
      first.routes.start();
      const { id } = addTask(server, { runtime: tcpAsk(SSH) });
      const { runtime } = await taskWhen(server, id, (task) => 'router_tcp_stamp' in task.runtime);
      if (restarted) await first.stop();
      const kept = Object.fromEntries(
        Object.entries(runtime).filter(([key]) => !lost.includes(key)),
      );
      changeTask(server, id, { runtime: kept });
      const router = restarted ? route(t, server) : first;
      if (restarted) router.routes.start();
      const same = (): boolean =>
        TCP_KEYS.every(
          (key) =>
            key === 'router_tcp_stamp' ||
            textOf(runtimeOf(server, id)[key]) === textOf(runtime[key]),
        );
      await eventually(same, 'the whole answer');
      await eventually(() => 'router_tcp_stamp' in runtimeOf(server, id));
      const tcp = router.routes.current().endpoints.get(id)?.tcp;
      assert.deepEqual(tcp?.state === 'open' && [tcp.upstream.address, tcp.upstream.port], [
        '10.0.0.1',
        22,
      ]);
      if (lost[0] !== 'router_tcp_stamp' || !restarted) assert.equal(tcp?.port, 21_000);
    });
  }
}

test('A83: route_opened is logged once for a route that stays open, whatever else of the task changes', async (t) => {
  const server = await serve(t);
  const { routes, until, lines } = route(t, server);
  routes.start();
  const { id } = addTask(server, { runtime: { ...httpAsk(HTTP), ...tcpAsk(SSH) } });
  await taskWhen(server, id, ({ runtime }) => 'endpoint' in runtime);
  for (const name of ['renamed', 'renamed again']) {
    changeTask(server, id, { name });
    await until(({ endpoints }) => endpoints.get(id)?.task.name === name);
  }
  changeRuntime(server, id, { router_proxy_protocol: 'v2' });
  await until(({ endpoints }) => endpoints.get(id)?.tcp?.proxyHeader === true);
  const events = (event: string): number =>
    lines.filter((line) => line.includes(`"event":"${event}"`)).length;
  assert.equal(events('route_opened'), 2);
  changeRuntime(server, id, { _PORT: 9999 });
  await eventually(() => events('route_moved') === 1);
  assert.equal(events('route_opened'), 2);
  changeRuntime(server, id, { _ADDRESS: '192.168.0.1' });
  await until(({ endpoints }) => endpoints.get(id)?.http?.state === 'refused');
  changeRuntime(server, id, { _ADDRESS: '10.0.0.1' });
  await until(({ endpoints }) => endpoints.get(id)?.http?.state === 'open');
  assert.equal(events('route_opened'), 3);
});

test('A83: the answer for a public task, which the account may see and not edit, says so', async (t) => {
  const server = await serve(t);
  const { routes, until } = route(t, server);
  routes.start();
  const { id } = addTask(server, { runtime: httpAsk(HTTP), company: '' });
  const table = await until(({ notices }) => notices.has(id));
  assert.match(
    table.notices.get(id) ?? '',
    /may see the task and not edit it, as with a public one/,
  );
  assert.equal(table.endpoints.get(id)?.http?.state, 'open');
  assert.equal(count(server, ...WRITES), 1);
});
