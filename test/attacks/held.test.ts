import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Decision } from '../../router/auth/gate/decision.ts';
import type { GateRequest } from '../../router/auth/identity/request.ts';
import type { StaticRoute } from '../../router/routes/model/table.ts';
import { TASK_A, httpEndpoint, standInGate } from '../support/proxy_world.ts';
import { shownRoutes } from '../support/shown_routes.ts';
import { HOST, LET_IN, T, attacked, until } from '../support/attacked.ts';
import type { Attacked } from '../support/attacked.ts';
import { OK, header, replying } from '../support/raw_peers.ts';
import type { RawClient } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n';

async function upgrade(attack: Attacked): Promise<RawClient> {
  const client = await attack.client();
  client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
  return client;
}

/** What ends whatever is open, and what a client hears of it that has no answer yet. */
const ENDINGS = {
  'the right was withdrawn': { status: 401, end: ({ world }: Attacked) => world.gate.withdraw() },
  'the task has ended': { status: 502, end: ({ world }: Attacked) => world.routes.show([]) },
  'the task is at another address': {
    status: 502,
    end: ({ world, other }: Attacked) => world.routes.show([httpEndpoint(other.port, TASK_A)]),
  },
  'the router stops': { status: 503, end: ({ world }: Attacked) => void world.proxy.drain(20) },
} as const;

for (const [words, { status, end }] of Object.entries(ENDINGS)) {
  test(`A63: the answer to a declined upgrade ends when ${words}`, async (t) => {
    const attack = await attacked(t, replying(STREAM));
    const client = await upgrade(attack);
    await client.untilText('data: 1\n\n');
    assert.equal(attack.world.gate.held(), 1);
    const task = attack.task.connections[0]?.socket;
    assert.ok(task);
    const gone = once(task, 'close');
    end(attack);
    await client.untilClosed(2_000);
    await gone;
    // Cut off, not ended: the last chunk never came.
    assert.doesNotMatch(client.pending, /\r\n0\r\n/);
    await until(() => attack.world.access.length === 1);
    assert.equal(attack.world.gate.held(), 0);
    const [line] = attack.world.access;
    assert.equal(line?.['status'], 200);
    assert.notEqual(line?.['reason'], 'declined');
  });

  test(`A63: an upgrade that the task has not answered is told when ${words}`, async (t) => {
    const attack = await attacked(t, () => undefined);
    const client = await upgrade(attack);
    await until(() => attack.task.seen() !== '');
    assert.equal(attack.world.gate.held(), 1);
    end(attack);
    assert.equal((await client.answer()).status, status);
    // Too late: the connection to the task has ended, or nobody listens to it.
    attack.task.connections[0]?.socket.write(SWITCH);
    await client.untilClosed(2_000);
    assert.equal(client.pending, '');
    assert.equal(attack.world.gate.held(), 0);
  });
}

test('A63: a drain ends when the last answer to a declined upgrade has', async (t) => {
  const attack = await attacked(t, replying(STREAM));
  const client = await upgrade(attack);
  await client.untilText('data: 1\n\n');
  let drained = false;
  const drain = attack.world.proxy.drain(10_000).then(() => (drained = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(drained, false);
  attack.task.connections[0]?.socket.end();
  await drain;
  assert.match(client.pending, /\r\n0\r\n\r\n$/);
});

test('A63: a client that leaves a quiet answer to its upgrade is gone for the task', async (t) => {
  const attack = await attacked(t, replying(STREAM));
  const client = await upgrade(attack);
  await client.untilText('data: 1\n\n');
  const task = attack.task.connections[0]?.socket;
  assert.ok(task);
  const gone = once(task, 'close');
  client.socket.end();
  await gone;
  await until(() => attack.world.gate.held() === 0);
});

test('A63: a plain request is held while the task says nothing', async (t) => {
  const attack = await attacked(t, () => undefined);
  const client = await attack.client();
  client.send(`GET ${T}/slow HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.world.gate.held() === 1, 2_500);
  attack.world.gate.withdraw();
  await client.untilClosed(1_000);
  assert.equal(client.pending, '');
});

/** A router whose gate has decided, and says so when it is told to. */
async function undecided(t: TestContext) {
  const routes = shownRoutes();
  const gate = standInGate(routes);
  const asked = Promise.withResolvers<undefined>();
  const told = Promise.withResolvers<undefined>();
  const admit = async (request: GateRequest): Promise<Decision> => {
    const decision = await gate.admit(request);
    asked.resolve(undefined);
    await told.promise;
    return decision;
  };
  const attack = await attacked(t, replying(OK), { routes, gate: { ...gate, admit } });
  const endpoint = httpEndpoint(attack.task.port);
  const route: StaticRoute = {
    name: 'chat',
    type: 'path',
    match: 'chat',
    access: 'public',
    loadBalanced: false,
    enabled: true,
    status: 'routing',
    endpoints: [endpoint],
  };
  routes.show([endpoint], [route]);
  return { attack, routes, endpoint, route, asked: asked.promise, tell: told.resolve };
}

for (const [path, kind] of [
  [T, 'request'],
  [T, 'upgrade'],
  ['/chat', 'request'],
  ['/chat', 'upgrade'],
] as const) {
  test(`A63: an admitted ${kind} to ${path.slice(0, 9)} asks the route once more`, async (t) => {
    const { attack, routes, asked, tell } = await undecided(t);
    const client = await attack.client();
    const lines = kind === 'upgrade' ? HANDSHAKE : [];
    client.send(`GET ${path}/x HTTP/1.1`, HOST, LET_IN, ...lines, '', '');
    await asked;
    routes.show([]);
    tell(undefined);
    const answer = await client.answer();
    assert.equal(answer.status, 502);
    assert.match(answer.body, /stopped/);
    assert.equal(attack.task.connections.length, 0);
  });
}

test('a client that is reset while nobody reads its body is gone for the task', async (t) => {
  const left = Promise.withResolvers<void>();
  const attack = await attacked(t, ({ socket }) => void socket.once('close', left.resolve));
  const client = await attack.client();
  // The second is refused, which waits for the answer to the first, and so does its body.
  const refused = [`POST ${T}/ HTTP/1.1`, HOST, 'Content-Length: 999999', '', 'x'.repeat(500_000)];
  client.send(`GET ${T}/slow HTTP/1.1`, HOST, LET_IN, '', ...refused);
  await until(() => attack.task.seen() !== '');
  client.socket.resetAndDestroy();
  await left.promise;
  assert.equal(attack.world.gate.held(), 0);
});

test('A49: a client that is reset while its task does not read is found, and its WebSocket ends', async (t) => {
  const attack = await attacked(t, ({ socket }) => socket.pause().write(SWITCH), { lookEvery: 30 });
  const client = await upgrade(attack);
  assert.equal((await client.answer()).status, 101);
  // More than all that lies between the two holds: in the end the router reads this client no more.
  const { socket } = client;
  for (let count = 0; count < 64; count++) socket.write(Buffer.alloc(1024 * 1024));
  for (let before = -1; before !== socket.writableLength; await sleep(100)) {
    before = socket.writableLength;
  }
  assert.ok(socket.writableLength > 0);
  socket.resetAndDestroy();
  await until(() => attack.world.gate.held() === 0);
});

test('A63: a static route that was closed to others meanwhile is asked once more', async (t) => {
  const { attack, routes, endpoint, route, asked, tell } = await undecided(t);
  const client = await attack.client();
  client.send('GET /chat/x HTTP/1.1', HOST, LET_IN, '', '');
  await asked;
  routes.show([endpoint], [{ ...route, access: 'visible' }]);
  tell(undefined);
  assert.equal((await client.answer()).status, 502);
  assert.equal(attack.task.connections.length, 0);
});

test('A70, A54: interim answers before the answer to an upgrade are dropped, whatever they are', async (t) => {
  const interims = [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 102 Processing\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n',
    'HTTP/1.1 199 \u00ff\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ];
  for (const last of [SWITCH, 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno']) {
    const attack = await attacked(t, replying([...interims, last].join('')));
    const client = await upgrade(attack);
    assert.equal((await client.answer()).status, Number(last.slice(9, 12)));
  }
});

test('A54: interim answers before the answer to an upgrade come to an end', async (t) => {
  const attack = await attacked(t, ({ socket }) => {
    const more = (): void => {
      if (socket.destroyed) return;
      socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000), () => setImmediate(more));
    };
    more();
  });
  const client = await upgrade(attack);
  const answer = await client.answer();
  assert.equal(answer.status, 502);
  assert.match(answer.body, /not valid HTTP/);
  await client.untilClosed();
});

test('A76: an upgrade takes as large an answer head as a plain request', async (t) => {
  const value = '0123456789'.repeat(22);
  const fields = Array.from({ length: 240 }, (_, index) => `X-${index}: ${value}\r\n`).join('');
  for (const line of [SWITCH.slice(0, -2), 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n']) {
    const attack = await attacked(t, replying(`${line}${fields}\r\n`));
    const client = await upgrade(attack);
    const answer = await client.answer();
    assert.equal(answer.status, Number(line.slice(9, 12)));
    assert.equal(header(answer, 'x-239'), value);
  }
  const attack = await attacked(
    t,
    replying(`${SWITCH.slice(0, -2)}X: ${'x'.repeat(66_000)}\r\n\r\n`),
  );
  assert.equal((await (await upgrade(attack)).answer()).status, 502);
});

test('A76: whoever refuses a handshake names the version that it would have taken', async (t) => {
  const attack = await attacked(t);
  const [connection, upgrading, , key] = HANDSHAKE;
  for (const version of ['Sec-WebSocket-Version: 8', 'X: y']) {
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, connection, upgrading, version, key, '', '');
    const answer = await client.answer();
    assert.equal(answer.status, 400);
    assert.equal(header(answer, 'sec-websocket-version'), '13');
  }
});

test('A76, A71, A74: the answer to a declined upgrade is written as every other answer', async (t) => {
  const name = 'Content-Disposition: inline; filename="\u00e4\u00ff.txt"';
  for (const answer of [
    `HTTP/1.1 403 N\u00f6\r\n${name}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 403 N\u00f6\r\n${name}\r\nContent-Length: 2\r\n\r\nno`,
    `HTTP/1.1 403 N\u00f6\r\nContent-Length: 2\r\n${name}\r\n\r\nno`,
    `HTTP/1.1 304 N\u00f6\r\n${name}\r\n\r\n`,
    `HTTP/1.1 403 N\u00f6\r\n${name}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ]) {
    const attack = await attacked(t, replying(answer));
    const client = await upgrade(attack);
    await client.untilText('\r\n\r\n');
    assert.ok(client.pending.includes(`${name}\r\n`), client.pending);
    assert.match(client.pending, /^HTTP\/1\.1 \d+ [A-Z][a-z ]+[a-zA-Z]*\r\n/);
    assert.match(client.pending, /\r\nDate: /);
  }
});

test('A74: a file name behind the length arrives byte for byte', async (t) => {
  const name = 'Content-Disposition: inline; filename="\u00e4\u00ff.txt"';
  const attack = await attacked(
    t,
    replying(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${name}\r\n\r\nok`),
  );
  for (const method of ['GET', 'HEAD']) {
    const client = await attack.client();
    client.send(`${method} ${T}/x HTTP/1.1`, HOST, LET_IN, '', '');
    await client.untilText('\r\n\r\n');
    assert.ok(client.pending.includes(`${name}\r\n`), client.pending);
  }
});
