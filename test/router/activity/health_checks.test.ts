import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Activity } from '../../../router/activity/activity.ts';
import { checkHealth, type CheckOutcome } from '../../../router/activity/check.ts';
import { healthState } from '../../../router/activity/health.ts';
import { MOST_AT_ONCE } from '../../../router/activity/health_checks.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import { until } from '../../support/attacked.ts';
import { staticRoute } from '../../support/auth_fixture.ts';
import { rawTask, replying } from '../../support/raw_peers.ts';
import { TASK_A, TASK_B, httpEndpoint } from '../../support/proxy_world.ts';
import { shownRoutes } from '../../support/shown_routes.ts';

const ROUTER = { host: 'router.example.com', secure: true };

/** As many endpoints as a big installation has, all at one port. */
function many(count: number, port: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) =>
    httpEndpoint(port, index.toString(16).padStart(32, '0')),
  );
}

const balanced = (endpoints: readonly Endpoint[]) => ({
  ...staticRoute('chat', 'public', endpoints),
  loadBalanced: true,
});

/** An activity whose clock and checks the test moves. */
function world(
  t: TestContext,
  endpoints: readonly Endpoint[],
  ticks: () => number = () => performance.now(),
) {
  const routes = shownRoutes();
  const clock = { now: 1_000_000 };
  const asked: { readonly id: string; readonly settle: (outcome: CheckOutcome) => void }[] = [];
  const activity = new Activity(routes, {
    now: () => clock.now,
    ticks,
    check: ({ id }) => new Promise((settle) => void asked.push({ id, settle })),
  });
  t.after(() => activity.close());
  routes.show(endpoints, [balanced(endpoints)]);
  /** All checks under way, and those that come after them, end so. */
  const settle = async (outcome: CheckOutcome): Promise<void> => {
    for (let check = asked.shift(); check !== undefined; check = asked.shift()) {
      check.settle(outcome);
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  };
  const state = (id = TASK_A) => healthState(activity.of(id, 'http'));
  return { routes, clock, asked, activity, settle, state };
}

test('ten thousand endpoints that somebody looks at cost no more connections than the rate allows', async (t) => {
  let connects = 0;
  const server = createServer((socket) => {
    connects += 1;
    socket.on('error', () => undefined).resume();
  });
  server.listen(0, '127.0.0.1', 1_000);
  await once(server, 'listening');
  t.after(() => server.close());
  const endpoints = many(10_000, (server.address() as AddressInfo).port);
  const routes = shownRoutes();
  let now = Date.now();
  const activity = new Activity(routes, { now: () => now, ticks: () => now });
  t.after(() => activity.close());
  routes.show(endpoints);
  const known = () =>
    endpoints.filter(({ id }) => healthState(activity.of(id, 'http')) !== 'unknown').length;
  assert.equal(await activity.checks.look(endpoints), true);
  await until(() => known() === 200);
  assert.equal(await activity.checks.look(endpoints), false, 'no room for more in this second');
  now += 1_000;
  assert.equal(await activity.checks.look(endpoints), true);
  await until(() => known() === 220);
  for (let look = 0; look < 50; look++) await activity.checks.look(endpoints);
  await until(() => connects >= 220, 10_000);
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  assert.equal(connects, 220);
});

test('of ten thousand tasks of a load-balanced route a round checks a hundred, the next ones in the next round', async (t) => {
  const { activity, asked, settle, clock, state } = world(t, many(10_000, 1));
  activity.checks.round();
  assert.equal(asked.length, MOST_AT_ONCE);
  await settle('answers');
  const known = () => many(10_000, 1).filter(({ id }) => state(id) === 'answering').length;
  assert.equal(known(), 100);
  activity.checks.round();
  await settle('answers');
  assert.equal(known(), 200);
  // Silent ones fill the room, and are checked by one check at a time.
  clock.now += 60_000;
  for (let round = 0; round < 20; round++) activity.checks.round();
  assert.equal(asked.length, MOST_AT_ONCE);
});

test('of a thousand tasks that are ejected a round has a hundred checked, the next ones in the next round', async (t) => {
  let ticks = 0;
  const endpoints = many(1_000, 1);
  const { activity, asked, settle, state } = world(t, endpoints, () => ticks);
  for (const { id } of endpoints) activity.failed('http', id, 'refused', ticks);
  ticks += 1_000;
  const found = () => endpoints.filter(({ id }) => state(id) === 'answering').length;
  for (const expected of [100, 200]) {
    activity.checks.round();
    assert.equal(asked.length, MOST_AT_ONCE);
    await settle('answers');
    assert.equal(found(), expected);
  }
});

test('silent tasks of one owner keep nobody else’s from being checked, and are not all checked first', async (t) => {
  const other = httpEndpoint(1, TASK_B);
  const bobs = { ...other, task: { ...other.task, userId: 'bob' } };
  const { activity, asked, settle, state } = world(t, [...many(1_000, 1), bobs]);
  for (const endpoint of many(1_000, 1)) void activity.checks.begin('http', endpoint);
  assert.equal(asked.length, MOST_AT_ONCE);
  activity.checks.round();
  assert.equal(await activity.checks.look([...many(10, 1), bobs]), true, 'it joins the check');
  for (let check = 0; check < 2; check++) {
    asked.shift()?.settle('timeout');
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }
  assert.ok(asked.slice(-2).some(({ id }) => id === TASK_B));
  await settle('answers');
  assert.equal(state(TASK_B), 'answering');
});

test('a look waits a quarter of a second, and asks nothing of what was tried lately or is being tried', async (t) => {
  const endpoint = httpEndpoint(1);
  const { activity, asked, settle, clock, state } = world(t, [endpoint]);
  assert.equal(state(), 'unknown');
  const began = performance.now();
  assert.equal(await activity.checks.look([endpoint]), true);
  const took = performance.now() - began;
  assert.ok(took >= 240 && took < 2_000, `${took} ms`);
  assert.equal(state(), 'unknown');
  const joined = activity.checks.look([endpoint]);
  assert.equal(asked.length, 1);
  await settle('answers');
  assert.equal(await joined, true);
  assert.equal(state(), 'answering');
  assert.equal(activity.of(TASK_A, 'http').usedAt, 0, 'a check is no use');
  clock.now += 9_999;
  assert.equal(await activity.checks.look([endpoint]), false);
  clock.now += 1;
  const later = activity.checks.look([endpoint]);
  assert.equal(asked.length, 1);
  await settle('refused');
  await later;
  assert.equal(state(), 'not_answering');
  clock.now -= 60_000;
  const beforeThat = activity.checks.look([endpoint]);
  assert.equal(asked.length, 1, 'the clock was set: what is known is not from the future');
  await settle('answers');
  await beforeThat;
  assert.equal(state(), 'answering');
});

test('a round asks nothing of a task that traffic speaks for, unless it names a health path, and ejects who fails', async (t) => {
  const plain = httpEndpoint(1);
  const named = httpEndpoint(2, TASK_B);
  const http = { ...named.http, healthPath: '/health' } as Endpoint['http'];
  const { activity, asked, settle, clock } = world(t, [plain, { ...named, http }]);
  activity.answered('http', TASK_A, performance.now());
  activity.answered('http', TASK_B, performance.now());
  clock.now += 500;
  activity.checks.round();
  assert.deepEqual(
    asked.map(({ id }) => id),
    [TASK_B],
  );
  await settle('unhealthy');
  assert.equal(activity.ejections.has('http', named), true);
  assert.equal(activity.ejections.has('http', plain), false);
  clock.now += 2_000;
  activity.checks.round();
  assert.deepEqual(
    asked.map(({ id }) => id),
    [TASK_A],
    'what is ejected has its pause',
  );
  await settle('other');
  assert.equal(activity.ejections.has('http', plain), false, 'which says nothing of the task');
});

test('what a check finds is of the address that it tried', async (t) => {
  const { activity, asked, settle, routes, state } = world(t, [httpEndpoint(1)]);
  const look = activity.checks.look([httpEndpoint(1)]);
  assert.equal(asked.length, 1);
  routes.show([httpEndpoint(2)]);
  await settle('refused');
  await look;
  assert.equal(state(), 'unknown');
  activity.reached('http', TASK_A);
  assert.equal(state(), 'answering');
  routes.show([httpEndpoint(3)]);
  assert.equal(state(), 'unknown', 'nobody has tried the new address');
});

for (const [says, answer, outcome] of [
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'answers'],
  ['a sign-in of its own', 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n', 'answers'],
  ['no such page', 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n', 'answers'],
  ['that it is busy', 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n', 'unhealthy'],
  ['something else than HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'unhealthy'],
] as const) {
  test(`a health path that answers ${says}: ${outcome}`, async (t) => {
    const task = await rawTask(replying(answer));
    t.after(() => task.close());
    const endpoint = httpEndpoint(task.port);
    const http = { ...endpoint.http, healthPath: '/health?ready=1' } as Endpoint['http'];
    assert.equal(await checkHealth(ROUTER)({ ...endpoint, http }, 'http'), outcome);
    assert.deepEqual(task.connections[0]?.text().split('\r\n').slice(0, 6), [
      'GET /health?ready=1 HTTP/1.1',
      'Host: router.example.com',
      'X-Forwarded-Host: router.example.com',
      'X-Forwarded-Proto: https',
      `X-Forwarded-Prefix: /service/${TASK_A}`,
      'User-Agent: task-traffic-router health check',
    ]);
    assert.equal(await checkHealth(ROUTER)(endpoint, 'http'), 'answers', 'it takes connections');
    assert.equal(await checkHealth(ROUTER)(endpoint, 'tcp'), 'other', 'there is no such way');
  });
}
