import { UNBOUNDED } from '../../../router/load/byte_budget.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Activity, isFailing } from '../../../router/activity/activity.ts';
import { createTcpListeners } from '../../../router/tcp/listeners.ts';
import { createTunnel } from '../../../router/websocket/tunnel.ts';
import { TUNNEL_PROTOCOL } from '../../../router/websocket/tunnel_handshake.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { freePort } from '../../lab/free_port.ts';
import { OK, RawClient, rawTask, replying } from '../../support/raw_peers.ts';
import { COOKIE, TASK_A, TASK_B, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import { AMPLE, tcpEndpoint, testRoutes } from '../../support/tcp_routes.ts';

const COOKIE_LINE = `Cookie: ${COOKIE}`;

/** What is done after a client has its answer is awaited, not timed. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** A proxy, and requests that are over when their promise resolves. */
async function start(t: TestContext, port: number) {
  const world = await startProxy([httpEndpoint(port)], {
    log: createLog('error', { write: () => undefined }),
  });
  t.after(() => world.close());
  const ask = async (line: string, ...headers: string[]): Promise<number> => {
    const before = world.access.length;
    const client = await RawClient.connect(world.port);
    client.send(`${line} HTTP/1.1`, 'Host: router.test', ...headers, '', '');
    const { status } = await client.answer();
    client.destroy();
    await until(() => world.access.length > before);
    return status;
  };
  return { ...world, ask };
}

test('a request that the task answers is a use, one that the gate denies is none', async (t) => {
  const task = await rawTask(replying(OK));
  t.after(() => task.close());
  const { ask, activity } = await start(t, task.port);
  assert.equal(await ask(`GET /service/${TASK_A}/`), 401);
  assert.equal(await ask(`GET /service/${TASK_B}/`, COOKIE_LINE), 404);
  assert.equal(await ask(`GET /service/${TASK_A}/%2e%2e/..`, COOKIE_LINE), 400);
  assert.equal(activity.of(TASK_A, 'http').usedAt, 0);
  assert.equal(await ask(`GET /service/${TASK_A}/`, COOKIE_LINE), 200);
  const { usedAt, answeredAt } = activity.of(TASK_A, 'http');
  assert.ok(usedAt > 0 && answeredAt === usedAt);
});

test('a request and a WebSocket that fail are no use; the way fails until the task answers again', async (t) => {
  const port = await freePort();
  const { ask, activity, port: router } = await start(t, port);
  assert.equal(await ask(`GET /service/${TASK_A}/`, COOKIE_LINE), 502);
  const first = activity.of(TASK_A, 'http');
  assert.equal(first.usedAt, 0);
  assert.ok(isFailing(first));
  assert.equal(first.failure, 'refused');
  const socket = new WebSocket(`ws://127.0.0.1:${router}/service/${TASK_A}/`, {
    headers: { cookie: COOKIE },
  });
  await once(socket, 'error');
  const second = activity.of(TASK_A, 'http');
  assert.equal(second.usedAt, 0);
  assert.equal(second.failingSince, first.failingSince);
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
  assert.equal(await ask(`GET /service/${TASK_A}/`, COOKIE_LINE), 426);
  assert.ok(!isFailing(activity.of(TASK_A, 'http')));
});

test('a WebSocket is used while bytes move on it, which costs nothing per message', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await once(server, 'listening');
  t.after(() => server.close());
  const { activity, port } = await start(t, (server.address() as AddressInfo).port);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/service/${TASK_A}/`, {
    headers: { cookie: COOKIE },
  });
  await once(socket, 'open');
  activity.sweep();
  assert.equal(activity.of(TASK_A, 'http').usedAt, 0);
  socket.send('hello');
  await once(socket, 'message');
  activity.sweep();
  assert.ok(activity.of(TASK_A, 'http').usedAt > 0);
  socket.close();
  await once(socket, 'close');
});

/** A task that echoes TCP, on the range and through the tunnel. */
async function tcpWorld(t: TestContext, listens: boolean) {
  const upstream = await freePort();
  const external = await freePort();
  if (listens) {
    const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    echo.listen(upstream, '127.0.0.1');
    await once(echo, 'listening');
    t.after(() => echo.close());
  }
  const endpoint = tcpEndpoint({ port: upstream, external });
  const routes = testRoutes(endpoint);
  const activity = new Activity(routes);
  const common = {
    log: createLog('error', { write: () => undefined }),
    metrics: createMetrics(createRegistry()),
    activity,
    limits: AMPLE,
  };
  const listeners = createTcpListeners({ routes, bindAddress: '127.0.0.1', ...common });
  assert.ok(await listeners.claim(external));
  t.after(() => listeners.drain(0));
  const tunnel = createTunnel({ hold: () => () => undefined, routes, ...common });
  return { activity, external, routes, endpoint, tunnel };
}

test('a TCP connection is used while bytes move on it, and reaches the task even before', async (t) => {
  const { activity, external } = await tcpWorld(t, true);
  const socket = connect(external, '127.0.0.1');
  await until(() => activity.of(TASK_A, 'tcp').answeredAt > 0);
  activity.sweep();
  assert.equal(activity.of(TASK_A, 'tcp').usedAt, 0);
  socket.write('hello');
  await once(socket, 'data');
  socket.end();
  await until(() => activity.of(TASK_A, 'tcp').usedAt > 0);
});

test('a TCP port or a tunnel that reaches nobody fails, and is no use', async (t) => {
  const { activity, external, endpoint, tunnel } = await tcpWorld(t, false);
  const socket = connect(external, '127.0.0.1');
  await once(socket, 'error');
  await until(() => isFailing(activity.of(TASK_A, 'tcp')));
  assert.equal(activity.of(TASK_A, 'tcp').failure, 'refused');
  activity.reached('tcp', TASK_A);
  const front = createHttpServer();
  front.on('upgrade', (request, client, head) => {
    const admitted = {
      outcome: 'admitted',
      route: undefined,
      access: 'task',
      endpoint,
      identity: undefined,
      credential: 'bearer',
      stripAuthorization: true,
    } as const;
    void tunnel
      .open({ request, socket: client, head, admitted, clientAddress: '', account: UNBOUNDED })
      .then(() => {
        client.destroy();
      });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  t.after(() => front.close());
  const { port } = front.address() as AddressInfo;
  const through = new WebSocket(`ws://127.0.0.1:${port}/`, [TUNNEL_PROTOCOL]);
  await once(through, 'error');
  assert.ok(isFailing(activity.of(TASK_A, 'tcp')));
  assert.equal(activity.of(TASK_A, 'tcp').usedAt, 0);
});

test('knows the endpoints of the table alone, and forgets a failure at an address that is none any more', () => {
  let now = 1_000;
  const routes = testRoutes(tcpEndpoint({ port: 1, external: 9 }));
  const activity = new Activity(routes, () => now);
  activity.answered('http', TASK_B);
  assert.equal(activity.of(TASK_B, 'http').usedAt, 0);
  activity.failed('tcp', TASK_A, 'timeout');
  // The same task in a new object, as each look makes one.
  routes.show(tcpEndpoint({ port: 1, external: 9 }));
  assert.ok(isFailing(activity.of(TASK_A, 'tcp')));
  routes.show(tcpEndpoint({ port: 2, external: 9 }));
  assert.ok(!isFailing(activity.of(TASK_A, 'tcp')));
  now = 2_000;
  activity.failed('tcp', TASK_A, 'timeout');
  routes.show(tcpEndpoint({ port: 2, external: 9, startedAt: 5 }));
  assert.ok(!isFailing(activity.of(TASK_A, 'tcp')));
  activity.answered('tcp', TASK_A);
  routes.show();
  routes.show(tcpEndpoint({ port: 2, external: 9 }));
  assert.equal(activity.of(TASK_A, 'tcp').usedAt, 0);
  // What only a client may have caused says nothing of the task.
  activity.failed('tcp', TASK_A, 'other');
  assert.ok(!isFailing(activity.of(TASK_A, 'tcp')));
  activity.close();
});
