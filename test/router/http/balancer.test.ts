import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Balancer } from '../../../router/http/balancer.ts';
import { Stickiness } from '../../../router/http/stickiness.ts';
import type { StaticRoute } from '../../../router/routes/model/table.ts';
import { staticRoute, taskId } from '../../support/auth_fixture.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';

/** A balancer whose tasks have so much in flight, of which these are ejected, whose clients gave up so much, and that answered last then. */
function world(
  inFlight: readonly number[],
  ejected: ReadonlySet<number> = new Set(),
  givenUp: readonly number[] = [],
  answeredAt: readonly number[] = [],
) {
  const endpoints = inFlight.map((_, place) => httpEndpoint(1, taskId(place.toString(16))));
  const placeOf = (id: string): number => Number.parseInt(id.slice(0, 1), 16);
  const balancer = new Balancer({
    stickiness: new Stickiness(false),
    ejections: { has: (way, { id }) => way === 'http' && ejected.has(placeOf(id)) },
    givenUp: { of: ({ id }) => givenUp[placeOf(id)] ?? 0 },
    inFlight: (id) => inFlight[placeOf(id)] ?? 0,
    seen: (id) => ({
      usedAt: 0,
      failedAt: 0,
      failingSince: 0,
      failure: 'other',
      answeredAt: answeredAt[placeOf(id)] ?? 0,
    }),
  });
  const route: StaticRoute = { ...staticRoute('r', 'public', endpoints), loadBalanced: true };
  const places = (ordered: StaticRoute): number[] => ordered.endpoints.map(({ id }) => placeOf(id));
  return { balancer, route, places, order: () => places(balancer.order(route, [], 'http')) };
}

test('the one with the least in flight comes first, the others after it', () => {
  assert.deepEqual(world([2, 1, 3]).order(), [1, 2, 0]);
});

test('what clients gave up counts as in flight', () => {
  assert.deepEqual(world([0, 2, 1], new Set(), [3]).order(), [2, 0, 1]);
});

test('several with equally little take turns, also where others are ejected or have more', () => {
  const { order } = world([0, 5, 0, 0, 0], new Set([3]));
  const firsts = Array.from({ length: 6 }, () => order()[0]);
  assert.deepEqual(
    firsts.toSorted((a = 0, b = 0) => a - b),
    [0, 0, 2, 2, 4, 4],
  );
});

test('those that are ejected come last, by the way that is asked for', () => {
  const { balancer, route, places, order } = world([0, 9, 9], new Set([0]));
  assert.deepEqual(order().at(-1), 0);
  assert.deepEqual(places(balancer.order(route, [], 'tcp')).length, 3);
});

test('those that have no open way in come last', () => {
  const { balancer, route, places } = world([1, 0, 1]);
  const endpoints = route.endpoints.map((endpoint, place) =>
    place === 1 ? { ...endpoint, http: { state: 'waiting' } as const } : endpoint,
  );
  assert.equal(places(balancer.order({ ...route, endpoints }, [], 'http')).at(-1), 1);
});

test('a route without load balancing stays as it is, and has no next', () => {
  const { balancer, route } = world([1, 0]);
  const plain = { ...route, loadBalanced: false };
  assert.equal(balancer.order(plain, [], 'http'), plain);
  const [first] = route.endpoints;
  assert.ok(first);
  assert.equal(balancer.rest(plain, first, 'http'), undefined);
});

test('of several with equally much in flight the one that answered last comes first, and without any they take turns', () => {
  const busy = world([1, 1, 1, 2], undefined, undefined, [1, 3, 3, 4]);
  assert.deepEqual([busy.order()[0], busy.order()[0], busy.order()[0]], [1, 2, 1]);
  const idle = world([0, 0, 1], undefined, undefined, [1, 3, 4]);
  assert.deepEqual([idle.order()[0], idle.order()[0], idle.order()[0]], [0, 1, 0]);
});

test('each is there once, nobody who is out before one who is not, and what is left are those behind the one that failed', () => {
  const tasks = fc.array(fc.record({ inFlight: fc.nat(3), out: fc.boolean() }), {
    minLength: 2,
    maxLength: 10,
  });
  fc.assert(
    fc.property(tasks, fc.nat(9), (all, at) => {
      const out = new Set([...all.keys()].filter((place) => all[place]?.out));
      const { balancer, route, places } = world(
        all.map(({ inFlight }) => inFlight),
        out,
      );
      const ordered = balancer.order(route, [], 'http');
      const order = places(ordered);
      assert.deepEqual(new Set(order), new Set(all.keys()));
      const outs = order.map((place) => out.has(place));
      assert.deepEqual(
        outs,
        [...outs].toSorted((a, b) => Number(a) - Number(b)),
      );
      const candidates = all.filter((task) => !task.out || out.size === all.length);
      const least = Math.min(...candidates.map(({ inFlight }) => inFlight));
      assert.equal(all[order[0] ?? 0]?.inFlight, least);
      const tried = ordered.endpoints[at % all.length];
      assert.ok(tried);
      const rest = balancer.rest(ordered, tried, 'http');
      const left = order.slice((at % all.length) + 1);
      assert.deepEqual(new Set(rest === undefined ? [] : places(rest)), new Set(left));
    }),
  );
});
