import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Served } from '../../../router/activity/served.ts';
import type { EndpointId } from '../../../router/grammar/endpoint_id.ts';
import { Reporter } from '../../../router/serving/reporter.ts';
import { endpointPlaces } from '../../../router/settings/urls.ts';
import { routerUrl } from '../../../router/settings/values.ts';
import { callAs } from '../../lab/clearml/call_as.ts';
import { textOf, type Document } from '../../lab/clearml/document.ts';
import type { ClearMlOptions } from '../../lab/clearml/options.ts';
import { connect, count, keepLog, serve } from '../../support/installation.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';
import { shownRoutes } from '../../support/shown_routes.ts';
import { endpointId } from '../peers/replica.ts';

const ORIGIN = 'https://router.example.com';
const [A, B] = [endpointId(10), endpointId(11)] as const;
const URLS = endpointPlaces({
  ROUTER_URL: routerUrl.parse(ORIGIN),
  ROUTER_WILDCARD_HOST: undefined,
  ROUTER_PATH_FORM: true,
});
const urlOf = (id: EndpointId): string => `${ORIGIN}/service/${id}/`;
const idOf = (id: EndpointId): string => `task-router:router:${id}`;

/** A reporter of two endpoints whose turns and clock are the test's. */
async function world(t: TestContext, options?: ClearMlOptions) {
  const server = await serve(t, options);
  const clearml = connect(t, server);
  const routes = shownRoutes();
  routes.show([httpEndpoint(1, A), httpEndpoint(2, B)]);
  const { log, lines } = keepLog();
  const state = { now: 0, leads: true, served: new Map<EndpointId, Served>() };
  const newReporter = (leads = () => state.leads): Reporter =>
    new Reporter({
      interval: 60_000,
      routerName: 'router',
      places: URLS,
      routes,
      api: clearml.modelEndpoints,
      leadership: { isLeader: leads },
      served: (id) => state.served.get(id) ?? { requests: 0, latencyMs: 0 },
      usedAt: () => 0,
      log,
      now: () => state.now,
    });
  const reporter = newReporter();
  const call = callAs(server, 'alice');
  /** A report of somebody else. */
  const report = (id: string, url: string, more: Document = {}) =>
    call('serving.container_status_report', {
      container_id: id,
      endpoint_name: 'own',
      model_name: 'own',
      endpoint_url: url,
      uptime_sec: 1,
      ...more,
    });
  return {
    server,
    routes,
    state,
    reporter,
    newReporter,
    lines,
    report,
    /** A minute later, where this many requests of 100 ms each have been served. */
    later: async (requests: Readonly<Record<EndpointId, number>> = {}, one = reporter) => {
      state.now += 60_000;
      for (const [id, sum] of Object.entries(requests)) {
        state.served.set(id, { requests: sum, latencyMs: sum * 100 });
      }
      await one.turn();
    },
    /** The page: what stands at each URL. */
    page: async () => {
      const { data } = await call('serving.get_endpoints');
      return new Map(
        (data['endpoints'] as readonly Document[]).map((one) => [textOf(one['url']), one]),
      );
    },
    idsAt: async (url: string) => {
      const { data } = await call('serving.get_endpoint_details', { endpoint_url: url });
      return ((data['instances'] ?? []) as readonly Document[]).map(({ id }) => id);
    },
    reports: () => count(server, 'serving.container_status_report'),
  };
}

const task = (id: string) => ({ reference: [{ type: 'task', value: id }] });

test('each open endpoint stands on the page, with what it served', async (t) => {
  const { reporter, later, page, idsAt } = await world(t);
  await reporter.turn();
  assert.deepEqual([...(await page()).keys()], [urlOf(A), urlOf(B)]);
  await later({ [A]: 30 });
  const { requests, requests_min, latency_ms, instances, endpoint } = (await page()).get(
    urlOf(A),
  ) as Document;
  assert.deepEqual(
    { requests, requests_min, latency_ms, instances, endpoint },
    { requests: 30, requests_min: 30, latency_ms: 100, instances: 1, endpoint: 'a task' },
  );
  assert.deepEqual(await idsAt(urlOf(A)), [idOf(A)]);
  assert.deepEqual(reporter.listed(), { reported: 2, itself: 0, leftOut: 0 });
});

test('what nobody uses is reported every five minutes, and never forgotten by the server', async (t) => {
  const { server, reporter, later, page, reports } = await world(t);
  await reporter.turn();
  assert.equal(reports(), 2);
  for (let minute = 1; minute <= 4; minute += 1) await later({ [A]: minute });
  assert.equal(reports(), 6);
  await later();
  assert.equal(reports(), 7);
  server.clock.advance(899_000);
  assert.equal((await page()).size, 2);
  server.clock.advance(2_000);
  assert.equal((await page()).size, 0);
});

test('an endpoint that is gone leaves the page', async (t) => {
  const { reporter, routes, later, page } = await world(t);
  await reporter.turn();
  routes.show([httpEndpoint(2, B)]);
  await later();
  assert.deepEqual([...(await page()).keys()], [urlOf(B)]);
});

test('nothing is done by a replica that does not lead, before the first look or after the last', async (t) => {
  const { server, state, routes, newReporter, reporter } = await world(t);
  state.leads = false;
  await reporter.turn();
  state.leads = true;
  const before = shownRoutes();
  await new Reporter({
    interval: 60_000,
    routerName: 'router',
    places: URLS,
    routes: before,
    api: connect(t, server).modelEndpoints,
    leadership: { isLeader: () => true },
    served: () => ({ requests: 0, latencyMs: 0 }),
    usedAt: () => 0,
    log: keepLog().log,
  }).turn();
  assert.equal(count(server, 'serving.get_endpoints'), 0);
  // The lead is lost between the question and the first report.
  let asked = 0;
  await newReporter(() => (asked += 1) === 1).turn();
  assert.equal(count(server, 'serving.get_endpoints'), 1);
  assert.equal(count(server, 'serving.register_container'), 0);
  assert.equal(routes.current().endpoints.size, 2);
});

test('another leader goes on with the same containers and their numbers', async (t) => {
  const { state, reporter, newReporter, later, page, idsAt } = await world(t);
  await reporter.turn();
  await later({ [A]: 30 });
  // It knows of some of these requests alone.
  const next = newReporter();
  state.served.set(A, { requests: 12, latencyMs: 0 });
  await later({}, next);
  assert.equal((await page()).get(urlOf(A))?.['requests'], 30);
  await later({ [A]: 15 }, next);
  assert.equal((await page()).get(urlOf(A))?.['requests'], 33);
  assert.deepEqual(await idsAt(urlOf(A)), [idOf(A)]);
  assert.equal((await page()).size, 2);
});

test('another leader takes off the page what the one before left there', async (t) => {
  const { reporter, routes, newReporter, later, page } = await world(t);
  await reporter.turn();
  routes.show([httpEndpoint(2, B)]);
  await later({}, newReporter());
  assert.deepEqual([...(await page()).keys()], [urlOf(B)]);
});

test('a task that reports itself is left to do so, wherever, and comes back when it stops', async (t) => {
  const { server, reporter, report, later, page, idsAt } = await world(t);
  await report('its own', urlOf(A), task(A));
  await report('also', 'https://elsewhere.example.com/model', task(B));
  await reporter.turn();
  assert.deepEqual(await idsAt(urlOf(A)), ['its own']);
  assert.equal((await page()).has(urlOf(B)), false);
  assert.deepEqual(reporter.listed(), { reported: 0, itself: 2, leftOut: 0 });
  await callAs(server, 'alice')('serving.unregister_container', { container_id: 'its own' });
  await later();
  assert.deepEqual(await idsAt(urlOf(A)), [idOf(A)]);
});

test('a task that begins to report itself takes the place of what the router reported', async (t) => {
  const { reporter, report, later, idsAt } = await world(t);
  await reporter.turn();
  await report('its own', urlOf(A), task(A));
  await later({ [A]: 5, [B]: 5 });
  assert.deepEqual(await idsAt(urlOf(A)), ['its own']);
  assert.deepEqual(await idsAt(urlOf(B)), [idOf(B)]);
});

test('what says no task counts as that of the URL, and below it; what says another task does not', async (t) => {
  const { reporter, report, page } = await world(t);
  await report('unnamed', `${urlOf(A)}v1/models`);
  await report('other', urlOf(B), task('f'.repeat(32)));
  await reporter.turn();
  const now = await page();
  assert.equal(now.has(urlOf(A)), false);
  assert.equal(now.get(urlOf(B))?.['instances'], 2);
});

test('a server that lacks the page is asked once in an hour, and nothing is warned of', async (t) => {
  const { server, reporter, later, lines } = await world(t, { apiVersion: '2.30' });
  await reporter.turn();
  for (let minute = 0; minute < 59; minute += 1) await later({ [A]: minute });
  assert.equal(count(server, 'serving.get_endpoints'), 1);
  await later();
  assert.equal(count(server, 'serving.get_endpoints'), 2);
  assert.equal(count(server, 'serving.register_container'), 0);
  const told = lines.map((line) => JSON.parse(line) as Document);
  assert.deepEqual(
    told.map(({ event, level }) => [event, level]),
    [['model_endpoints_lacking', 'info']],
  );
});

test('a server that is away ends the turn, and the next one goes on', async (t) => {
  const { server, reporter, later, page } = await world(t);
  const away = server.faults.add({
    kind: 'status',
    status: 503,
    calls: ['serving.container_status_report'],
  });
  await assert.rejects(reporter.turn(), { code: 'CLEARML_UNAVAILABLE' });
  away.clear();
  await later({ [A]: 1, [B]: 1 });
  assert.equal((await page()).get(urlOf(A))?.['requests'], 1);
  assert.equal((await page()).get(urlOf(B))?.['requests'], 1);
});

test('what the server refuses of one endpoint it gets of the others, and the refused one again', async (t) => {
  const { server, reporter, later, page } = await world(t);
  const refused = { code: 400, subcode: 1051, message: 'container is not registered' };
  const calls = ['serving.container_status_report'];
  server.faults.add({ kind: 'error', ...refused, calls, times: 1 });
  await assert.rejects(reporter.turn(), { code: 'CLEARML_REFUSED' });
  assert.equal(count(server, 'serving.register_container'), 2);
  await later({ [A]: 1, [B]: 1 });
  assert.equal(count(server, 'serving.register_container'), 3);
  const now = await page();
  assert.deepEqual(
    [A, B].map((id) => now.get(urlOf(id))?.['requests']),
    [1, 1],
  );
});

test('URLs about which the server never has an answer keep nobody else from the page', async (t) => {
  const { server, reporter, report, later, page } = await world(t);
  // Registered beside one that reports: the server fails over their details.
  const call = callAs(server, 'bob');
  const made = ['https://x.example.com/', 'https://y.example.com/', 'https://z.example.com/'];
  for (const url of [...made, urlOf(A)]) {
    const one = { endpoint_name: 'x', model_name: 'x', endpoint_url: url };
    await call('serving.register_container', { ...one, container_id: `loading ${url}` });
    await report(`there ${url}`, url);
  }
  for (let minute = 0; minute < 4; minute += 1) await later({ [B]: minute });
  assert.equal((await page()).get(urlOf(B))?.['requests'], 3);
  assert.deepEqual(reporter.listed(), { reported: 1, itself: 1, leftOut: 0 });
});

test('an unknown answer about an endpoint that stands there does not take it off at once', async (t) => {
  const { server, reporter, report, later, page } = await world(t);
  await reporter.turn();
  const details = ['serving.get_endpoint_details'];
  server.faults.add({ kind: 'status', status: 500, calls: details, times: 2 });
  await report('other', urlOf(A), task('f'.repeat(32)));
  await later();
  await later();
  assert.equal((await page()).get(urlOf(A))?.['instances'], 2);
  assert.equal(count(server, 'serving.unregister_container'), 0);
});

test('a flood of URLs is asked about a few at a time', async (t) => {
  const { server, reporter, report, page } = await world(t);
  for (let index = 0; index < 200; index += 1) {
    await report(`${index}`, `https://flood.example.com/${index}`);
  }
  await reporter.turn();
  assert.equal(count(server, 'serving.get_endpoint_details'), 20);
  assert.equal((await page()).has(urlOf(A)), true);
});
