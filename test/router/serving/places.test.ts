import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Places } from '../../../router/serving/places.ts';
import { choose, MOST_LISTED } from '../../../router/serving/choice.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import type { StaticRoute } from '../../../router/routes/model/table.ts';
import { endpointPlaces } from '../../../router/settings/urls.ts';
import { routerUrl } from '../../../router/settings/values.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';
import { shownRoutes } from '../../support/shown_routes.ts';
import { endpointId } from '../peers/replica.ts';

const ID = endpointId(1);
const URLS = endpointPlaces({
  ROUTER_URL: routerUrl.parse('https://router.example.com'),
  ROUTER_WILDCARD_HOST: 'tasks.example.com',
  ROUTER_PATH_FORM: true,
});

function named(name: string): Endpoint {
  const endpoint = httpEndpoint(1, ID);
  return { ...endpoint, task: { ...endpoint.task, name } };
}

function listed(endpoints: readonly Endpoint[], statics: readonly StaticRoute[] = []) {
  const routes = shownRoutes();
  routes.show(endpoints, statics);
  const places = new Places(routes.current(), URLS, 'gpu-router');
  return places.open().map((endpoint) => places.container(endpoint));
}

const route = (more: Partial<StaticRoute>): StaticRoute => ({
  name: 'llm',
  type: 'path',
  match: 'llm',
  access: 'authenticated',
  loadBalanced: true,
  enabled: true,
  status: 'routing',
  endpoints: [httpEndpoint(1, ID)],
  ...more,
});

test('an endpoint is listed at the URL that its task is told', () => {
  const [place] = listed([named('a task')]);
  assert.deepEqual(place, {
    id: `task-router:gpu-router:${ID}`,
    endpointName: 'a task',
    modelName: 'a task',
    url: `https://router.example.com/service/${ID}/`,
    taskId: ID,
  });
});

test('one that serves a static route is listed at the URL of that, by its name', () => {
  const [place] = listed([named('a task')], [route({})]);
  assert.equal(place?.url, 'https://router.example.com/llm/');
  assert.equal(place?.endpointName, 'llm');
  assert.equal(place?.modelName, 'a task');
  const [other] = listed([named('a task')], [route({ enabled: false })]);
  assert.equal(other?.url, `https://router.example.com/service/${ID}/`);
});

test('what waits, is refused or has no HTTP is not listed', () => {
  const lanes = [{ state: 'waiting' }, { state: 'refused', reason: 'no' }] as const;
  for (const lane of lanes) assert.deepEqual(listed([httpEndpoint(1, ID, lane)]), []);
  assert.deepEqual(listed([{ ...httpEndpoint(1, ID), http: undefined }]), []);
});

test('a hostile name is one plain line of at most 200 characters, and never empty', () => {
  const nameOf = (name: string) => listed([named(name)])[0]?.modelName;
  assert.equal(nameOf('a\u0000b\r\n\u001b[31mc\u202ed\ud800'), 'a b [31mc d');
  assert.equal(nameOf('\u0000 \u200b'), ID);
  assert.equal(nameOf(''), ID);
  assert.equal(nameOf('x'.repeat(1e6)), 'x'.repeat(200));
  assert.equal(nameOf('😀'.repeat(1_000)), '😀'.repeat(200));
});

test('of too many those are listed that were used last, and keep their place for an hour', () => {
  const endpoints = Array.from({ length: MOST_LISTED + 2 }, (_, index) =>
    httpEndpoint(1, endpointId(index)),
  );
  const hour = 3_600_000;
  const usedAt = (id: string): number => (parseInt(id, 16) + 1) * hour;
  const idsOf = (all: readonly Endpoint[]): ReadonlySet<string> => new Set(all.map(({ id }) => id));
  const none = idsOf(choose(endpoints, () => false, usedAt));
  assert.equal(none.size, MOST_LISTED);
  assert.ok(!none.has(endpointId(0)) && !none.has(endpointId(1)));
  const later = idsOf(
    choose(
      endpoints,
      (id) => id === endpointId(1),
      (id) => (id === endpointId(1) ? 2.5 * hour : usedAt(id)),
    ),
  );
  assert.ok(later.has(endpointId(1)) && !later.has(endpointId(2)));
});

test('what somebody reports is near the endpoint whose URL it is, in whichever form, or is below', () => {
  const routes = shownRoutes();
  const host = route({ name: 'h', type: 'subdomain', match: 'h.example.com' });
  routes.show([named('a task')], [route({}), host]);
  const places = new Places(routes.current(), URLS, 'gpu-router');
  const near = [
    `https://router.example.com/service/${ID}/`,
    `https://router.example.com/service/${ID}`,
    `https://router.example.com/service/${ID}/v1/models?x#y`,
    `https://${ID}.tasks.example.com/`,
    'https://router.example.com/llm/v1',
    'https://H.example.com:443/x',
  ];
  for (const url of near) {
    assert.deepEqual(
      places.near(url).map(({ id }) => id),
      [ID],
      url,
    );
  }
  const far = [
    'https://router.example.com/',
    'https://router.example.com/service/',
    `https://router.example.com/service/${endpointId(2)}/`,
    `https://elsewhere.example.com/service/${ID}/`,
    'https://tasks.example.com/',
    'https://__proto__.tasks.example.com/',
    'https://router.example.com/__proto__/',
    'no URL',
    '',
  ];
  for (const url of far) assert.deepEqual(places.near(url), [], url);
});
