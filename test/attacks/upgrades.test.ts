import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateRequest } from '../../router/auth/identity/request.ts';
import { HOST, LET_IN, T, attacked, stillServes, until } from '../support/attacked.ts';
import { header, replying } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

test('A27: an upgrade without a token that holds never reaches the task', async (t) => {
  const attack = await attacked(t);
  for (const cookie of [[], ['Cookie: clearml_token=expired'], ['Authorization: Bearer x.y.z']]) {
    const attacker = await attack.client();
    attacker.send(`GET ${T}/ws HTTP/1.1`, HOST, ...cookie, ...HANDSHAKE, '', '');
    const answer = await attacker.answer();
    assert.equal(answer.status, 401);
    assert.equal(header(answer, 'www-authenticate'), 'Bearer');
    await attacker.untilClosed();
  }
  const other = await attack.client();
  other.send(`GET /service/${'e'.repeat(32)}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
  assert.equal((await other.answer()).status, 404);
  assert.equal(attack.task.connections.length, 0);
});

test('A29, A76: handshakes that are none', async (t) => {
  const attack = await attacked(t);
  const [connection, upgrade, version, key] = HANDSHAKE;
  const line = `GET ${T}/ws HTTP/1.1`;
  for (const lines of [
    [`POST ${T}/ws HTTP/1.1`, connection, upgrade, version, key],
    [`GET ${T}/ws HTTP/1.0`, connection, upgrade, version, key],
    [line, connection, upgrade, version, key, 'Content-Length: 5'],
    [line, connection, upgrade, version, key, 'Transfer-Encoding: chunked'],
    [line, connection, upgrade, key],
    [line, connection, upgrade, 'Sec-WebSocket-Version: 8', key],
    [line, connection, upgrade, version],
    [line, connection, upgrade, version, 'Sec-WebSocket-Key: short'],
    [line, connection, upgrade, version, key, key],
  ]) {
    const attacker = await attack.client();
    attacker.send(...lines, HOST, LET_IN, '', 'hello');
    const answer = await attacker.answer();
    assert.equal(answer.status, 400, JSON.stringify(lines));
    // RFC 6455 section 4.2.2: a client of another version is told which one is spoken here.
    assert.equal(
      header(answer, 'sec-websocket-version'),
      lines.includes(version) ? undefined : '13',
    );
    await attacker.untilClosed();
    assert.equal(attacker.pending, '');
  }
  assert.equal(attack.task.connections.length, 0);
  await stillServes(attack);
});

test('A30: early bytes after a declined upgrade are no request', async (t) => {
  for (const status of ['401 Unauthorized', '426 Upgrade Required']) {
    const attack = await attacked(t, replying(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`));
    const attacker = await attack.client();
    attacker.send(
      `GET ${T}/ws HTTP/1.1`,
      HOST,
      LET_IN,
      ...HANDSHAKE,
      '',
      'GET /smuggled HTTP/1.1',
      'Host: x',
      '',
      '',
    );
    const answer = await attacker.answer();
    assert.equal(String(answer.status), status.slice(0, 3));
    await attacker.untilClosed();
    assert.equal(attacker.pending, '');
    assert.doesNotMatch(attack.task.seen(), /smuggled/);
  }
});

test('A31: an upgrade to anything but WebSocket is a plain request', async (t) => {
  const attack = await attacked(t);
  for (const protocol of ['h2c', 'TLS/1.0', 'websocket, h2c', 'x']) {
    const client = await attack.client();
    client.send(
      `GET ${T}/ HTTP/1.1`,
      HOST,
      LET_IN,
      'Connection: Upgrade, HTTP2-Settings',
      `Upgrade: ${protocol}`,
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      '',
      '',
    );
    assert.equal((await client.answer()).status, 200, protocol);
  }
  assert.doesNotMatch(attack.task.seen(), /^(upgrade|http2-settings|connection: upgrade)/im);
});

test('A32: 101 to another protocol, or to none', async (t) => {
  for (const lines of ['Upgrade: h2c\r\nConnection: Upgrade\r\n', 'Connection: Upgrade\r\n', '']) {
    const attack = await attacked(t, replying(`HTTP/1.1 101 X\r\n${lines}\r\nbytes`));
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    assert.equal((await client.answer()).status, 502, lines);
    await client.untilClosed();
    await stillServes(attack);
  }
});

test('A33, A34, A35: hostile answers to an upgrade', async (t) => {
  for (const [bytes, status] of [
    ['HTTP/1.1 099 X\r\n\r\n', 502],
    ['HTTP/1.1 999 X\r\n\r\n', 502],
    // The reason is replaced: nobody has to read it.
    ['HTTP/1.1 200 a\u0001\r\nContent-Length: 0\r\n\r\n', 200],
    ['nonsense\r\n\r\n', 502],
    [`HTTP/1.1 403 No\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 502],
    ['HTTP/1.1 403 No\r\nClear-Site-Data: "*"\r\nContent-Length: 0\r\n\r\n', 403],
    ['HTTP/1.1 204 No\r\n\r\n', 204],
  ] as const) {
    const attack = await attacked(t, replying(bytes));
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    const answer = await client.answer();
    assert.equal(answer.status, status, JSON.stringify(bytes.slice(0, 40)));
    assert.equal(header(answer, 'clear-site-data'), undefined);
    await client.untilClosed();
    await stillServes(attack);
  }
  const dying = await attacked(t, (connection) => {
    if (connection.text().endsWith('\r\n\r\n')) {
      connection.socket.end('HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\nsome');
    }
  });
  const client = await dying.client();
  client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
  await client.untilClosed(1_000);
  assert.equal((await client.answer()).complete, false);
});

test('A30: a client that ends its side while the gate is asked has left, and its task is not asked', async (t) => {
  const attack = await attacked(t, replying('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome'));
  const { gate } = attack.world;
  const { admit } = gate;
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  Object.assign(gate, {
    admit: async (request: GateRequest) => {
      if (request.kind === 'request') return admit(request);
      asked.resolve();
      await goOn.promise;
      return admit(request);
    },
  });
  const client = await attack.client();
  client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
  await asked.promise;
  client.socket.end();
  await stillServes(attack);
  goOn.resolve();
  await client.untilClosed();
  assert.equal(attack.task.seen(), '');
  await until(() => gate.held() === 0);
});

test('A30: a client that leaves before the 101 leaves nothing behind', async (t) => {
  let gone: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const attack = await attacked(t, ({ socket }) => void socket.once('close', gone));
  const client = await attack.client();
  client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
  await until(() => attack.task.seen() !== '');
  client.destroy();
  await left;
  await stillServes(attack);
});

test('A29: an upgrade or a CONNECT behind a request that has no answer yet ends the connection, not the router', async (t) => {
  const attack = await attacked(t, () => undefined);
  for (const before of [`GET ${T}/slow HTTP/1.1`, 'GET / HTTP/1.1']) {
    for (const lines of [
      [`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE],
      ['GET /nowhere HTTP/1.1', HOST, ...HANDSHAKE],
      [`GET ${T}/ws HTTP/1.1`, 'Host: a b', ...HANDSHAKE],
      ['CONNECT x:22 HTTP/1.1', HOST],
    ]) {
      const client = await attack.client();
      client.send(
        before,
        HOST,
        before === 'GET / HTTP/1.1' ? 'X: y' : LET_IN,
        '',
        ...lines,
        '',
        '',
      );
      await client.untilClosed();
      assert.doesNotMatch(client.pending, /HTTP\/1\.1 (101|40[05])/);
    }
  }
  await stillServes(attack);
});

test('A29: what waits behind such a request ends with the connection', async (t) => {
  const attack = await attacked(t, () => undefined);
  const handshake = [`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', ''];
  for (const last of [handshake, ['CONNECT x:22 HTTP/1.1', HOST, '', '']]) {
    const client = await attack.client();
    const first = [`GET ${T}/slow HTTP/1.1`, HOST, LET_IN, ''];
    // Refusals, which wait for the answer to the first.
    const refused = [`GET ${T}/ HTTP/1.1`, HOST, ''];
    client.send(...first, ...refused, ...refused, ...last);
    await client.untilClosed();
    await until(() => attack.world.access.length % 3 === 0);
    const told = attack.world.access.splice(0).map(({ reason }) => reason);
    assert.deepEqual(told, ['client-left', 'no-token', 'no-token']);
  }
  await stillServes(attack);
});

test('A14: a CONNECT that is reset before it has its answer ends nothing but itself', async (t) => {
  const attack = await attacked(t);
  for (let tries = 0; tries < 50; tries++) {
    const client = await attack.client();
    client.send('CONNECT x:22 HTTP/1.1', HOST, '', '');
    client.socket.resetAndDestroy();
  }
  await stillServes(attack);
});
