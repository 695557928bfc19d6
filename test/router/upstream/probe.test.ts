import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { freePort } from '../../lab/free_port.ts';
import { probeHeaders, probeHttp, probeTcp } from '../../../router/upstream/probe.ts';
import type { Upstream } from '../../../router/routes/model/endpoint.ts';

/** A task whose connections the test handles; what it was sent. */
async function task(t: TestContext, handle: (socket: Socket) => void) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', (data) => seen.push(data.toString()));
    handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const upstream: Upstream = { address: '127.0.0.1', family: 4, port };
  return { upstream, seen, sockets };
}

const replying = (text: string) => (socket: Socket) =>
  socket.once('data', () => socket.write(text));

for (const [says, text, outcome] of [
  ['an app', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'answers'],
  [
    'an app that wants a sign-in of its own',
    'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n',
    'answers',
  ],
  [
    'a redirect, which is not followed',
    'HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n',
    'answers',
  ],
  ['an SSH server', 'SSH-2.0-OpenSSH_9.2\r\n', 'protocol'],
  ['a status that is none', 'HTTP/1.1 099 X\r\n\r\n', 'protocol'],
  [
    'an unasked 101',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    'protocol',
  ],
  ['informational answers without end', 'HTTP/1.1 102\r\n\r\n'.repeat(20_000), 'protocol'],
  ['an app after an unasked 100', 'HTTP/1.1 100\r\n\r\nHTTP/1.1 200\r\n\r\n', 'answers'],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 'protocol'],
] as const) {
  test(`${says}: ${outcome}`, async (t) => {
    const { upstream, sockets } = await task(t, replying(text));
    const probe = await probeHttp(upstream, { Host: 'router.example.com' });
    assert.equal(probe.outcome, outcome);
    for (const socket of sockets) {
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    }
  });
}

const ROUTER = { host: 'h', secure: true };

test('tells an app that keeps its prefix nothing of it', () => {
  const http = { state: 'waiting', basePath: '/service/x' } as const;
  const headers = probeHeaders(ROUTER, { id: 'x', http }, 'health check');
  assert.equal(headers['X-Forwarded-Prefix'], undefined);
});

test('reports the status, and asks for / with no more than what the app must know', async (t) => {
  const { upstream, seen } = await task(t, replying('HTTP/1.1 503 Busy\r\n\r\n'));
  const headers = probeHeaders(ROUTER, { id: 'x', http: undefined }, 'connectivity test');
  const probe = await probeHttp(upstream, headers);
  assert.ok(probe.outcome === 'answers');
  assert.equal(probe.status, 503);
  assert.ok(probe.milliseconds >= 0);
  const lines = seen.join('').split('\r\n').filter(Boolean);
  assert.equal(lines[0], 'GET / HTTP/1.1');
  assert.deepEqual(lines.slice(1), [
    'Host: h',
    'X-Forwarded-Host: h',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Prefix: /service/x',
    'User-Agent: task-traffic-router connectivity test',
    'Connection: close',
  ]);
});

test('nobody listens: refused, for both ways', async (t) => {
  const { upstream } = await task(t, () => undefined);
  const port = await freePort();
  assert.equal((await probeHttp({ ...upstream, port }, {})).outcome, 'refused');
  assert.equal((await probeTcp({ ...upstream, port })).outcome, 'refused');
  assert.equal((await probeTcp(upstream)).outcome, 'answers');
});

test('a task that says nothing is waited for no longer than the patience', async (t) => {
  const { upstream, sockets } = await task(t, () => undefined);
  assert.equal((await probeHttp(upstream, {}, 50)).outcome, 'timeout');
  for (const socket of sockets) if (!socket.destroyed) await once(socket, 'close');
});

test('a task that closes without an answer: reset', async (t) => {
  const { upstream } = await task(t, (socket) => socket.once('data', () => socket.end()));
  assert.equal((await probeHttp(upstream, {})).outcome, 'reset');
});
