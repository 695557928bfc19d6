import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, test } from 'node:test';
import { Activity } from '../../../router/activity/activity.ts';
import {
  createTcpListeners,
  type TcpListeners,
  type TcpListenersDeps,
} from '../../../router/tcp/listeners.ts';
import { parseProxyHeader } from '../../../router/tcp/proxy_header.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import {
  AMPLE,
  startTcpTask,
  tcpEndpoint,
  testRoutes,
  type TestRoutes,
} from '../../support/tcp_routes.ts';
import { freePort } from '../../lab/free_port.ts';

const metrics = createMetrics(createRegistry());
const lines: string[] = [];
const log = createLog('info', { write: (line) => lines.push(line) });
const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A task: a TCP server whose connections the test handles. */
async function task(handle: (socket: Socket) => void): Promise<number> {
  const { close, port } = await startTcpTask(handle);
  cleanups.push(close);
  return port;
}

/** The port that a server listens on. */
function portOf(server: Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

function listenersOf(routes: TestRoutes, options: Partial<TcpListenersDeps> = {}): TcpListeners {
  const listeners = createTcpListeners({
    routes,
    bindAddress: '127.0.0.1',
    log,
    metrics,
    activity: new Activity(routes),
    limits: AMPLE,
    ...options,
  });
  cleanups.push(() => listeners.drain(0));
  return listeners;
}

async function listening(
  routes: TestRoutes,
  port: number,
  options: Partial<TcpListenersDeps> = {},
): Promise<TcpListeners> {
  const listeners = listenersOf(routes, options);
  assert.equal(await listeners.claim(port), true);
  return listeners;
}

function client(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  cleanups.push(() => void socket.destroy());
  return socket;
}

/** Everything that a socket says until it ends, or the code of the error that ended it. */
function read(socket: Socket): Promise<{ bytes: Buffer; error: string | undefined }> {
  const chunks: Buffer[] = [];
  let error: string | undefined;
  return new Promise((resolve) => {
    const done = (): void => resolve({ bytes: Buffer.concat(chunks), error });
    socket
      .on('data', (chunk) => chunks.push(chunk))
      .on('error', (failure: NodeJS.ErrnoException) => (error = failure.code))
      .on('end', done)
      .on('close', done);
  });
}

test('bytes pass both ways, and each half closes by itself (A52)', async () => {
  const upstream = await task((socket) => {
    // Answers only once the client has said all: needs the client's FIN, and its own way still open.
    void read(socket).then(({ bytes }) => socket.end(bytes.toString().toUpperCase()));
  });
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port);
  const socket = client(port);
  socket.write('first ');
  socket.end('second');
  const { bytes, error } = await read(socket);
  assert.equal(bytes.toString(), 'FIRST SECOND');
  assert.equal(error, undefined);
});

test('the task may close its half first and go on listening', async () => {
  const heard = Promise.withResolvers<string>();
  const upstream = await task((socket) => {
    socket.end('bye');
    void read(socket).then(({ bytes }) => heard.resolve(bytes.toString()));
  });
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port);
  const socket = client(port);
  assert.equal((await read(socket)).bytes.toString(), 'bye');
  socket.end('still here');
  assert.equal(await heard.promise, 'still here');
});

test('a reset by the task reaches the client as a reset', async () => {
  const upstream = await task((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port);
  const socket = client(port);
  socket.write('x');
  assert.equal((await read(socket)).error, 'ECONNRESET');
});

test('a reset by the client reaches the task as a reset', async () => {
  const seen = Promise.withResolvers<string | undefined>();
  const upstream = await task((socket) => {
    socket.write('hello');
    void read(socket).then(({ error }) => seen.resolve(error));
  });
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port);
  const socket = client(port);
  await once(socket, 'data');
  socket.resetAndDestroy();
  assert.equal(await seen.promise, 'ECONNRESET');
});

test('A52: a client that is gone after it had ended its side is found, though nobody reads it any more', async () => {
  const over = Promise.withResolvers<void>();
  const upstream = await task((socket) => {
    socket.once('end', over.resolve).resume();
  });
  const port = await freePort();
  const routes = testRoutes(tcpEndpoint({ port: upstream, external: port }));
  const listeners = await listening(routes, port, { lookEvery: 20 });
  const socket = client(port);
  socket.end('all');
  await over.promise;
  assert.equal(listeners.openConnections(), 1);
  socket.resetAndDestroy();
  const end = performance.now() + 2_000;
  while (listeners.openConnections() > 0) {
    assert.ok(performance.now() < end, 'it is still held');
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('A52: what both sides have ended in order arrives whole, however late it is read', async () => {
  const closed = Promise.withResolvers<void>();
  const all = Buffer.alloc(16 * 1024 * 1024, 'all');
  const upstream = await task((socket) => {
    socket.resume().once('close', closed.resolve).end(all);
  });
  const port = await freePort();
  const routes = testRoutes(tcpEndpoint({ port: upstream, external: port }));
  await listening(routes, port, { lookEvery: 20 });
  const socket = client(port);
  socket.pause().end('x');
  await once(socket, 'connect');
  // Long enough for the look to come by while the last bytes wait in the router's kernel.
  for (let read = 0; read < all.length;) {
    await sleep(5);
    const chunk: unknown = socket.read();
    if (chunk instanceof Buffer) read += chunk.length;
    assert.equal(socket.destroyed && read < all.length, false, `${read} bytes arrived`);
  }
  await closed.promise;
});

test('64 MB arrive equal in both directions at once, through a reader that pauses', async () => {
  const block = randomBytes((1 << 20) + 1);
  const blocks = 64;
  const expected = createHash('sha256');
  for (let index = 0; index < blocks; index += 1) expected.update(block);
  const digest = expected.digest('hex');
  const upstream = await task((socket) => socket.pipe(socket));
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port);
  const socket = client(port);
  const hash = createHash('sha256');
  let received = 0;
  socket.on('data', (chunk) => {
    hash.update(chunk);
    received += chunk.length;
    if (received % 7 === 0) {
      socket.pause();
      setImmediate(() => socket.resume());
    }
  });
  for (let index = 0; index < blocks; index += 1) {
    if (!socket.write(block)) await once(socket, 'drain');
  }
  socket.end();
  await once(socket, 'end');
  assert.equal(received, blocks * block.length);
  assert.equal(hash.digest('hex'), digest);
});

test('a PROXY header from a client is the task’s bytes, and the log has the real peer (A51)', async () => {
  const upstream = await task((socket) => socket.pipe(socket));
  const port = await freePort();
  const listeners = await listening(
    testRoutes(tcpEndpoint({ port: upstream, external: port })),
    port,
  );
  const socket = client(port);
  const header = 'PROXY TCP4 192.0.2.66 192.0.2.1 1 2\r\n';
  socket.end(header);
  assert.equal((await read(socket)).bytes.toString(), header);
  while (listeners.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match(lines.at(-1) ?? '', /"client":"127\.0\.0\.1"/);
});

test('a reader that never reads stops the sender, and memory stays flat', async () => {
  let sent = 0;
  const upstream = await task((socket) => {
    const block = Buffer.alloc(1 << 20);
    const push = (): void => {
      while (socket.write(block)) sent += block.length;
      sent += block.length;
    };
    socket.on('drain', push);
    push();
  });
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port);
  const socket = client(port);
  socket.pause();
  let last = -1;
  while (last !== sent) {
    last = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // Kernel buffers on four sockets, one block in the task's own writer, 64 KiB here.
  assert.ok(sent < 64 << 20, `${sent} bytes went into a connection that nobody reads`);
});

test('1,000 connections at once, each with bytes of its own (A52)', async () => {
  const upstream = await task((socket) => socket.pipe(socket));
  const port = await freePort();
  const listeners = await listening(
    testRoutes(tcpEndpoint({ port: upstream, external: port })),
    port,
    { limits: { total: 1_000, perPlace: 1_000, perClient: 1_000 } },
  );
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const socket = client(port);
      socket.end(`connection ${index}`);
      return (await read(socket)).bytes.toString();
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 1_000 }, (_, index) => `connection ${index}`),
  );
  while (listeners.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a port without a task refuses, and serves as soon as the task is there (A52)', async () => {
  const upstream = await task((socket) => socket.end('ready'));
  const port = await freePort();
  const routes = testRoutes();
  await listening(routes, port);
  assert.equal((await read(client(port))).error, 'ECONNRESET');
  assert.match(lines.at(-1) ?? '', /"event":"tcp_refused","port":\d+,"client":"127\.0\.0\.1"/);
  routes.show(tcpEndpoint({ port: upstream, external: port }));
  assert.equal((await read(client(port))).bytes.toString(), 'ready');
});

test('a task that is not listening yet: the client is reset, the log says why', async () => {
  const port = await freePort();
  const routes = testRoutes(tcpEndpoint({ port: await freePort(), external: port }));
  await listening(routes, port);
  assert.equal((await read(client(port))).error, 'ECONNRESET');
  assert.match(lines.at(-1) ?? '', /"end":"unreachable","code":"ECONNREFUSED"/);
});

test('connections beyond the limits are reset, those within it go on', async () => {
  const upstream = await task((socket) => socket.pipe(socket));
  const port = await freePort();
  await listening(testRoutes(tcpEndpoint({ port: upstream, external: port })), port, {
    limits: { ...AMPLE, perPlace: 2 },
  });
  const kept = [client(port), client(port)];
  for (const socket of kept) {
    socket.write('x');
    await once(socket, 'data');
  }
  assert.equal((await read(client(port))).error, 'ECONNRESET');
  kept[0]?.write('y');
  assert.equal(String((await once(kept[0] as Socket, 'data'))[0]), 'y');
});

test('a task that ends takes its connections and its port with it', async () => {
  const upstream = await task((socket) => socket.write('hello'));
  const port = await freePort();
  const routes = testRoutes(tcpEndpoint({ port: upstream, external: port }));
  const listeners = await listening(routes, port);
  const socket = client(port);
  const ended = read(socket);
  await once(socket, 'data');
  routes.show();
  assert.equal((await ended).error, 'ECONNRESET');
  listeners.release(port);
  assert.equal((await read(client(port))).error, 'ECONNREFUSED');
});

test('a new ask leads new connections to the new port and keeps the open ones', async () => {
  const before = await task((socket) => socket.on('data', () => socket.write('before')));
  const behind = await task((socket) => socket.on('data', () => socket.write('behind')));
  const port = await freePort();
  const routes = testRoutes(tcpEndpoint({ port: before, external: port }));
  await listening(routes, port);
  const kept = client(port);
  kept.write('x');
  assert.equal(String((await once(kept, 'data'))[0]), 'before');
  routes.show(tcpEndpoint({ port: behind, external: port }));
  const fresh = client(port);
  fresh.write('x');
  assert.equal(String((await once(fresh, 'data'))[0]), 'behind');
  kept.write('x');
  assert.equal(String((await once(kept, 'data'))[0]), 'before');
});

for (const [what, change] of [
  ['starts anew', { startedAt: 2 }],
  ['moves to another address', { address: '127.0.0.2' }],
  ['gives its port to another task', { id: 'b'.repeat(32) }],
] as const) {
  test(`a task that ${what} loses its open connections`, async () => {
    const upstream = await task((socket) => socket.write('hello'));
    const port = await freePort();
    const routes = testRoutes(tcpEndpoint({ port: upstream, external: port }));
    await listening(routes, port);
    const socket = client(port);
    const ended = read(socket);
    await once(socket, 'data');
    routes.show(tcpEndpoint({ port: upstream, external: port, ...change }));
    assert.equal((await ended).error, 'ECONNRESET');
  });
}

test('a port that is taken cannot be claimed, and can be once it is free', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const port = portOf(holder);
  const listeners = listenersOf(testRoutes());
  assert.equal(await listeners.claim(port), false);
  assert.match(lines.at(-1) ?? '', /"event":"tcp_port_unbound".*EADDRINUSE/);
  holder.close();
  await once(holder, 'close');
  assert.equal(await listeners.claim(port), true);
});

test('a port that is listened for at another one is claimed, carried, logged, counted and let go as the public one', async () => {
  const counting = createMetrics(createRegistry());
  const heard = Promise.withResolvers<Buffer>();
  const upstream = await task((socket) => {
    socket.once('data', (bytes: Buffer) => {
      heard.resolve(bytes);
      socket.end('served');
    });
  });
  const inside = await freePort();
  const routes = testRoutes(tcpEndpoint({ port: upstream, external: 22, proxyHeader: true }));
  const listeners = await listening(routes, 22, {
    listenPort: (port) => port - 22 + inside,
    metrics: counting,
  });
  const socket = client(inside);
  assert.equal((await read(socket)).bytes.toString(), 'served');
  socket.end();
  const header = parseProxyHeader(await heard.promise);
  assert.ok(header.state === 'complete');
  // The port that the client asked for, and not the one that it was mapped to.
  assert.equal(header.ends?.server.port, 22);
  while (listeners.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match(lines.at(-1) ?? '', /"event":"tcp".*"port":22\b/);
  const { values } = await counting.tcpConnections.get();
  assert.deepEqual(
    values.filter(({ value }) => value > 0).map(({ labels }) => String(labels.port)),
    ['22'],
  );
  routes.show();
  listeners.release(22);
  assert.equal((await read(client(inside))).error, 'ECONNREFUSED');
});

test('a claim fails by the port to listen on, and names the public one', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  cleanups.push(() => void holder.close());
  const listeners = listenersOf(testRoutes(), { listenPort: () => portOf(holder) });
  assert.equal(await listeners.claim(22), false);
  assert.match(
    lines.at(-1) ?? '',
    new RegExp(`"event":"tcp_port_unbound","port":22,.*:${portOf(holder)}"`),
  );
});

test('a follower binds what the table names, without a claim, and lets it go with the route', async () => {
  const upstream = await task((socket) => socket.end('served'));
  const port = await freePort();
  const routes = testRoutes();
  listenersOf(routes);
  routes.show(tcpEndpoint({ port: upstream, external: port }));
  while ((await read(client(port))).bytes.toString() !== 'served') assert.ok(true);
  routes.show();
  assert.equal((await read(client(port))).error, 'ECONNREFUSED');
});

test('a drain refuses new connections, lets open ones finish and resets the rest at the end', async () => {
  const upstream = await task((socket) => socket.pipe(socket));
  const port = await freePort();
  const listeners = await listening(
    testRoutes(tcpEndpoint({ port: upstream, external: port })),
    port,
  );
  const [finishes, stays] = [client(port), client(port)];
  for (const socket of [finishes, stays]) {
    socket.write('x');
    await once(socket, 'data');
  }
  const drained = listeners.drain(300);
  assert.equal((await read(client(port))).error, 'ECONNREFUSED');
  finishes.end('y');
  assert.equal((await read(finishes)).bytes.toString(), 'y');
  assert.equal((await read(stays)).error, 'ECONNRESET');
  await drained;
});
