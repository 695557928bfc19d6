import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked, stillServes, until } from '../support/attacked.ts';
import { OK, header, replying } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

test('A48: heads and bodies that drip, readers that never read: nobody else waits for them', async (t) => {
  const big = `HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(1_000_000)}`;
  const attack = await attacked(t, ({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) socket.write(text().includes('/big') ? big : OK);
  });
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let index = 0; index < 300; index++) {
    const socket = connect(attack.world.port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    if (index % 3 === 0) socket.write(`GET ${T}/ HTTP/1.1\r\nHo`);
    else if (index % 3 === 1) {
      socket.write(`POST ${T}/ HTTP/1.1\r\n${HOST}\r\n${LET_IN}\r\nContent-Length: 9\r\n\r\nx`);
    } else socket.pause().write(`GET ${T}/big HTTP/1.1\r\n${HOST}\r\n${LET_IN}\r\n\r\n`);
  }
  const before = performance.now();
  await stillServes(attack);
  assert.ok(performance.now() - before < 1_000);
});

test('A49: WebSockets whose tasks are killed leave no sockets behind', async (t) => {
  const attack = await attacked(t, ({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) {
      socket.write('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    }
  });
  const { openSockets } = attack.world.metrics;
  const open = async (): Promise<number> => {
    const { values } = await openSockets.get();
    return values.find(({ labels }) => labels.kind === 'websocket')?.value ?? 0;
  };
  const clients = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const client = await attack.client();
      client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
      assert.equal((await client.answer()).status, 101);
      return client;
    }),
  );
  assert.equal(await open(), 200);
  for (const [index, { socket }] of attack.task.connections.entries()) {
    if (index % 2 === 0) socket.resetAndDestroy();
  }
  await until(() => clients.filter((client) => client.closed).length === 100);
  for (const client of clients) client.destroy();
  await until(() => attack.task.connections.every(({ socket }) => socket.destroyed));
  await until(() => attack.world.gate.held() === 0);
  assert.equal(await open(), 0);
});

test('A51: a PROXY header or forwarded addresses from a stranger are not believed', async (t) => {
  const attack = await attacked(t);
  const proxied = await attack.client();
  proxied.send('PROXY TCP4 6.6.6.6 127.0.0.1 1 2', `GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await proxied.answer()).status, 400);
  assert.equal(attack.task.seen(), '');
  const hops = await attack.client();
  hops.send(
    `GET ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    `X-Forwarded-For: ${'6.6.6.6, '.repeat(300)}x`,
    '',
    '',
  );
  assert.equal((await hops.answer()).status, 200);
  assert.doesNotMatch(attack.task.seen(), /6\.6\.6\.6/);
});

test('A53: a log line stays one line, short and harmless', async (t) => {
  const attack = await attacked(t, replying(OK));
  const client = await attack.client();
  const agent = `evil\u001b[2J\u009b31m\u0085\u00ad${'x'.repeat(2_000)}`;
  client.send(
    `GET ${T}/${'%0d%0a'.repeat(1_000)}?secret=token HTTP/1.1`,
    HOST,
    LET_IN,
    `User-Agent: ${agent.replaceAll('\u001b', '')}`,
    '',
    '',
  );
  assert.equal((await client.answer()).status, 200);
  await until(() => attack.world.accessLines.length > 0);
  const [line = ''] = attack.world.accessLines;
  assert.ok(line.length < 1_500);
  assert.equal(line.indexOf('\n'), line.length - 1);
  assert.match(line, /^[\u0020-\u007e\u00a0-\uffff]+\n$/);
  assert.doesNotMatch(line, /secret|good\.token/);
  const long = await attack.client();
  long.send(`GET ${T}/${'x'.repeat(1_000_000)} HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await long.answer()).status, 431);
  await stillServes(attack);
});

test('A44: who has no token is told so in a form that a program reads', async (t) => {
  const attack = await attacked(t);
  for (const lines of [
    ['GET', 'Accept: */*'],
    ['OPTIONS', 'Origin: https://evil', 'Access-Control-Request-Method: POST'],
    ['POST', 'Content-Type: application/grpc', 'Content-Length: 0'],
    ['GET', 'Accept: text/event-stream'],
  ]) {
    const [method, ...headers] = lines;
    const client = await attack.client();
    client.send(`${method} ${T}/ HTTP/1.1`, HOST, ...headers, '', '');
    const answer = await client.answer();
    assert.equal(answer.status, 401);
    assert.equal(header(answer, 'www-authenticate'), 'Bearer');
    assert.equal(header(answer, 'content-type'), 'application/json');
    assert.equal(header(answer, 'access-control-allow-origin'), undefined);
    assert.equal(header(answer, 'cache-control'), 'no-store');
  }
  assert.equal(attack.task.connections.length, 0);
});
