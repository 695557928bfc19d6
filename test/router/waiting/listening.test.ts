import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { LOOK_EVERY_MS, Listening } from '../../../router/waiting/listening.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import { TASK_A, TASK_B, httpEndpoint } from '../../support/proxy_world.ts';
import { shownRoutes, type ShownRoutes } from '../../support/shown_routes.ts';

interface World {
  readonly listening: Listening;
  readonly routes: ShownRoutes;
  /** Ports that were tried, in order. */
  readonly tried: number[];
  readonly told: string[];
  readonly open: Set<number>;
  /** Lets time pass. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

function world(t: TestContext): World {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const routes = shownRoutes();
  const tried: number[] = [];
  const told: string[] = [];
  const open = new Set<number>();
  const listening = new Listening({
    routes,
    check: ({ http }) => {
      const port = http?.state === 'open' ? http.upstream.port : 0;
      if (port === FULL) return undefined;
      tried.push(port);
      return Promise.resolve(open.has(port) ? 'answers' : 'refused');
    },
    answers: (id) => void told.push(id.slice(0, 1)),
  });
  t.after(() => listening.close());
  const pass = async (milliseconds: number): Promise<void> => {
    t.mock.timers.tick(milliseconds);
    await nextTurn();
  };
  return { listening, routes, tried, told, open, pass };
}

/** A port of which there is no room to check it. */
const FULL = 7;
const ENDPOINT = httpEndpoint(1, TASK_A);

/** Endpoints at port 1, each of a task of its own. */
function many(count: number, userOf: (index: number) => string): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) => {
    const endpoint = httpEndpoint(1, index.toString(16).padStart(32, '0'));
    return { ...endpoint, task: { ...endpoint.task, userId: userOf(index) } };
  });
}

test('however many ask, a task gets one connection in two seconds', async (t) => {
  const { listening, tried, told, open, pass } = world(t);
  const looks = Array.from({ length: 50 }, () => listening.look(ENDPOINT));
  for (const look of looks) assert.equal(await look, 'refused');
  assert.deepEqual(tried, [1]);
  open.add(1);
  await pass(LOOK_EVERY_MS - 1);
  assert.equal(await listening.look(ENDPOINT), 'refused');
  await pass(1);
  assert.equal(await listening.look(ENDPOINT), 'answers');
  assert.deepEqual(tried, [1, 1]);
  assert.deepEqual(told, ['a']);
  assert.equal(await listening.look(httpEndpoint(2, TASK_A)), 'refused', 'it is elsewhere by now');
  assert.deepEqual(tried, [1, 1, 2]);
});

test('nothing is tried of an endpoint that has no open way in, nor of more than 256 at once', async (t) => {
  const { listening, tried } = world(t);
  assert.equal(await listening.look(httpEndpoint(1, TASK_A, { state: 'waiting' })), 'refused');
  assert.equal(await listening.look(httpEndpoint(FULL, TASK_A)), 'refused');
  await Promise.all(many(300, (index) => `user ${index % 100}`).map((one) => listening.look(one)));
  assert.equal(tried.length, 256);
});

test('however many tasks of one owner are asked for, those of others are looked at', async (t) => {
  const { listening, open } = world(t);
  await Promise.all(many(300, () => 'mallory').map((one) => listening.look(one)));
  open.add(2);
  assert.equal(await listening.look(httpEndpoint(2, TASK_B)), 'answers');
});

test('who waits is woken by the look that finds it listening, and by a route that changes; then nobody looks', async (t) => {
  const { listening, routes, tried, open, pass } = world(t);
  routes.show([ENDPOINT, httpEndpoint(2, TASK_B)]);
  const woken: string[] = [];
  const ends = ['first', 'second'].map((who) => listening.wait([TASK_A], () => woken.push(who)));
  await pass(LOOK_EVERY_MS);
  await listening.look(ENDPOINT);
  assert.deepEqual([tried, woken], [[1], []], 'a page that asks shares the look');
  open.add(1);
  await pass(LOOK_EVERY_MS);
  assert.deepEqual(
    [tried, woken],
    [
      [1, 1],
      ['first', 'second'],
    ],
  );
  routes.show([httpEndpoint(3, TASK_A), httpEndpoint(2, TASK_B)]);
  assert.deepEqual(woken, ['first', 'second', 'first', 'second']);
  routes.show([]);
  assert.equal(woken.length, 6);
  for (const end of ends) end();
  routes.show([ENDPOINT]);
  await pass(10 * LOOK_EVERY_MS);
  assert.deepEqual([tried, woken.length], [[1, 1], 6]);
});

test('one that goes on waiting as soon as it is woken is woken once', async (t) => {
  const { listening, routes } = world(t);
  routes.show([ENDPOINT]);
  let woken = 0;
  const wait = (): void => {
    const end = listening.wait([TASK_A], () => {
      end();
      woken += 1;
      wait();
    });
  };
  wait();
  routes.show([httpEndpoint(1, TASK_A, { state: 'waiting' })]);
  assert.equal(woken, 1);
});
