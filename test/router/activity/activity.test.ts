import { UNBOUNDED } from '../../../router/load/byte_budget.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { Activity } from '../../../router/activity/activity.ts';
import { healthState, type WayActivity } from '../../../router/activity/health.ts';
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

const isFailing = (seen: WayActivity): boolean => healthState(seen) === 'not_answering';

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
  assert.ok(answeredAt > 0 && usedAt >= answeredAt);
});

test('what the task began to answer is counted, with the time that it took; what it did not is not', async (t) => {
  const task = await rawTask(replying(OK));
  t.after(() => task.close());
  const { ask, activity } = await start(t, task.port);
  assert.equal(await ask(`GET /service/${TASK_A}/`), 401);
  assert.deepEqual(activity.served(TASK_A), { requests: 0, latencyMs: 0 });
  const before = performance.now();
  assert.equal(await ask(`GET /service/${TASK_A}/`, COOKIE_LINE), 200);
  assert.equal(await ask(`GET /service/${TASK_A}/`, COOKIE_LINE), 200);
  const { requests, latencyMs } = activity.served(TASK_A);
  assert.equal(requests, 2);
  assert.ok(latencyMs > 0 && latencyMs <= performance.now() - before);
  await task.close();
  assert.ok((await ask(`GET /service/${TASK_A}/`, COOKIE_LINE)) >= 500);
  assert.equal(activity.served(TASK_A).requests, 2);
});

test('a request and a WebSocket that fail are no use; the way fails until the task answers again', async (t) => {
  const port = await freePort();
  const { ask, activity, port: router } = await start(t, port);
  assert.equal(await ask(`GET /service/${TASK_A}/`, COOKIE_LINE), 503);
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
  assert.equal(healthState(activity.of(TASK_A, 'http')), 'answering');
});

test('a stream tells that its task answers before it is over', async (t) => {
  const task = await rawTask(replying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
  t.after(() => task.close());
  const { activity, port } = await start(t, task.port);
  assert.equal(healthState(activity.of(TASK_A, 'http')), 'unknown');
  const client = await RawClient.connect(port);
  t.after(() => client.destroy());
  client.send(`GET /service/${TASK_A}/ HTTP/1.1`, 'Host: router.test', COOKIE_LINE, '', '');
  await until(() => healthState(activity.of(TASK_A, 'http')) === 'answering');
  assert.equal(activity.of(TASK_A, 'http').usedAt, 0);
});

test('a WebSocket is used while its client sends data, not while it or the task pings', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await once(server, 'listening');
  t.after(() => server.close());
  const { activity, port } = await start(t, (server.address() as AddressInfo).port);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/service/${TASK_A}/`, {
    headers: { cookie: COOKIE },
  });
  await once(socket, 'open');
  assert.equal(healthState(activity.of(TASK_A, 'http')), 'answering');
  activity.sweep();
  const [inside] = server.clients;
  assert.ok(inside);
  inside.ping('are you there');
  await once(inside, 'pong');
  socket.ping('and you');
  await once(socket, 'pong');
  inside.send('what the task says by itself');
  await once(socket, 'message');
  activity.sweep();
  assert.equal(activity.of(TASK_A, 'http').usedAt, 0);
  socket.send('hello');
  await once(socket, 'message');
  activity.sweep();
  assert.ok(activity.of(TASK_A, 'http').usedAt > 0);
  socket.close();
  await once(socket, 'close');
});

test('what an open tab fetches again and again is no use, but what is sent, opened or asked for by a program is', async (t) => {
  const task = await rawTask(replying(OK));
  t.after(() => task.close());
  const { ask, activity } = await start(t, task.port);
  const fetched = ['Sec-Fetch-Mode: cors', COOKIE_LINE];
  const isUse = async (line: string, ...headers: string[]): Promise<boolean> => {
    const before = { ...activity.of(TASK_A, 'http') };
    // The clock tells milliseconds: what comes next is told from what was before.
    await until(() => Date.now() > Math.max(before.answeredAt, before.usedAt));
    assert.equal(await ask(line, ...headers), 200);
    const after = activity.of(TASK_A, 'http');
    assert.ok(after.answeredAt > before.answeredAt);
    return after.usedAt > before.usedAt;
  };
  const poll = `GET /service/${TASK_A}/api/kernels`;
  assert.ok(await isUse(poll, ...fetched));
  assert.ok(await isUse(poll, ...fetched));
  assert.ok(!(await isUse(poll, ...fetched)));
  assert.ok(await isUse(poll, 'Sec-Fetch-Mode: navigate', COOKIE_LINE));
  assert.ok(await isUse(`DELETE /service/${TASK_A}/api/kernels`, ...fetched));
  assert.ok(await isUse(poll, 'Authorization: Bearer good.token.of-alice'));
  assert.ok(
    !(await isUse(`GET /service/${TASK_A}/metrics`, 'Authorization: Bearer good.token.of-alice')),
  );
});

test('a request that somebody made is a use until it is answered, a stream that a page holds open is none', async (t) => {
  const task = await rawTask(({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: heartbeat\n\n'),
  );
  t.after(() => task.close());
  const { activity, port, gate, access } = await start(t, task.port);
  const open = async (line: string, ...headers: string[]): Promise<RawClient> => {
    const client = await RawClient.connect(port);
    client.send(`${line} HTTP/1.1`, 'Host: router.test', COOKIE_LINE, ...headers, '', '');
    return client;
  };
  const usedAt = (): number => activity.of(TASK_A, 'http').usedAt;
  const stream = await open(`GET /service/${TASK_A}/events`, 'Accept: text/event-stream');
  await stream.untilText('heartbeat');
  // What lasts is watched over, by the gate, too.
  await until(() => gate.held() === 1);
  const opened = usedAt();
  assert.ok(opened > 0);
  await until(() => Date.now() > opened);
  activity.sweep();
  stream.destroy();
  await until(() => access.length === 1);
  assert.equal(usedAt(), opened);
  const act = await open(`POST /service/${TASK_A}/train`, 'Content-Length: 0');
  await until(() => gate.held() === 1);
  await until(() => Date.now() > opened);
  activity.sweep();
  const first = usedAt();
  assert.ok(first > opened);
  await until(() => Date.now() > first);
  activity.sweep();
  assert.ok(usedAt() > first);
  act.destroy();
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

test('a TCP connection is used while more than a keep-alive moves on it, and reaches the task even before', async (t) => {
  const { activity, external } = await tcpWorld(t, true);
  const socket = connect(external, '127.0.0.1');
  await until(() => activity.of(TASK_A, 'tcp').answeredAt > 0);
  activity.sweep();
  assert.equal(activity.of(TASK_A, 'tcp').usedAt, 0);
  socket.write('hello');
  await once(socket, 'data');
  activity.sweep();
  assert.equal(activity.of(TASK_A, 'tcp').usedAt, 0);
  socket.write('h'.repeat(200));
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
  assert.ok(
    activity.ejections.has('tcp', endpoint),
    'where others serve too, they are tried first',
  );
  activity.reached('tcp', TASK_A);
  const front = createHttpServer();
  front.on('upgrade', (request, client, head) => {
    const admitted = {
      outcome: 'admitted',
      route: undefined,
      access: 'visible',
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
  const activity = new Activity(routes, { now: () => now });
  activity.used('http', TASK_B);
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
  activity.used('tcp', TASK_A);
  routes.show();
  routes.show(tcpEndpoint({ port: 2, external: 9 }));
  assert.equal(activity.of(TASK_A, 'tcp').usedAt, 0);
  // What only a client may have caused says nothing of the task.
  activity.failed('tcp', TASK_A, 'other');
  assert.ok(!isFailing(activity.of(TASK_A, 'tcp')));
  activity.close();
});
