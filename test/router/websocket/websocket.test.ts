import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { RawClient, header, headerValues, rawTask } from '../../support/raw_peers.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import { COOKIE, TASK_A, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import type { ProxyWorld } from '../../support/proxy_world.ts';

const T = `/service/${TASK_A}`;
const HANDSHAKE = [
  `GET ${T}/ws?x= HTTP/1.1`,
  'Host: router.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  `Cookie: ${COOKIE}`,
];
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

/** A task that echoes WebSocket messages. */
async function echoTask(t: TestContext): Promise<{ port: number; server: WebSocketServer }> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, handleProtocols: () => 'v1.kernel' });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(() => {
    for (const client of server.clients) client.terminate();
    http.close();
  });
  return { port: (http.address() as AddressInfo).port, server };
}

async function open(world: ProxyWorld): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}${T}/ws`, ['v1.kernel', 'v2'], {
    headers: { cookie: COOKIE },
  });
  await once(socket, 'open');
  return socket;
}

/** A client of raw bytes before a router that leads to this task; all end with the test. */
async function clientBefore(t: TestContext, task: RawTask): Promise<RawClient> {
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(async () => {
    await world.close();
    await task.close();
  });
  return RawClient.connect(world.port);
}

test('carries messages, subprotocol and extensions', async (t) => {
  const task = await echoTask(t);
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(() => world.close());
  const socket = await open(world);
  assert.equal(socket.protocol, 'v1.kernel');
  for (const text of ['one', 'x'.repeat(1_000_000)]) {
    socket.send(text);
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.equal(data.toString(), text);
  }
  socket.close(1000);
  const [code] = (await once(socket, 'close')) as [number];
  assert.equal(code, 1000);
  assert.equal(world.gate.asked[0]?.kind, 'upgrade');
});

test('carries what waits for a slow reader whole and in order, and closes as the task does', async (t) => {
  const task = await echoTask(t);
  const count = 200;
  task.server.on('connection', (socket) => {
    for (let index = 0; index < count; index++) socket.send(Buffer.alloc(100_000, index));
    socket.close(4001, 'done');
  });
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(() => world.close());
  const socket = await open(world);
  const closed = once(socket, 'close');
  let next = 0;
  socket.on('message', (data: Buffer) => {
    assert.ok(data.equals(Buffer.alloc(100_000, next)), `message ${next}`);
    next += 1;
    if (next % 10 !== 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), 5);
  });
  assert.equal((await closed)[0], 4001);
  assert.equal(next, count);
});

test('a message in large fragments arrives as it was sent, in both directions', async (t) => {
  const task = await echoTask(t);
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(() => world.close());
  const socket = await open(world);
  const pieces = Array.from({ length: 8 }, (_, index) => Buffer.alloc(700_001, index));
  for (const [index, piece] of pieces.entries()) {
    socket.send(piece, { binary: true, fin: index === pieces.length - 1 });
  }
  const [data] = (await once(socket, 'message')) as [Buffer];
  assert.ok(data.equals(Buffer.concat(pieces)));
  socket.terminate();
});

test('ends with a close frame when the right is withdrawn, the route ends, the router stops', async (t) => {
  const task = await echoTask(t);
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(() => world.close());
  const withdrawn = await open(world);
  world.gate.withdraw();
  assert.equal((await once(withdrawn, 'close'))[0], 1008);
  const ended = await open(world);
  world.routes.show([]);
  assert.equal((await once(ended, 'close'))[0], 1001);
  world.routes.show([httpEndpoint(task.port)]);
  const stopped = await open(world);
  const closed = once(stopped, 'close');
  await world.proxy.drain(50);
  assert.equal((await closed)[0], 1001);
  assert.equal(world.gate.held(), 0);
});

test('sends the task its own path and headers, and early bytes only after the 101', async (t) => {
  const task = await rawTask(({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) {
      socket.write(`${SWITCH}Set-Cookie: a=1\r\nSet-Cookie: b=2; Domain=test\r\n\r\nhello`);
    }
  });
  const client = await clientBefore(t, task);
  client.send(...HANDSHAKE, '', 'early');
  const answer = await client.answer();
  assert.equal(answer.status, 101);
  assert.deepEqual(headerValues(answer, 'set-cookie'), [`a=1; Path=${T}/`, `b=2; Path=${T}/`]);
  await client.untilText('hello');
  while (!task.seen().endsWith('early')) {
    await once(task.connections[0]?.socket ?? client.socket, 'data');
  }
  const [head = '', rest] = task.seen().split('\r\n\r\n');
  assert.equal(rest, 'early');
  assert.match(head, /^GET \/ws\?x= HTTP\/1\.1\r\n/);
  assert.match(head, /\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n/);
  assert.match(head, /\r\nX-Forwarded-Prefix: /);
  assert.doesNotMatch(head, /cookie/i);
  client.destroy();
});

test('what a client sends while the task has not agreed yet reaches it whole, and so does its end', async (t) => {
  const asked = Promise.withResolvers<Socket>();
  const task = await rawTask(({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) asked.resolve(socket);
  });
  const client = await clientBefore(t, task);
  client.send(...HANDSHAKE, '', 'early');
  const atTask = await asked.promise;
  const late = 'and late'.repeat(4_000);
  client.socket.write(late);
  // By now the router's side has read it, and keeps it.
  await new Promise((resolve) => client.socket.write('!', resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const ended = once(atTask, 'end');
  client.socket.end();
  atTask.write(`${SWITCH}\r\n`);
  await ended;
  assert.equal(task.seen().split('\r\n\r\n')[1], `early${late}!`);
});

test('passes on what a task answers instead of 101', async (t) => {
  const task = await rawTask(({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) {
      socket.write('HTTP/1.1 403 Forbidden\r\nX-App: yes\r\nContent-Length: 4\r\n\r\nnope');
    }
  });
  const client = await clientBefore(t, task);
  client.send(...HANDSHAKE, '', '');
  const answer = await client.answer();
  assert.equal(answer.status, 403);
  assert.equal(answer.body, 'nope');
  assert.equal(header(answer, 'x-app'), 'yes');
  await client.untilClosed();
});

test('a task that switches to something else is a 502, one that is not there a 503; no sockets are left', async (t) => {
  const task = await rawTask(({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) {
      socket.write('HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n');
    }
  });
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(() => world.close());
  const client = await RawClient.connect(world.port);
  client.send(...HANDSHAKE, '', '');
  assert.equal((await client.answer()).status, 502);
  await client.untilClosed();
  await task.close();
  const second = await RawClient.connect(world.port);
  second.send(...HANDSHAKE, '', '');
  const answer = await second.answer();
  assert.equal(answer.status, 503);
  assert.match(answer.body, /nothing listens/);
  await second.untilClosed();
});
