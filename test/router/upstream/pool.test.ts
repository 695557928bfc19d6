import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { UNBOUNDED } from '../../../router/load/byte_budget.ts';
import { UpstreamPools } from '../../../router/upstream/pools.ts';
import { HOST, LET_IN, T, attacked, until } from '../../support/attacked.ts';
import type { Attacked } from '../../support/attacked.ts';
import { TASK_A } from '../../support/proxy_world.ts';
import { OK, rawTask, replying } from '../../support/raw_peers.ts';
import type { RawAnswer } from '../../support/raw_peers.ts';
import { shownRoutes } from '../../support/shown_routes.ts';

async function get(attack: Attacked): Promise<RawAnswer> {
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  return client.answer();
}

/** How many connections a task gets for three requests in turn, each answered so. */
async function connectionsFor(t: TestContext, answer: string, end = false): Promise<number> {
  const reply = replying(answer);
  const attack = await attacked(t, (connection) => {
    reply(connection);
    if (end && connection.text().endsWith('\r\n\r\n')) connection.socket.end();
  });
  for (let turn = 0; turn < 3; turn++) assert.equal((await get(attack)).status, 200);
  return attack.task.connections.length;
}

test('a connection serves one request after the other', async (t) => {
  assert.equal(await connectionsFor(t, OK), 1);
  assert.equal(
    await connectionsFor(
      t,
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ),
    1,
  );
});

test('a connection that the task will close serves no second one', async (t) => {
  const ok = 'Content-Length: 2\r\n\r\nok';
  assert.equal(await connectionsFor(t, `HTTP/1.1 200 OK\r\nConnection: close\r\n${ok}`), 3);
  assert.equal(await connectionsFor(t, `HTTP/1.0 200 OK\r\n${ok}`), 3);
  assert.equal(await connectionsFor(t, `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\n${ok}`), 3);
  assert.equal(await connectionsFor(t, 'HTTP/1.1 200 OK\r\n\r\nok', true), 3);
});

test('requests at once get a connection each', async (t) => {
  const attack = await attacked(t, () => undefined);
  const answers = Array.from({ length: 5 }, () => get(attack));
  await until(() => attack.task.requests().length === 5);
  assert.equal(attack.task.connections.length, 5);
  for (const { socket } of attack.task.connections) socket.write(OK);
  for (const answer of await Promise.all(answers)) assert.equal(answer.body, 'ok');
});

test('an idle connection is closed before the task would', async (t) => {
  const attack = await attacked(
    t,
    replying('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 2\r\n\r\nok'),
  );
  await get(attack);
  const socket = attack.task.connections[0]?.socket;
  assert.ok(socket);
  await once(socket, 'close', { signal: AbortSignal.timeout(4_000) });
});

test('a head that comes byte by byte is read like any other', async (t) => {
  const attack = await attacked(t, ({ socket, text }) => {
    if (!text().endsWith('\r\n\r\n')) return;
    const bytes = 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    let at = 0;
    const next = (): void => {
      if (at < bytes.length) socket.write(bytes[at++] ?? '', () => setImmediate(next));
    };
    next();
  });
  assert.equal((await get(attack)).body, 'ok');
});

test('an answer that comes before the upload is over reaches the client, who may go on', async (t) => {
  const attack = await attacked(t, ({ socket, text }) => {
    if (text().startsWith('PUT')) {
      if (text().endsWith('first')) {
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
      }
    } else socket.write(OK);
  });
  const client = await attack.client();
  client.send(`PUT ${T}/ HTTP/1.1`, HOST, LET_IN, 'Content-Length: 10', '', 'first');
  assert.equal((await client.answer()).status, 413);
  client.send('later');
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await client.answer()).status, 200);
  assert.equal(attack.task.connections.length, 2, 'the half-read request keeps its connection');
  assert.doesNotMatch(attack.task.seen(), /later/);
});

test('A77: a new connection is never stale: what it was sent is not sent again', async (t) => {
  for (const method of ['DELETE', 'GET', 'HEAD', 'OPTIONS']) {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const attack = await attacked(t, ({ socket }) => void socket[end]());
      const client = await attack.client();
      client.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
      assert.equal((await client.answer(method === 'HEAD')).status, 502, method);
      assert.equal(attack.task.requests().length, 1, method);
    }
  }
});

test('A77: a used connection that closes without a word may be stale, one that has spoken is not', async (t) => {
  for (const [says, requests] of [
    ['', 3],
    ['HTTP/1.1 2', 2],
    ['HTTP/1.1 102 Processing\r\n\r\n', 2],
    ['HTTP/1.1 100 Continue\r\n\r\n', 2],
  ] as const) {
    let taken = 0;
    const attack = await attacked(t, ({ socket, text }) => {
      if (!text().endsWith('\r\n\r\n')) return;
      taken++;
      if (taken === 2) socket.end(says);
      else socket.write(OK);
    });
    assert.equal((await get(attack)).status, 200);
    const client = await attack.client();
    client.send(`DELETE ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    let answer = await client.answer();
    if (answer.status < 200) answer = await client.answer();
    assert.equal(answer.status, says === '' ? 200 : 502, says);
    assert.equal(taken, requests, says);
  }
});

test('after the end of the router nobody is sent to a task', async (t) => {
  const task = await rawTask(replying(OK));
  t.after(() => task.close());
  const pools = new UpstreamPools(shownRoutes(), undefined);
  pools.close();
  const failed = await new Promise<Error>((resolve, reject) => {
    const none = (): void => reject(new Error('it was asked'));
    const pool = pools.get(TASK_A, { address: '127.0.0.1', family: 4, port: task.port });
    const outgoing = {
      method: 'GET',
      path: '/',
      headers: [],
      contentLength: undefined,
      body: undefined,
      chunked: false,
      last: false,
    };
    const asker = {
      account: UNBOUNDED,
      outgoing,
      done: false,
      interim: none,
      answered: none,
      data: none,
      taken: () => true,
      keeps: none,
      ended: none,
      failed: resolve,
      sent: none,
      sentOver: none,
    };
    pool.ask(asker, false);
  });
  assert.equal(failed.message, 'the router has ended');
  assert.equal(task.connections.length, 0);
});
