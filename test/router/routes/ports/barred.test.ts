import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTask, changeRuntime, tcpAsk } from '../../../lab/clearml/asks.ts';
import { binder, route, runtimeOf, serve } from '../../../support/installation.ts';

const TCP = { address: '10.0.0.1', port: 22 };

test('an endpoint that is to have no port keeps its tunnel, and gets its port once it may', async (t) => {
  const server = await serve(t);
  const ports = binder();
  let reason: string | undefined = 'it is for its owner alone';
  const { routes, until } = route(t, server, { ports, noPort: () => reason });
  routes.start();
  const { id } = addTask(server, { runtime: tcpAsk(TCP) });
  const barred = (await until(({ endpoints }) => endpoints.has(id))).endpoints.get(id)?.tcp;
  assert.deepEqual(
    [barred?.state, barred?.port, barred?.noPort],
    ['open', undefined, 'it is for its owner alone'],
  );
  assert.equal(ports.bound.size, 0);
  assert.equal(runtimeOf(server, id)['external_address'], TCP.address, 'as the task asked');

  // Until nothing but the reason itself would make another table.
  const { confirmedAt } = routes.current();
  await until((table) => table.confirmedAt > confirmedAt + 500);
  reason = undefined;
  const given = (await until((table) => table.ports.size === 1)).endpoints.get(id)?.tcp;
  assert.deepEqual([given?.port, given?.noPort], [21_000, undefined]);
  assert.deepEqual([...ports.bound], [21_000]);
});

test('a port that an endpoint may not have any more is closed, and those of others stay', async (t) => {
  const server = await serve(t);
  const ports = binder();
  const { routes, until } = route(t, server, {
    ports,
    noPort: ({ access }) => (access === 'owner' ? 'it is for its owner alone' : undefined),
  });
  routes.start();
  const [one, other] = [22, 23].map(
    (port) => addTask(server, { runtime: tcpAsk({ ...TCP, port }) }).id,
  );
  assert.ok(one !== undefined && other !== undefined);
  const before = await until((table) => table.ports.size === 2);
  const port = before.endpoints.get(one)?.tcp?.port ?? 0;
  changeRuntime(server, one, { router_access: 'owner' });
  const after = await until((table) => table.ports.size === 1);
  assert.equal(after.endpoints.get(one)?.tcp?.state, 'open');
  assert.equal(after.ports.get(port), undefined);
  assert.equal(ports.bound.has(port), false);
  assert.equal(ports.bound.size, 1);
  assert.equal(routes.state().portsLeft, 3);
});
