import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { WebSocket, type ClientOptions } from 'ws';
import { freePort } from '../../lab/free_port.ts';
import { UNBOUNDED } from '../../../router/load/byte_budget.ts';
import type { Admitted, DenialReason } from '../../../router/auth/gate/decision.ts';
import { Activity } from '../../../router/activity/activity.ts';
import type { ConnectionLimits } from '../../../router/tcp/connection_limits.ts';
import { parseProxyHeader } from '../../../router/tcp/proxy_header.ts';
import { createTunnel, type Tunnel } from '../../../router/websocket/tunnel.ts';
import { TUNNEL_PROTOCOL } from '../../../router/websocket/tunnel_handshake.ts';
import { TunnelSession, type TunnelSummary } from '../../../router/websocket/tunnel_session.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import { adopt } from '../../../router/sockets/adopt.ts';
import { TcpCopy } from '../../../router/sockets/copy.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import {
  AMPLE,
  startTcpTask,
  tcpEndpoint,
  testRoutes,
  type TestRoutes,
} from '../../support/tcp_routes.ts';
import { until } from '../../support/attacked.ts';

const metrics = createMetrics(createRegistry());
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** A task: a TCP server whose connections the test handles. */
async function task(handle: (socket: Socket) => void): Promise<Endpoint> {
  const { close, port } = await startTcpTask(handle);
  cleanups.push(close);
  return tcpEndpoint({ port, external: undefined });
}

interface Served {
  readonly tunnel: Tunnel;
  readonly routes: TestRoutes;
  readonly lines: readonly string[];
  /** How many sessions the gate watches. */
  readonly held: () => number;
  /** The gate withdraws the right to all of them. */
  readonly withdraw: (reason: DenialReason) => void;
  readonly open: (options?: ClientOptions, protocols?: readonly string[]) => WebSocket;
}

/** A server that hands every upgrade to the tunnel, as the server of users' traffic does with those that ask for it. */
async function served(
  endpoint: Endpoint,
  pingInterval = 60_000,
  limits: ConnectionLimits = AMPLE,
): Promise<Served> {
  const lines: string[] = [];
  const ends = new Set<(reason: DenialReason) => void>();
  const routes = testRoutes(endpoint);
  const tunnel = createTunnel({
    log: createLog('info', { write: (line) => lines.push(line) }),
    metrics,
    activity: new Activity(testRoutes()),
    routes,
    pingInterval,
    limits,
    hold: (_, end) => {
      ends.add(end);
      return () => ends.delete(end);
    },
  });
  const admitted: Admitted = {
    outcome: 'admitted',
    route: undefined,
    access: 'visible',
    endpoint,
    identity: undefined,
    credential: 'bearer',
    stripAuthorization: true,
  };
  const server = createHttpServer();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    void tunnel
      .open({ request, socket, head, admitted, clientAddress: '192.0.2.7', account: UNBOUNDED })
      .then((refusal) => {
        if (refusal !== undefined) socket.end(`HTTP/1.1 ${refusal.status} No\r\n\r\n`);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    tunnel,
    routes,
    lines,
    held: () => ends.size,
    withdraw: (reason) => {
      for (const end of ends) end(reason);
    },
    open: (options = {}, protocols = [TUNNEL_PROTOCOL]) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}/`, [...protocols], options);
      client.on('error', () => undefined);
      cleanups.push(() => client.terminate());
      return client;
    },
  };
}

/** All messages of a client until it closes, and the code of the close. An empty message is the task's FIN. */
function read(client: WebSocket): Promise<{ messages: Buffer[]; code: number; reason: string }> {
  const messages: Buffer[] = [];
  client.on('message', (data: Buffer) => messages.push(data));
  return new Promise((resolve) => {
    client.on('close', (code, reason) => resolve({ messages, code, reason: reason.toString() }));
  });
}

function readAll(socket: Socket): Promise<{ text: string; error: string | undefined }> {
  const chunks: Buffer[] = [];
  let error: string | undefined;
  return new Promise((resolve) => {
    const done = (): void => resolve({ text: Buffer.concat(chunks).toString(), error });
    socket
      .on('data', (chunk) => chunks.push(chunk))
      .on('error', (failure: NodeJS.ErrnoException) => (error = failure.code))
      .on('end', done)
      .on('close', done);
  });
}

test('only the sub-protocol asks for the tunnel', async () => {
  const { tunnel } = await served(await task(() => undefined));
  const asked = (protocols: string | undefined): boolean =>
    tunnel.asked({ headers: { 'sec-websocket-protocol': protocols } } as IncomingMessage);
  assert.equal(asked(undefined), false);
  assert.equal(asked('graphql-ws, binary'), false);
  assert.equal(asked(`x${TUNNEL_PROTOCOL}`), false);
  assert.equal(asked(TUNNEL_PROTOCOL), true);
  assert.equal(asked(`binary , ${TUNNEL_PROTOCOL}`), true);
});

test('bytes arrive equal in both directions at once', async () => {
  const { open, lines, held } = await served(await task((socket) => socket.pipe(socket)));
  const client = open();
  await once(client, 'open');
  assert.equal(client.protocol, TUNNEL_PROTOCOL);
  const sent = createHash('sha256');
  const received = createHash('sha256');
  client.on('message', (data: Buffer) => received.update(data));
  const closed = read(client);
  for (let index = 0; index < 200; index += 1) {
    const block = randomBytes(100_001);
    sent.update(block);
    client.send(block);
    if (client.bufferedAmount > 1 << 20) await new Promise((resolve) => setImmediate(resolve));
  }
  client.send(Buffer.alloc(0));
  assert.equal((await closed).code, 1000);
  assert.equal(received.digest('hex'), sent.digest('hex'));
  while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
  const line = JSON.parse(lines.at(-1) ?? '');
  assert.equal(line.event, 'tunnel');
  assert.equal(line.client, '192.0.2.7');
  assert.equal(line.bytesIn, 20_000_200);
  assert.equal(line.bytesOut, 20_000_200);
});

test('an empty message is the FIN of the client: the task may still answer', async () => {
  const { open } = await served(
    await task((socket) => void readAll(socket).then(({ text }) => socket.end(text.toUpperCase()))),
  );
  const client = open();
  await once(client, 'open');
  client.send(Buffer.from('hello'));
  client.send(Buffer.alloc(0));
  const { messages, code } = await read(client);
  assert.deepEqual(messages.map(String), ['HELLO', '']);
  assert.equal(code, 1000);
});

test('the FIN of the task is an empty message: the client may go on', async () => {
  const heard = Promise.withResolvers<string>();
  const { open } = await served(
    await task((socket) => {
      socket.end('bye');
      void readAll(socket).then(({ text }) => heard.resolve(text));
    }),
  );
  const client = open();
  const closed = read(client);
  client.on('message', (data: Buffer) => {
    if (data.length > 0) return;
    client.send(Buffer.from('still here'));
    client.send(Buffer.alloc(0));
  });
  assert.equal(await heard.promise, 'still here');
  assert.deepEqual((await closed).messages.map(String), ['bye', '']);
  assert.equal((await closed).code, 1000);
});

test('a client that just closes ends the connection to the task after its last byte', async () => {
  const heard = Promise.withResolvers<string>();
  const { open, held } = await served(
    await task((socket) => void readAll(socket).then(({ text }) => heard.resolve(text))),
  );
  const client = open();
  await once(client, 'open');
  assert.equal(held(), 1);
  client.send(Buffer.from('last words'));
  client.close(1000);
  assert.equal(await heard.promise, 'last words');
  while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a reset of the task closes with 1011, a lost client resets the task', async () => {
  const resets = Promise.withResolvers<string | undefined>();
  const endpoint = await task((socket) => {
    socket.once('data', (word) => {
      if (String(word) === 'reset') socket.resetAndDestroy();
      else void readAll(socket).then(({ error }) => resets.resolve(error));
    });
  });
  const { open } = await served(endpoint);
  const first = open();
  await once(first, 'open');
  first.send(Buffer.from('reset'));
  assert.equal((await read(first)).code, 1011);
  const second = open();
  await once(second, 'open');
  second.send(Buffer.from('stay'));
  // Only once the bytes have arrived does the task listen for the reset.
  await new Promise((resolve) => setTimeout(resolve, 50));
  second.terminate();
  assert.equal(await resets.promise, 'ECONNRESET');
});

test('text and bytes after the end are refused', async () => {
  const { open } = await served(await task((socket) => socket.resume()));
  for (const [send, code] of [
    [(client: WebSocket) => client.send('text'), 1003],
    [
      (client: WebSocket) => {
        client.send(Buffer.alloc(0));
        client.send(Buffer.from('more'));
      },
      1008,
    ],
  ] as const) {
    const client = open();
    await once(client, 'open');
    send(client);
    assert.equal((await read(client)).code, code);
  }
});

test('a tunnel that cannot open is an HTTP answer, not a WebSocket', async () => {
  const endpoint = await task(() => undefined);
  const port = await freePort();
  for (const [lane, status] of [
    [undefined, 404],
    [{ state: 'waiting' }, 503],
    [{ state: 'refused', reason: 'address outside TASK_NETWORKS' }, 502],
    [{ state: 'open', upstream: { address: '127.0.0.1', family: 4, port } }, 503],
  ] as const) {
    const tcp = lane === undefined ? undefined : { ...lane, port: undefined, proxyHeader: false };
    const { open, lines } = await served({ ...endpoint, tcp });
    const [request, response] = (await once(open(), 'unexpected-response')) as [
      { destroy: () => void },
      IncomingMessage,
    ];
    assert.equal(response.statusCode, status);
    assert.equal(JSON.parse(lines.at(-1) ?? '').event, 'tunnel_refused');
    request.destroy();
  }
});

test('a right that is withdrawn ends the session on both sides', async () => {
  const ended = Promise.withResolvers<string | undefined>();
  const { open, withdraw, held } = await served(
    await task((socket) => {
      socket.write('hello');
      void readAll(socket).then(({ error }) => ended.resolve(error));
    }),
  );
  const client = open();
  await once(client, 'message');
  withdraw('token-revoked');
  const { code, reason } = await read(client);
  assert.deepEqual([code, reason], [1008, 'token-revoked']);
  assert.equal(await ended.promise, 'ECONNRESET');
  while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a client that does not read stops the task, and is not taken for lost', async () => {
  let sent = 0;
  const endpoint = await task((socket) => {
    const block = Buffer.alloc(1 << 20);
    const push = (): void => {
      do sent += block.length;
      while (socket.write(block));
    };
    socket.on('drain', push);
    push();
  });
  const { open, held } = await served(endpoint, 20);
  const client = open();
  await once(client, 'open');
  client.pause();
  let last = -1;
  while (last !== sent) {
    last = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(sent < 64 << 20, `${sent} bytes went into a session that nobody reads`);
  assert.equal(held(), 1);
});

test('a client that answers no two pings is lost', async () => {
  const { open, lines, held } = await served(await task(() => undefined), 20);
  const client = open({ autoPong: false });
  let pings = 0;
  client.on('ping', () => (pings += 1));
  assert.equal((await read(client)).code, 1006);
  assert.equal(pings, 2);
  while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(JSON.parse(lines.at(-1) ?? '').end, 'lost client');
});

test('a drain refuses new sessions and closes the rest with 1001', async () => {
  const { open, tunnel } = await served(await task((socket) => socket.resume()));
  const client = open();
  await once(client, 'open');
  const drained = tunnel.drain(50);
  const [, response] = (await once(open(), 'unexpected-response')) as [unknown, IncomingMessage];
  assert.equal(response.statusCode, 503);
  assert.equal((await read(client)).code, 1001);
  await drained;
});

test('sessions beyond a limit are answered 503, and room comes back with each that ends', async () => {
  const endpoint = await task((socket) => socket.pipe(socket));
  const { open, lines, held } = await served(endpoint, 60_000, { ...AMPLE, perClient: 1 });
  const first = open();
  await once(first, 'open');
  const [request, response] = (await once(open(), 'unexpected-response')) as [
    { destroy: () => void },
    IncomingMessage,
  ];
  assert.equal(response.statusCode, 503);
  assert.match(String(lines.at(-1)), /TCP_MAX_CONNECTIONS_PER_CLIENT/);
  request.destroy();
  first.close();
  await once(first, 'close');
  while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
  await once(open(), 'open');
});

test('a task that could not be reached leaves its room to others', async () => {
  const port = await freePort();
  const { open } = await served(tcpEndpoint({ port, external: undefined }), 60_000, {
    ...AMPLE,
    total: 1,
  });
  for (const _ of [1, 2]) {
    const [request, response] = (await once(open(), 'unexpected-response')) as [
      { destroy: () => void },
      IncomingMessage,
    ];
    assert.equal(response.statusCode, 503);
    request.destroy();
  }
});

test('a task that asks for a PROXY header is told whose tunnel it is', async () => {
  const heard = Promise.withResolvers<Buffer>();
  const endpoint = await task((socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => heard.resolve(Buffer.concat(chunks)));
  });
  assert.ok(endpoint.tcp);
  const { open } = await served({ ...endpoint, tcp: { ...endpoint.tcp, proxyHeader: true } });
  const client = open();
  await once(client, 'open');
  client.send(Buffer.from('hello'));
  client.send(Buffer.alloc(0));
  const bytes = await heard.promise;
  const header = parseProxyHeader(bytes);
  assert.ok(header.state === 'complete');
  assert.deepEqual(header.ends?.client, { address: '192.0.2.7', port: 0 });
  assert.equal(bytes.subarray(header.length).toString(), 'hello');
});

test('A63: a tunnel is held while its task is dialled', async () => {
  for (const [end, status] of [
    [({ withdraw }: Served) => withdraw('token-revoked'), 404],
    [({ routes }: Served) => routes.show(), 404],
    [({ tunnel }: Served) => void tunnel.drain(10_000), 503],
  ] as const) {
    let heard = '';
    const world = await served(
      await task((socket) => socket.on('data', (data) => (heard += data))),
    );
    const client = world.open();
    const refused = once(client, 'unexpected-response');
    while (world.held() === 0) await new Promise((resolve) => setImmediate(resolve));
    end(world);
    const [, answer] = (await refused) as [unknown, IncomingMessage];
    assert.equal(answer.statusCode, status);
    assert.equal(world.held(), 0);
    assert.equal(heard, '');
  }
});

test('A63: a tunnel ends when its task moves or starts anew, and outlives another port of the same address', async () => {
  const endpoint = await task((socket) => socket.pipe(socket));
  const port = endpoint.tcp?.state === 'open' ? endpoint.tcp.upstream.port : 0;
  for (const change of [{ address: '127.0.0.9' }, { startedAt: 2 }]) {
    const { open, routes, held } = await served(endpoint);
    const client = open();
    await once(client, 'open');
    routes.show(tcpEndpoint({ port: port + 1, external: undefined }));
    client.send(Buffer.from('still there'));
    const [data] = (await once(client, 'message')) as [Buffer];
    assert.equal(data.toString(), 'still there');
    routes.show(tcpEndpoint({ port, external: undefined, ...change }));
    const [code] = (await once(client, 'close')) as [number];
    assert.equal(code, 1008);
    while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});
test('A56: of a message nothing is held: what has come of it goes on, however long it is', async () => {
  const heard: Buffer[] = [];
  const endpoint = await task((socket) => socket.on('data', (chunk) => heard.push(chunk)));
  const { open } = await served(endpoint);
  const client = open();
  await once(client, 'open');
  // A message of many megabytes in fragments, which is never finished.
  const length = (): number => heard.reduce((sum, { length: bytes }) => sum + bytes, 0);
  for (let sent = 1; sent <= 50; sent++) {
    client.send(Buffer.alloc(100_000, sent), { fin: false });
    while (length() < sent * 100_000) await new Promise((resolve) => setImmediate(resolve));
  }
  // And a frame that says to be longer than any memory.
  const raw = open();
  await once(raw, 'open');
  const socket = (raw as unknown as { _socket: Socket })._socket;
  socket.write(Buffer.from([0x82, 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x41]));
  while (heard.at(-1)?.toString() !== 'A') await new Promise((resolve) => setImmediate(resolve));
  raw.ping();
  socket.write(Buffer.alloc(200_000, 0x42));
  while (length() < 5_200_001) await new Promise((resolve) => setImmediate(resolve));
});

test('frames that are none, or not as RFC 6455 has them, end the session with 1002', async () => {
  const { open } = await served(await task((socket) => socket.resume()));
  for (const bytes of [
    [0x82, 0x01, 0x41],
    [0xc2, 0x80, 0, 0, 0, 0],
    [0x80, 0x80, 0, 0, 0, 0],
    [0x02, 0x81, 0, 0, 0, 0, 0x41, 0x82, 0x80, 0, 0, 0, 0],
    [0x83, 0x80, 0, 0, 0, 0],
    [0x09, 0x80, 0, 0, 0, 0],
    [0x89, 0xfe, 0, 126, 0, 0, 0, 0],
    [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ]) {
    const client = open();
    await once(client, 'open');
    // Byte by byte: heads come in pieces, too.
    const socket = (client as unknown as { _socket: Socket })._socket;
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    assert.equal((await read(client)).code, 1002, bytes.join(' '));
  }
});

test('pings are answered, between the fragments of a message and with what they carry', async () => {
  const { open } = await served(await task((socket) => socket.pipe(socket)));
  const client = open();
  await once(client, 'open');
  client.send(Buffer.from('one'), { fin: false });
  client.ping('are you there');
  const [payload] = (await once(client, 'pong')) as [Buffer];
  assert.equal(String(payload), 'are you there');
  client.send(Buffer.alloc(0), { fin: true });
  client.send(Buffer.alloc(0));
  const { messages, code } = await read(client);
  assert.equal(Buffer.concat(messages).toString(), 'one');
  assert.equal(code, 1000);
});

/** A session whose task reads nothing, from the moment when nothing moves any more. */
async function standstill(): Promise<
  Served & { readonly client: WebSocket; readonly resetByTask: () => void }
> {
  let held: Socket | undefined;
  const endpoint = await task((socket) => {
    held = socket.pause();
  });
  // Longer than this process is busy with what its own client sends.
  const world = await served(endpoint, 250);
  const client = world.open();
  await once(client, 'open');
  const block = Buffer.alloc(1 << 20);
  let last = -1;
  for (let index = 0; index < 40; index++) client.send(block);
  client.send(Buffer.alloc(0));
  while (last !== client.bufferedAmount) {
    last = client.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(last > 0, 'all of it was taken');
  assert.equal(world.held(), 1);
  return {
    ...world,
    client,
    resetByTask: () => held?.resetAndDestroy(),
  };
}

test('a task that does not read stops the client, and its reset ends the session', async () => {
  const { client, resetByTask } = await standstill();
  resetByTask();
  assert.equal((await read(client)).code, 1011);
});

test('A86: a client that is gone is found while its task does not read', async () => {
  const { client, held, lines } = await standstill();
  client.terminate();
  await until(() => held() === 0);
  assert.equal(JSON.parse(lines.at(-1) ?? '').end, 'lost client');
});

test('A86: a session counts until its task has taken the last bytes, and can be ended till then', async () => {
  const near = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, near.resolve).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [inward, outward] = [new TcpCopy(UNBOUNDED), new TcpCopy(UNBOUNDED)];
  const client = adopt(await near.promise, inward.onread);
  assert.ok(client !== undefined);
  const { tcp } = await task((socket) => socket.pause());
  assert.ok(tcp?.state === 'open');
  const upstream = connect({ port: tcp.upstream.port, onread: outward.onread });
  await once(upstream, 'connect');
  // As if the kernel had no room for more.
  upstream._write = () => undefined;
  const closed = Promise.withResolvers<TunnelSummary>();
  let over = false;
  const session = new TunnelSession({
    client,
    inward,
    upstream,
    outward,
    greeting: 'hello',
    early: Buffer.alloc(0),
    pingInterval: 60_000,
    onClose: (summary) => {
      over = true;
      closed.resolve(summary);
    },
  });
  // One byte, then a close without a code.
  far.end(Buffer.from('82810000000078888000000000', 'hex'));
  await once(far.resume(), 'close');
  if (!client.closed) await once(client, 'close');
  assert.equal(over, false);
  session.revoke('the task has ended');
  assert.deepEqual(await closed.promise, { end: 'ended by router', bytesIn: 1, bytesOut: 0 });
});
