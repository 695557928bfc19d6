import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Balancer } from '../../../router/http/balancer.ts';
import { Stickiness, stickyCookieName } from '../../../router/http/stickiness.ts';
import type { StaticRoute } from '../../../router/routes/model/table.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';

test('A55: a cookie of stickiness costs nothing for each endpoint of the route', () => {
  let reads = 0;
  const endpoints = Array.from({ length: 50 }, (_, index) => {
    const endpoint = httpEndpoint(1, index.toString(16).padStart(32, '0'));
    const { id } = endpoint;
    return Object.defineProperty({ ...endpoint }, 'id', { get: () => (reads++, id) });
  });
  const route: StaticRoute = {
    name: 'many',
    type: 'path',
    match: 'many',
    access: 'public',
    loadBalanced: true,
    enabled: true,
    status: 'routing',
    endpoints,
  };
  const stickiness = new Stickiness(false);
  const balancer = new Balancer({
    stickiness,
    ejections: { has: () => false },
    givenUp: { of: () => 0 },
    inFlight: () => 0,
    seen: () => assert.fail('nothing is in flight'),
  });
  const headers = ['Cookie', `${stickyCookieName(route)}=of-none`];
  balancer.order(route, headers, 'http');
  const first = reads;
  for (let turn = 0; turn < 100; turn++) balancer.order(route, headers, 'http');
  assert.equal(reads, first);

  // What was made is still right: the cookie of one leads to it.
  const wanted = endpoints[7];
  assert.ok(wanted);
  const [pair = ''] = (stickiness.cookie(route, wanted, []) ?? '').split(';');
  assert.equal(balancer.order(route, ['Cookie', pair], 'http').endpoints[0], wanted);
});
