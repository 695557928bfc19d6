import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { HOLD_BOUNDS, HeldRequests, type Holdable } from '../../../router/http/held_requests.ts';
import { ByteBudget } from '../../../router/load/byte_budget.ts';
import { HOST, LET_IN, T, until } from '../../support/attacked.ts';
import { freePort } from '../../lab/free_port.ts';
import { ROUTER_HOST, balanced } from '../../support/balanced.ts';
import { TASK_A, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import { RawClient, header, type RawAnswer } from '../../support/raw_peers.ts';

/** A task's app, in a while: what it got is in its answer. */
function listenIn(t: TestContext, milliseconds: number, port: number): void {
  const app = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { prefer = '' } = request.headers;
      response.end(
        `${request.method} ${request.url} ${String(prefer)} ${body.length > 9 ? body.length : body}`,
      );
    });
  });
  const timer = setTimeout(() => app.listen(port, '127.0.0.1'), milliseconds);
  t.after(() => {
    clearTimeout(timer);
    app.closeAllConnections();
    app.close();
  });
}

async function world(t: TestContext, changes: Parameters<typeof startProxy>[1] = {}) {
  const taskPort = await freePort();
  const started = await startProxy([httpEndpoint(taskPort)], changes);
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await started.close();
  });
  const send = async (...lines: readonly string[]): Promise<RawClient> => {
    const client = await RawClient.connect(started.port);
    clients.push(client);
    return client.send(...lines);
  };
  return { ...started, taskPort, send };
}

const GET = [`GET ${T}/x?y HTTP/1.1`, HOST, LET_IN];

function outcome(answer: RawAnswer) {
  return [answer.status, header(answer, 'preference-applied'), answer.body];
}

test('a request that prefers to wait is answered by the app as soon as that listens', async (t) => {
  const { taskPort, send } = await world(t);
  listenIn(t, 300, taskPort);
  const [got, posted] = await Promise.all([
    send(...GET, 'Prefer: respond-async, wait=20', '', ''),
    send(`POST ${T}/p HTTP/1.1`, HOST, LET_IN, 'Prefer: wait=90', 'Content-Length: 5', '', 'hello'),
  ]);
  const began = performance.now();
  assert.deepEqual(outcome(await got.answer(false, 10_000)), [
    200,
    'wait=20',
    'GET /x?y respond-async ',
  ]);
  assert.ok(performance.now() - began < 5_000);
  assert.deepEqual(outcome(await posted.answer(false, 10_000)), [200, 'wait=60', 'POST /p  hello']);
});

test('a task that listens gets the preference as it came: the router has not waited', async (t) => {
  const { taskPort, send } = await world(t);
  listenIn(t, 0, taskPort);
  const waited = await send(...GET, 'Prefer: wait=20', '', '');
  assert.equal((await waited.answer(false, 10_000)).status, 200);
  const client = await send(...GET, 'Prefer: wait=20', '', '');
  assert.deepEqual(outcome(await client.answer()), [200, undefined, 'GET /x?y wait=20 ']);
});

test('the wait ends with its seconds, and at the longest that the router waits', async (t) => {
  const { send } = await world(t, { holds: { longestSeconds: 1, most: 10 } });
  const began = performance.now();
  const client = await send(...GET, 'Prefer: wait=600', '', '');
  const answer = await client.answer();
  assert.deepEqual(
    [answer.status, header(answer, 'preference-applied'), header(answer, 'retry-after')],
    [503, 'wait=1', '3'],
  );
  const took = performance.now() - began;
  assert.ok(took >= 990 && took < 3_000, String(took));
});

test('no more wait at once than may: the next is told at once; a client that leaves makes room', async (t) => {
  const { send, access } = await world(t, { holds: { longestSeconds: 60, most: 1 } });
  const first = await send(...GET, 'Prefer: wait=60', '', '');
  const second = await send(...GET, 'Prefer: wait=60', '', '');
  // The order in which they came is the router's to know.
  const left = await Promise.race([
    first.answer().then(() => second),
    second.answer().then(() => first),
  ]);
  assert.deepEqual(
    access.map(({ status, reason }) => [status, reason]),
    [[503, 'task-refused']],
  );
  left.destroy();
  await until(() => access.length === 2);
  assert.equal(access[1]?.['reason'], 'client-left');
  const third = await send(...GET, 'Prefer: wait=60', '', '');
  const fourth = await send(...GET, 'Prefer: wait=60', '', '');
  await Promise.race([third.answer(), fourth.answer()]);
  assert.equal(access.length, 3);
});

test('who waits keeps their place in the limits, and gives it back', async (t) => {
  const none = { total: 0, perUser: 0, perTask: 0, perAddress: 0 };
  const limits = {
    connections: { total: 0, perAddress: 0 },
    requests: { ...none, perUser: 1 },
    webSockets: none,
  };
  const { send, taskPort } = await world(t, { limits });
  const waits = [...GET, 'Prefer: wait=60', '', ''];
  const [first, second] = [await send(...waits), await send(...waits)];
  const over = await Promise.race([first.answer(), second.answer()]);
  assert.equal(over.status, 429);
  listenIn(t, 0, taskPort);
  await Promise.race([first.untilText('200', 10_000), second.untilText('200', 10_000)]);
  const third = await send(...GET, '', '');
  assert.equal((await third.answer()).status, 200);
});

test('of its body no more is read than is read ahead, and that is held for its account', async (t) => {
  const budget = new ByteBudget(100_000_000);
  const { send, taskPort, access } = await world(t, { budget });
  // More than the kernel keeps for both ends of a connection.
  const size = 64_000_000;
  const client = await send(
    `POST ${T}/p HTTP/1.1`,
    HOST,
    LET_IN,
    'Prefer: wait=60',
    `Content-Length: ${size}`,
    '',
    'x'.repeat(size),
  );
  await until(() => budget.held >= 128 * 1024);
  assert.ok(budget.held < 256 * 1024, String(budget.held));
  assert.ok(client.socket.writableLength > 0, 'the rest waits at the client');
  listenIn(t, 0, taskPort);
  const answer = await client.answer(false, 60_000);
  assert.equal(answer.body, `POST /p  ${size}`);
  await until(() => access.length === 1);
  await until(() => budget.held === 0);
});

test('a request whose account has no room for what is read ahead is not held', () => {
  const account = new ByteBudget(200_000).account('alice');
  const listening = { wait: () => assert.fail('it waits') };
  const held = new HeldRequests(listening, HOLD_BOUNDS, () => undefined);
  const exchange = {
    head: { rawHeaders: ['Prefer', 'wait=9'] },
    started: performance.now(),
    account,
    ahead: 131_072,
    waitApplied: 0,
  };
  assert.equal(held.hold(exchange, [TASK_A]), false);
  assert.deepEqual([exchange.waitApplied, account.held], [0, 0]);
});

test('one account holds three quarters at the most, and others find the rest', (t) => {
  const budget = new ByteBudget(1_000_000);
  const held = new HeldRequests({ wait: () => () => undefined }, HOLD_BOUNDS, () => undefined);
  const requests: Holdable[] = [];
  t.after(() => requests.forEach((request) => held.forget(request)));
  const hold = (who: string): boolean => {
    const request = {
      head: { rawHeaders: ['Prefer', 'wait=9'] },
      started: performance.now(),
      account: budget.account(who),
      ahead: 0,
      waitApplied: 0,
    };
    requests.push(request);
    return held.hold(request, [TASK_A]);
  };
  assert.equal(Array.from({ length: 1_024 }, () => hold('mallory')).filter(Boolean).length, 750);
  assert.equal(hold('alice'), true);
});

test('whoever loses the right while they wait is told by the gate; a task that ends ends the wait', async (t) => {
  const { send, gate, routes, access, taskPort } = await world(t);
  const client = await send(...GET, 'Prefer: wait=60', '', '');
  await until(() => gate.held() === 1, 5_000);
  routes.show([]);
  const answer = await client.answer();
  assert.deepEqual([answer.status, header(answer, 'preference-applied')], [404, 'wait=60']);
  assert.equal(access[0]?.['reason'], 'unknown-endpoint');
  routes.show([httpEndpoint(taskPort, TASK_A)]);
  const next = await send(...GET, 'Prefer: wait=60', '', '');
  await until(() => gate.held() === 1, 5_000);
  const asked = gate.asked.length;
  gate.withdraw();
  await until(() => gate.asked.length === asked + 1);
  next.destroy();
  await until(() => gate.held() === 0);
});

test('a task that says where it listens, and one that moves, are found where they are', async (t) => {
  const { send, routes } = await world(t);
  routes.show([httpEndpoint(1, TASK_A, { state: 'waiting' })]);
  const client = await send(...GET, 'Prefer: wait=60', '', '');
  const refused = await send(...GET, '', '');
  assert.equal((await refused.answer()).status, 503);
  const app = createServer((_, response) => response.end('app')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => void app.close());
  const address = app.address();
  assert.ok(typeof address === 'object' && address !== null);
  routes.show([httpEndpoint(address.port, TASK_A)]);
  const began = performance.now();
  assert.deepEqual(outcome(await client.answer()), [200, 'wait=60', 'app']);
  assert.ok(performance.now() - began < 1_000);
});

test('by a load-balanced route whichever task listens first answers', async (t) => {
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const world = await balanced(t, ports);
  const client = await world.client();
  client.send('GET /chat/x HTTP/1.1', ROUTER_HOST, world.user, 'Prefer: wait=60', '', '');
  listenIn(t, 300, ports[2] ?? 0);
  const answer = await client.answer(false, 10_000);
  assert.deepEqual(outcome(answer), [200, 'wait=60', 'GET /x  ']);
});
