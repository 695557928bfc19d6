import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import { textOf } from '../lab/clearml/document.ts';
import { startClearMl, type ClearMl } from '../lab/clearml/server.ts';
import { takeSample } from '../long/soak/samples.ts';
import { settingsFor, startRouterProcess, type RouterProcess } from '../support/router_process.ts';

/** Of each kind; the kernel takes 20 MB of each that pours, before it holds it up. */
const SLOW = 25;
/** Bytes by which the router may grow meanwhile: blocks that cannot be handed on, and garbage. Without a limit it would be this each second. */
const MOST_GROWTH = 250_000_000;
const BLOCK = Buffer.alloc(64 * 1024, 'x');

/** Writes for as long as it is taken. */
function pour(socket: Socket): void {
  const push = (): void => {
    while (!socket.destroyed && socket.write(BLOCK));
  };
  socket.on('drain', push).on('error', () => undefined);
  push();
}

describe('a router under pressure', () => {
  let clearml: ClearMl;
  let id: string;
  let headers: Record<string, string>;
  let router: RouterProcess;
  let tcpPort: number;
  const deaf = new Set<Socket>();
  // Reads no body, and sends one without end.
  const web = createServer((request, response) => {
    if (request.url !== '/endless') {
      if (request.method === 'GET') response.end('here');
      return;
    }
    response.writeHead(200, { 'content-length': 1e12 }).flushHeaders();
    if (response.socket !== null) pour(response.socket);
  });
  web.on('upgrade', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.pause().on('error', () => undefined);
    deaf.add(socket);
  });
  const tcp = createTcpServer({ pauseOnConnect: true }, (socket) => pour(socket));

  before(async () => {
    clearml = await startClearMl();
    for (const server of [web, tcp]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    const address = '127.0.0.1';
    const runtime = {
      ...httpAsk({ address, port: (web.address() as AddressInfo).port }),
      ...tcpAsk({ address, port: (tcp.address() as AddressInfo).port, name: 'tcp' }),
    };
    id = addTask(clearml, { runtime }).id;
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    router = await startRouterProcess({
      ...settingsFor(clearml),
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31810',
      TCP_PORT_END: '31812',
    });
    await router.readyz(200);
    const { runtime: answered } = await taskWhen(
      clearml,
      id,
      (task) => task.runtime['external_address__tcp'] === 'tcp.example.test',
    );
    tcpPort = Number(textOf(answered['external_tcp_port__tcp']));
  });
  after(async () => {
    router.child.kill('SIGKILL');
    await router.stop();
    await clearml.stop();
    web.close();
    web.closeAllConnections();
    tcp.close();
  });

  /** What each kind of client sends first, and where; then it pours, or reads nothing. */
  function slowClients(): readonly { head: string; port: number; pours: boolean }[] {
    const port = Number(new URL(router.url).port);
    const { authorization } = headers;
    const to = (method: string, path: string, ...more: string[]): string =>
      [
        `${method} /service/${id}/${path} HTTP/1.1`,
        'Host: router.example.test',
        `Authorization: ${authorization}`,
        ...more,
        '\r\n',
      ].join('\r\n');
    const webSocket = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    return [
      { head: to('GET', 'endless'), port, pours: false },
      { head: to('POST', 'upload', 'Content-Length: 1000000000'), port, pours: true },
      { head: to('GET', 'ws', ...webSocket), port, pours: true },
      { head: 'x', port: tcpPort, pours: false },
    ];
  }

  test('slow readers, and uploads that nobody reads, cost little memory and hold up nobody', async () => {
    const { resident } = await takeSample(router.adminUrl);
    const sockets: Socket[] = [];
    for (const { head, port, pours } of slowClients()) {
      for (let index = 0; index < SLOW; index += 1) {
        const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
        sockets.push(socket);
        await once(socket, 'connect');
        socket.write(head);
        if (pours) pour(socket);
      }
    }
    await sleep(2_000);
    const began = performance.now();
    assert.equal((await fetch(`${router.url}/service/${id}/`, { headers })).status, 200);
    const took = performance.now() - began;
    assert.ok(took < 5_000, `another user waited for ${Math.round(took)} ms`);
    const held = await takeSample(router.adminUrl);
    const grown = held.resident - resident;
    assert.ok(grown < MOST_GROWTH, `it grew by ${grown} bytes`);
    for (const socket of sockets) socket.destroy();
    // Behind what such a task does not read, nobody sees that its client has left: the sessions end with the task.
    for (const socket of deaf) socket.destroy();
    for (;;) {
      const { sockets: open } = await takeSample(router.adminUrl);
      if (open === 0) break;
      await sleep(200);
    }
  });
});

test('without descriptors connections are lost, and the router goes on', async (t) => {
  const clearml = await startClearMl();
  t.after(() => clearml.stop());
  const router = await startRouterProcess(settingsFor(clearml), { descriptors: 80 });
  t.after(() => router.stop());
  await router.readyz(200);
  const port = Number(new URL(router.url).port);
  const sockets = Array.from({ length: 200 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  );
  // Looks at ClearML fail meanwhile as well.
  await sleep(2_000);
  for (const socket of sockets) socket.destroy();
  await router.readyz(200);
  const answer = await fetch(`${router.url}/auth/sign-in`, { redirect: 'manual' });
  assert.ok(answer.status < 500);
  assert.equal(router.child.exitCode, null);
  assert.equal(
    router.lines.some(({ event }) => event === 'fatal'),
    false,
  );
});
