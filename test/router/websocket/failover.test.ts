import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { freePort } from '../../lab/free_port.ts';
import { healthState } from '../../../router/activity/health.ts';
import { HOST, LET_IN, until } from '../../support/attacked.ts';
import { staticRoute, taskId } from '../../support/auth_fixture.ts';
import {
  ROUTER_HOST,
  balanced,
  deafPort,
  resetting,
  task,
  type Balanced,
} from '../../support/balanced.ts';
import { TASK_A, TASK_B, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import { RawClient, header, headerValues, type TaskConnection } from '../../support/raw_peers.ts';
import { startTcpTask } from '../../support/tcp_routes.ts';
import { HANDSHAKE, accepting } from '../../support/web_socket_handshake.ts';
import { TUNNEL_PROTOCOL } from '../../../router/websocket/tunnel_handshake.ts';

/** Accepts a WebSocket, and says what came after its handshake. */
function accepts({ socket, text }: TaskConnection): void {
  const [head = '', after = ''] = text().split('\r\n\r\n');
  if (after === '') socket.write(accepting(head) ?? '');
  else socket.write(after);
}

/** A client of the route that asks for a tunnel. */
function tunnelTo({ port, user }: Balanced): WebSocket {
  const authorization = user.slice(user.indexOf(' ') + 1);
  return new WebSocket(`ws://127.0.0.1:${port}/chat/`, [TUNNEL_PROTOCOL], {
    headers: { host: 'router.example.com', authorization },
  });
}

test('a WebSocket goes on to the next task before its 101, with the bytes that came early', async (t) => {
  const resets = await task(t, resetting);
  for (const port of [await freePort(), resets.port]) {
    const works = await task(t, ({ socket, text }) => {
      const [head = '', early = ''] = text().split('\r\n\r\n');
      if (early === '') socket.write(accepting(head) ?? '');
    });
    const world = await balanced(t, [port, works.port]);
    const client = await world.client();
    client.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', 'early');
    await client.untilText('\r\n\r\n');
    const answer = await client.answer();
    assert.equal(answer.status, 101);
    assert.match(headerValues(answer, 'set-cookie').join(), /^router_sticky_[0-9a-f]{8}=/);
    await until(() => works.seen().endsWith('\r\n\r\nearly'));
    assert.equal(works.requests().length, 1);
    assert.equal(await world.failovers('websocket'), 1);
    // The next one does not try what was lost.
    const next = await world.client();
    next.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', '');
    await next.untilText('101');
    assert.equal(await world.failovers('websocket'), 1);
  }
  assert.equal(resets.requests().length, 1);
});

test('an upgrade that a task declines, or has begun to answer, is not asked elsewhere', async (t) => {
  for (const [says, status] of [
    ['HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno', 403],
    ['HTTP/1.1 1', 502],
  ] as const) {
    const first = await task(t, ({ socket }) => void socket.end(says));
    const second = await task(t, accepts);
    const world = await balanced(t, [first.port, second.port]);
    const client = await world.client();
    client.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', '');
    assert.equal((await client.answer()).status, status);
    assert.equal(second.connections.length, 0);
  }
});

test('an upgrade without a task that answers is told how the last one failed', async (t) => {
  const world = await balanced(t, [await freePort(), await freePort()]);
  const client = await world.client();
  client.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', '');
  const answer = await client.answer();
  assert.equal(answer.status, 503);
  assert.equal(header(answer, 'retry-after'), '3');
  assert.match(answer.body, /task-refused/);
  assert.equal(world.events('upstream_failed').length, 2);
  assert.deepEqual(
    world.events('upgrade').map(({ status }) => status),
    [503],
  );
});

test('open WebSockets count: the next one goes where there are fewer', async (t) => {
  const [one, two] = [await task(t, accepts), await task(t, accepts)];
  const world = await balanced(t, [one.port, two.port]);
  const open = async (): Promise<RawClient> => {
    const client = await world.client();
    client.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', '');
    await client.untilText('101');
    return client;
  };
  await open();
  (await open()).destroy();
  await until(() => two.connections[0]?.socket.destroyed === true);
  await open();
  assert.deepEqual([one.connections.length, two.connections.length], [1, 2]);
  await open();
  await open();
  assert.deepEqual([one.connections.length, two.connections.length], [2, 3]);
});

test('a tunnel goes on to the next task before its 101', async (t) => {
  const echo = await startTcpTask((socket) => socket.pipe(socket));
  t.after(() => echo.close());
  const world = await balanced(t, [await freePort(), echo.port]);
  for (let turn = 0; turn < 2; turn++) {
    const client = tunnelTo(world);
    await once(client, 'open');
    const got = once(client, 'message');
    client.send(Buffer.from('over'));
    const [message] = (await got) as [Buffer];
    assert.equal(message.toString(), 'over');
    client.terminate();
    assert.equal(await world.failovers('tunnel'), 1, 'the lost one is tried last from now on');
  }
  const [first, second] = world.endpoints;
  assert.ok(first && second);
  assert.equal(first.id, taskId('1'));
  assert.equal(healthState(world.activity.of(first.id, 'tcp')), 'not_answering');
  assert.equal(healthState(world.activity.of(second.id, 'tcp')), 'answering');
  assert.equal(world.activity.ejections.has('tcp', first), true);
  assert.equal(world.activity.ejections.has('http', first), false, 'its web server may well work');
});

test('a tunnel without a task that answers is told how the last one failed', async (t) => {
  const world = await balanced(t, [await freePort(), await freePort()]);
  const client = await world.client();
  const protocol = `Sec-WebSocket-Protocol: ${TUNNEL_PROTOCOL}`;
  client.send('GET /chat/ HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, protocol, '', '');
  const answer = await client.answer();
  assert.equal(answer.status, 503);
  assert.equal(header(answer, 'retry-after'), '3');
  assert.match(answer.body, /Nothing listens at the TCP port that the task gave/);
  assert.equal(world.events('tunnel_refused').length, 2);
});

test('the right to the task that an upgrade has moved to is watched, and no longer that to the lost one', async (t) => {
  const works = await task(t, accepts);
  const world = await balanced(t, [await freePort(), works.port]);
  const client = await world.client();
  client.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', '');
  await client.untilText('101');
  const [first, second] = world.endpoints;
  assert.ok(first !== undefined && second !== undefined);
  world.serve(second);
  client.send('still there');
  await client.untilText('still there');
  assert.doesNotMatch(client.pending, /HTTP\/1\.1 [45]/);
  world.serve(first);
  await client.untilClosed();
});

test('an upgrade whose task ends before its 101 goes on to another', async (t) => {
  const ends = await task(t, () => undefined);
  const works = await task(t, accepts);
  const world = await balanced(t, [ends.port, works.port]);
  const client = await world.client();
  client.send('GET /chat/ws HTTP/1.1', ROUTER_HOST, world.user, ...HANDSHAKE, '', '');
  await until(() => ends.requests().length === 1);
  const [, stays] = world.endpoints;
  assert.ok(stays);
  world.serve(stays);
  await client.untilText('101');
  assert.equal(world.held(), 1);
  client.send('hello');
  await client.untilText('hello');
  world.serve();
  await client.untilClosed();
  client.destroy();
  await until(() => world.held() === 0);
});

test('a tunnel whose task ends while it is dialled goes on to another', async (t) => {
  const echo = await startTcpTask((socket) => socket.pipe(socket));
  t.after(() => echo.close());
  const world = await balanced(t, [await deafPort(t), echo.port]);
  const client = tunnelTo(world);
  await until(() => world.held() === 1);
  const [, stays] = world.endpoints;
  assert.ok(stays);
  world.serve(stays);
  await once(client, 'open', { signal: AbortSignal.timeout(3_000) });
  assert.equal(world.held(), 1);
  assert.equal(await world.failovers('tunnel'), 1);
  client.terminate();
  await until(() => world.held() === 0);
});

test('of an upgrade that has moved on one right is held, and none once it is over', async (t) => {
  const works = await task(t, accepts);
  const endpoints = [httpEndpoint(await freePort(), TASK_A), httpEndpoint(works.port, TASK_B)];
  const route = { ...staticRoute('chat', 'authenticated', endpoints), loadBalanced: true };
  const world = await startProxy(endpoints, {}, [route]);
  t.after(() => world.close());
  const client = await RawClient.connect(world.port);
  client.send('GET /chat/ws HTTP/1.1', HOST, LET_IN, ...HANDSHAKE, '', '');
  await client.untilText('101');
  assert.equal(world.gate.asked.length, 2);
  assert.equal(world.gate.held(), 1);
  client.destroy();
  await until(() => world.gate.held() === 0);
});
