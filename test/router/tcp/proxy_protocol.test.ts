import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { freePort } from '../../lab/free_port.ts';
import { Activity } from '../../../router/activity/activity.ts';
import { parseProxyHeader, writeProxyHeader } from '../../../router/tcp/proxy_header.ts';
import {
  createTcpListeners,
  type TcpListeners,
  type TcpListenersDeps,
} from '../../../router/tcp/listeners.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { resetBeforeAccepted } from '../../support/raw_peers.ts';
import { AMPLE, tcpEndpoint, testRoutes } from '../../support/tcp_routes.ts';

const ENDS = {
  client: { address: '192.0.2.66', port: 40_000 },
  server: { address: '198.51.100.1', port: 30_400 },
};
const V1 = Buffer.from('PROXY TCP4 192.0.2.66 198.51.100.1 40000 30400\r\n');
const V2 = writeProxyHeader(ENDS);
const LOCAL = Buffer.from([...V2.subarray(0, 12), 0x20, 0, 0, 0]);
const LOCAL_WITH_ADDRESSES = Buffer.from([...V2.subarray(0, 12), 0x20, ...V2.subarray(13)]);

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Range {
  readonly port: number;
  readonly listeners: TcpListeners;
  readonly lines: Record<string, unknown>[];
  /** What each connection to the task has said, in order. */
  readonly heard: Buffer[];
  /** Value of the counter of connections with an outcome. */
  readonly counted: (outcome: string) => Promise<number>;
}

/** A port of the range before a task that answers `done` once its client has said all. Every peer is a load balancer. */
async function range(
  changes: Partial<TcpListenersDeps> & { readonly proxyHeader?: boolean } = {},
): Promise<Range> {
  const { proxyHeader = false, ...deps } = changes;
  const heard: Buffer[] = [];
  const task = createServer({ allowHalfOpen: true }, (socket) => {
    const index = heard.push(Buffer.alloc(0)) - 1;
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        heard[index] = Buffer.concat([heard[index] ?? chunk, chunk]);
      })
      .on('end', () => socket.end('done'));
  }).listen(0, '127.0.0.1');
  await once(task, 'listening');
  cleanups.push(() => void task.close());
  const port = await freePort();
  const routes = testRoutes(
    tcpEndpoint({ port: (task.address() as AddressInfo).port, external: port, proxyHeader }),
  );
  const lines: Record<string, unknown>[] = [];
  const metrics = createMetrics(createRegistry());
  const listeners = createTcpListeners({
    routes,
    bindAddress: '127.0.0.1',
    log: createLog('info', { write: (line) => lines.push(JSON.parse(line)) }),
    metrics,
    activity: new Activity(routes),
    limits: AMPLE,
    sendsProxyHeader: (peer) => peer === '127.0.0.1',
    ...deps,
  });
  cleanups.push(() => listeners.drain(0));
  assert.equal(await listeners.claim(port), true);
  return {
    port,
    listeners,
    lines,
    heard,
    counted: async (outcome) => {
      const { values } = await metrics.tcpConnections.get();
      return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
    },
  };
}

function client(port: number, ...pieces: readonly Buffer[]): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  cleanups.push(() => void socket.destroy());
  for (const piece of pieces) socket.write(piece);
  return socket;
}

/** What a socket says until it ends, or the code of the error that ended it. */
function said(socket: Socket): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    socket
      .on('data', (chunk) => (text += chunk.toString()))
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      .on('end', () => resolve(text));
  });
}

async function idle({ listeners }: Range): Promise<void> {
  while (listeners.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
}

test('however header and payload are cut into segments, the task gets the payload, all of it, and nothing else (A51)', async () => {
  const world = await range();
  const cuts = fc.array(fc.nat(), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(V1, V2),
      fc.uint8Array({ maxLength: 3_000 }),
      cuts,
      async (header, payload, places) => {
        const all = Buffer.concat([header, payload]);
        const at = [...new Set(places.map((place) => place % (all.length + 1)))].toSorted(
          (a, b) => a - b,
        );
        const before = world.heard.length;
        const socket = client(world.port);
        const answer = said(socket);
        await once(socket, 'connect');
        let start = 0;
        for (const end of [...at, all.length]) {
          if (end > start) {
            socket.write(all.subarray(start, end));
            // A turn of the loop, so that the next piece is a segment of its own.
            await new Promise((resolve) => setImmediate(resolve));
          }
          start = end;
        }
        socket.end();
        assert.equal(await answer, 'done');
        assert.deepEqual(world.heard.slice(before), [Buffer.from(payload)]);
      },
    ),
    { numRuns: 150 },
  );
  await idle(world);
  const bytes = world.lines.filter(({ event }) => event === 'tcp').map(({ bytesIn }) => bytesIn);
  assert.deepEqual(
    bytes,
    world.heard.map((one) => one.length),
  );
});

test('a payload far beyond the buffers follows its header whole', async () => {
  const world = await range();
  const payload = Buffer.alloc(8 << 20, 'abcdefg');
  const socket = client(world.port, Buffer.concat([V2, payload]));
  socket.end();
  assert.equal(await said(socket), 'done');
  assert.ok(world.heard[0]?.equals(payload));
});

for (const [title, header] of [
  ['version 1', V1],
  ['version 2', V2],
] as const) {
  test(`the client of a header of ${title} is the one that is logged, with its load balancer`, async () => {
    const world = await range();
    const socket = client(world.port, header);
    socket.end();
    await said(socket);
    await idle(world);
    const { client: address, proxy } = world.lines.at(-1) ?? {};
    assert.deepEqual([address, proxy], ['192.0.2.66', '127.0.0.1']);
  });
}

test('UNKNOWN leaves the peer as the client', async () => {
  const world = await range();
  const socket = client(world.port, Buffer.from('PROXY UNKNOWN\r\n'));
  socket.end();
  assert.equal(await said(socket), 'done');
  await idle(world);
  const { client: address, proxy } = world.lines.at(-1) ?? {};
  assert.deepEqual([address, proxy], ['127.0.0.1', undefined]);
});

for (const [title, ranges] of [
  ['', undefined],
  [', from outside of the source ranges, too', () => false],
] as const) {
  test(`LOCAL is answered in good order, and the task never hears of it${title}`, async () => {
    const world = await range({ mayConnect: ranges });
    for (const bytes of [LOCAL, LOCAL_WITH_ADDRESSES]) {
      // Without a word: the port is healthy.
      assert.equal(await said(client(world.port, bytes)), '');
    }
    const leaving = client(world.port, LOCAL);
    leaving.end();
    assert.equal(await said(leaving), '');
    await idle(world);
    assert.deepEqual(world.heard, []);
    assert.deepEqual(world.lines, []);
  });
}

test('a load balancer that sends something else is reset, and the task never hears of it', async () => {
  const world = await range();
  for (const bytes of ['SSH-2.0-x\r\n', 'PROXY TCP4 x\r\n', '\r\n\r\n\0\r\nQUIT\n\u0013']) {
    assert.equal(await said(client(world.port, Buffer.from(bytes, 'latin1'))), 'ECONNRESET');
  }
  const half = client(world.port, V2.subarray(0, 20));
  half.end();
  assert.equal(await said(half), 'ECONNRESET');
  assert.equal(world.heard.length, 0);
  assert.equal(await world.counted('malformed'), 4);
  assert.equal(world.lines.at(-1)?.['message'], 'the PROXY header breaks off');
  await idle(world);
});

test('a header that does not come in time ends the wait', async () => {
  const world = await range({ headerTimeout: 50 });
  assert.equal(await said(client(world.port, V2.subarray(0, 13))), 'ECONNRESET');
  assert.equal(world.lines.at(-1)?.['message'], 'no PROXY header in time');
  await idle(world);
});

test('a health check that connects and leaves is nobody’s warning', async () => {
  const world = await range();
  const socket = client(world.port);
  await once(socket, 'connect');
  socket.end();
  await said(socket);
  await idle(world);
  assert.deepEqual(world.lines, []);
  assert.equal(world.heard.length, 0);
});

test('from a peer that is no trusted load balancer the bytes are the client’s own (A51)', async () => {
  const world = await range({ sendsProxyHeader: (peer) => peer === '192.0.2.1' });
  for (const header of [V1, V2]) {
    const socket = client(world.port, header);
    socket.end();
    assert.equal(await said(socket), 'done');
  }
  assert.deepEqual(world.heard, [V1, V2]);
  await idle(world);
  assert.equal(world.lines.at(-1)?.['client'], '127.0.0.1');
});

test('source ranges are held against the client of the header, not against the load balancer', async () => {
  const world = await range({ mayConnect: (address) => address.startsWith('192.0.2.') });
  const inside = client(world.port, V2);
  inside.end();
  assert.equal(await said(inside), 'done');
  const header = writeProxyHeader({ ...ENDS, client: { address: '203.0.113.9', port: 1 } });
  assert.equal(await said(client(world.port, header)), 'ECONNRESET');
  assert.equal(await world.counted('forbidden'), 1);
  const { client: address, message } =
    world.lines.find(({ event }) => event === 'tcp_refused') ?? {};
  assert.deepEqual([address, message], ['203.0.113.9', 'not within TCP_SOURCE_RANGES']);
  assert.equal(world.heard.length, 1);
});

test('who comes past the load balancer is held to them by the own address, whatever the bytes claim', async () => {
  const world = await range({
    // As at a node port or at the Service's own address: the peer is no load balancer.
    sendsProxyHeader: (peer) => peer === '192.0.2.1',
    mayConnect: (address) => address.startsWith('192.0.2.'),
  });
  for (const header of [V1, V2, LOCAL]) {
    assert.equal(await said(client(world.port, header)), 'ECONNRESET');
  }
  assert.deepEqual(world.heard, []);
  assert.equal(await world.counted('forbidden'), 3);
  assert.equal(world.lines.at(-1)?.['client'], '127.0.0.1');
});

test('the limit of each client counts the client of the header, too', async () => {
  const world = await range({ limits: { ...AMPLE, perClient: 1 } });
  const open = client(world.port, V2, Buffer.from('x'));
  while ((await world.counted('opened')) < 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await said(client(world.port, V2)), 'ECONNRESET');
  assert.equal(world.lines.at(-1)?.['message'], 'too many connections from this address');
  const other = client(
    world.port,
    writeProxyHeader({ ...ENDS, client: { address: '192.0.2.67', port: 1 } }),
  );
  other.end();
  assert.equal(await said(other), 'done');
  open.end();
  assert.equal(await said(open), 'done');
  await idle(world);
});

test('connections that owe their header count, and end with the drain', async () => {
  const world = await range({ limits: { ...AMPLE, perPlace: 2 } });
  const owing = [client(world.port, V2.subarray(0, 3)), client(world.port)];
  while (world.listeners.openConnections() < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await said(client(world.port, V2)), 'ECONNRESET');
  const ends = owing.map(said);
  await world.listeners.drain(10);
  assert.deepEqual(await Promise.all(ends), ['ECONNRESET', 'ECONNRESET']);
});

test('a task that asks for it is told, before the first byte, who connects', async () => {
  const world = await range({ proxyHeader: true });
  const socket = client(world.port, Buffer.concat([V1, Buffer.from('early')]));
  socket.end();
  assert.equal(await said(socket), 'done');
  const bytes = world.heard[0] ?? Buffer.alloc(0);
  const header = parseProxyHeader(bytes);
  assert.deepEqual(header, { state: 'complete', length: 28, ends: ENDS });
  assert.equal(bytes.subarray(28).toString(), 'early');
  await idle(world);
  assert.equal(world.lines.at(-1)?.['bytesIn'], 5);
});

test('without a load balancer it is told what the kernel knows', async () => {
  const world = await range({ proxyHeader: true, sendsProxyHeader: undefined });
  const socket = client(world.port);
  await once(socket, 'connect');
  const from = socket.localPort;
  socket.end();
  await said(socket);
  assert.deepEqual(parseProxyHeader(world.heard[0] ?? Buffer.alloc(0)), {
    state: 'complete',
    length: 28,
    ends: {
      client: { address: '127.0.0.1', port: from },
      server: { address: '127.0.0.1', port: world.port },
    },
  });
});

test('A85: a client that was reset before it was accepted is no one to tell a task of, and no end of the router', async () => {
  const world = await range({ proxyHeader: true, sendsProxyHeader: undefined });
  resetBeforeAccepted(world.port, 'x');
  const socket = client(world.port);
  socket.end();
  assert.equal(await said(socket), 'done');
  assert.equal(world.heard.length, 1);
  await idle(world);
});
