import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlain, type RequestListener } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { after, test, type TestContext } from 'node:test';
import { checkHealth } from '../../../router/activity/check.ts';
import { JupyterAsker } from '../../../router/idle/ask_jupyter.ts';
import type { TaskTls, Upstream } from '../../../router/routes/model/endpoint.ts';
import { probeHttp } from '../../../router/upstream/probe.ts';
import { makeCertificate } from '../../lab/certificate.ts';
import { COOKIE, TASK_A, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import { HANDSHAKE, accepting } from '../../support/web_socket_handshake.ts';
import { RawClient, rawTask } from '../../support/raw_peers.ts';

const own = makeCertificate();
const others = makeCertificate();
const otherName = makeCertificate('DNS:elsewhere.test');
const byName = makeCertificate('DNS:router.test');
const skip = own === undefined ? 'there is no openssl' : false;
after(() => {
  for (const made of [own, others, otherName, byName]) made?.remove();
});

const UNCHECKED: TaskTls = { ca: undefined, serverName: 'router.test' };
const checkedBy = (ca: string): TaskTls => ({ ca, serverName: 'router.test' });
const BIG = Buffer.alloc(6_000_000, 'task-traffic-router ');

interface App {
  readonly server: Server;
  readonly port: number;
  readonly sockets: TLSSocket[];
  readonly requests: string[];
}

/** An app that speaks HTTPS: `/big` is a large body, else it says back what it got. */
async function app(t: TestContext, certificate = own, handle?: RequestListener): Promise<App> {
  const sockets: TLSSocket[] = [];
  const requests: string[] = [];
  const server = createServer(
    { cert: certificate?.cert, key: certificate?.key },
    (request, response) => {
      requests.push(request.url ?? '');
      if (handle !== undefined) handle(request, response);
      else if (request.url === '/big') response.end(BIG);
      else request.pipe(response);
    },
  );
  server.on('secureConnection', (socket: TLSSocket) => sockets.push(socket));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, sockets, requests };
}

function placeOf(port: number, tls: TaskTls | undefined): Upstream {
  return { address: '127.0.0.1', family: 4, port, tls };
}

async function world(t: TestContext, port: number, tls: TaskTls | undefined) {
  const upstream = placeOf(port, tls);
  const started = await startProxy([httpEndpoint(port, TASK_A, { state: 'open', upstream })]);
  t.after(() => started.close());
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${started.port}/service/${TASK_A}${path}`, {
      ...init,
      headers: { cookie: COOKIE, accept: 'application/json' },
    });
  return { ...started, ask };
}

async function failure(answer: Response): Promise<string> {
  assert.equal(answer.status, 502);
  return ((await answer.json()) as { error: string }).error;
}

test(
  'requests go over kept connections, asked for by name and for HTTP/1.1',
  { skip },
  async (t) => {
    const task = await app(t);
    const { ask } = await world(t, task.port, checkedBy(own?.cert ?? ''));
    assert.equal((await ask('/a')).status, 200);
    assert.equal(await (await ask('/b', { method: 'POST', body: 'said' })).text(), 'said');
    const big = Buffer.from(await (await ask('/big')).arrayBuffer());
    assert.ok(big.equals(BIG), 'down');
    const back = await ask('/c', { method: 'PUT', body: BIG });
    assert.ok(Buffer.from(await back.arrayBuffer()).equals(BIG), 'up and down at once');
    assert.deepEqual(task.requests, ['/a', '/b', '/big', '/c']);
    assert.equal(task.sockets.length, 1);
    const [socket] = task.sockets;
    assert.deepEqual([socket?.servername, socket?.alpnProtocol], ['router.test', 'http/1.1']);
  },
);

// A95
test(
  'a certificate is for the address or for the router’s name, of the right authority, or nothing goes out',
  { skip },
  async (t) => {
    for (const [certificate, ca, status] of [
      [own, own, 200],
      [byName, byName, 200],
      [own, others, 502],
      [otherName, otherName, 502],
    ] as const) {
      const task = await app(t, certificate);
      const { ask, port } = await world(t, task.port, checkedBy(ca?.cert ?? ''));
      for (const init of [{}, { method: 'POST', body: 'secret' }]) {
        const answer = await ask('/x', init);
        assert.equal(answer.status, status);
        if (status === 502) assert.equal(await failure(answer), 'task-certificate');
      }
      const client = await RawClient.connect(port);
      const target = `GET /service/${TASK_A}/ws HTTP/1.1`;
      client.send(target, 'Host: router.test', `Cookie: ${COOKIE}`, ...HANDSHAKE, '', '');
      if (status === 502) assert.equal((await client.answer()).status, 502);
      client.destroy();
      if (status === 502) assert.deepEqual(task.requests, []);
    }
  },
);

test('without an authority any certificate will do', { skip }, async (t) => {
  const task = await app(t, otherName);
  const { ask } = await world(t, task.port, UNCHECKED);
  assert.equal(await (await ask('/b', { method: 'POST', body: 'said' })).text(), 'said');
});

test(
  'a WebSocket goes through whole, both ways, also to a client that reads late',
  { skip },
  async (t) => {
    const task = await app(t);
    task.server.on('upgrade', (request, socket: Socket) => {
      let head = 'GET / HTTP/1.1\r\n';
      for (let index = 0; index < request.rawHeaders.length; index += 2) {
        head += `${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}\r\n`;
      }
      socket.write(accepting(head) ?? '');
      socket.pipe(socket);
    });
    const { port } = await world(t, task.port, checkedBy(own?.cert ?? ''));
    const client = await RawClient.connect(port);
    t.after(() => client.destroy());
    const target = `GET /service/${TASK_A}/ws HTTP/1.1`;
    client.send(target, 'Host: router.test', `Cookie: ${COOKIE}`, ...HANDSHAKE, '', '');
    let said = '';
    client.socket.on('data', (chunk: string) => void (said += chunk));
    const text = (): string => said;
    await seen(client.socket, () => text().includes('\r\n\r\n'));
    assert.match(text(), /^HTTP\/1\.1 101 /);
    const start = text().indexOf('\r\n\r\n') + 4;
    // Frames of 125 masked bytes; what comes back is compared, whatever it means.
    const frame = Buffer.concat([Buffer.from([0x82, 0xfd, 1, 2, 3, 4]), Buffer.alloc(125, 'x')]);
    const sent = Buffer.concat(Array.from({ length: 20_000 }, () => frame));
    client.socket.pause();
    client.socket.write(sent);
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.resume();
    await seen(client.socket, () => text().length - start >= sent.length);
    assert.ok(Buffer.from(text().slice(start), 'latin1').equals(sent));
  },
);

async function seen(socket: Socket, condition: () => boolean): Promise<void> {
  while (!condition()) await once(socket, 'data');
}

test('a task that speaks otherwise than it says is told apart', { skip }, async (t) => {
  // What OpenSSL says to what is no TLS.
  const alert = await rawTask(({ socket }) => socket.end('\x15\x03\x01\x00\x02\x02\x46', 'latin1'));
  t.after(() => alert.close());
  assert.equal(await failure(await (await world(t, alert.port, undefined)).ask('/')), 'task-tls');
  const plain = createPlain((_, response) => response.end());
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  t.after(() => plain.close());
  const { port } = plain.address() as AddressInfo;
  assert.equal(await failure(await (await world(t, port, UNCHECKED)).ask('/')), 'task-tls');
});

test('a task that speaks nothing but HTTP/2 is told so, and at once', async (t) => {
  const server = createHttp2().on('sessionError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { ask } = await world(t, port, undefined);
  const answer = await ask('/');
  assert.equal(answer.status, 502);
  const { error, detail } = (await answer.json()) as { error: string; detail: string };
  assert.equal(error, 'task-http2');
  assert.match(detail, /speaks nothing else, as servers of gRPC do/);
});

test('health, the connectivity test and Jupyter are asked over TLS, too', { skip }, async (t) => {
  const kernel = { id: 'k', execution_state: 'busy', last_activity: 'now' };
  const task = await app(t, own, (_, response) => response.end(JSON.stringify([kernel])));
  const check = checkHealth({ host: 'router.test', secure: true });
  for (const [tls, probed, health] of [
    [checkedBy(own?.cert ?? ''), 'answers', 'answers'],
    [UNCHECKED, 'answers', 'answers'],
    [checkedBy(others?.cert ?? ''), 'certificate', 'certificate'],
  ] as const) {
    const upstream = placeOf(task.port, tls);
    assert.equal((await probeHttp(upstream, {})).outcome, probed);
    const http = { state: 'open', upstream, healthPath: '/health' } as const;
    assert.equal(await check(httpEndpoint(task.port, TASK_A, http), 'http'), health);
    assert.equal(
      (await new JupyterAsker().ask(http, 'token'))?.busy,
      probed === 'answers' ? true : undefined,
    );
  }
});
