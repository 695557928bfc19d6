import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { observeBalancedRoutes, observeHealth } from '../../../router/activity/metrics.ts';
import { Activity } from '../../../router/activity/activity.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import { createMetrics } from '../../../router/telemetry/metrics.ts';
import { shownRoutes } from '../../support/shown_routes.ts';
import { endpoint, staticRoute, table, taskId } from '../../support/auth_fixture.ts';

test('counts the load-balanced routes that have tasks of which none answers', async () => {
  const [one, two] = [endpoint(taskId('1')), endpoint(taskId('2'))];
  const route = { ...staticRoute('a', 'public', [one, two]), loadBalanced: true };
  const alone = { ...staticRoute('b', 'public', [one], 'subdomain'), loadBalanced: true };
  const routes = table(
    [one, two],
    [
      route,
      alone,
      { ...staticRoute('plain', 'public', [one]), loadBalanced: false },
      { ...staticRoute('empty', 'public', []), loadBalanced: true },
      { ...alone, name: 'off', match: 'off.example.com', enabled: false },
    ],
  );
  const metrics = createMetrics(new Registry());
  const down = async (...ids: readonly string[]) => {
    const has = (way: string, { id }: { readonly id: string }) =>
      way === 'http' && ids.includes(id);
    observeBalancedRoutes(routes, { has }, metrics);
    return (await metrics.balancedRoutesDown.get()).values[0]?.value;
  };
  assert.equal(await down(), 0);
  assert.equal(await down(one.id), 1);
  assert.equal(await down(one.id, two.id), 2);
  assert.equal(await down(two.id), 0);
});

test('counts endpoints by whether their tasks answer: one way that fails is enough, one that answers says more than nothing', async (t) => {
  const upstream = { address: '127.0.0.1', family: 4, port: 1 } as const;
  const both = (digit: string): Endpoint => ({
    ...endpoint(taskId(digit)),
    http: { state: 'open', upstream },
    tcp: { state: 'open', upstream, port: undefined },
  });
  const closed: Endpoint = { ...both('9'), http: { state: 'waiting' }, tcp: undefined };
  const endpoints = [both('1'), both('2'), both('3'), closed];
  const routes = shownRoutes();
  routes.show(endpoints);
  const activity = new Activity(routes);
  t.after(() => activity.close());
  const metrics = createMetrics(new Registry());
  const counts = async () => {
    observeHealth(routes.current(), activity.of, metrics);
    const { values } = await metrics.endpoints.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.state, value]));
  };
  assert.deepEqual(await counts(), { answering: 0, not_answering: 0, unknown: 3 });
  activity.reached('tcp', taskId('1'));
  activity.failed('tcp', taskId('2'), 'refused');
  activity.reached('http', taskId('2'));
  assert.deepEqual(await counts(), { answering: 1, not_answering: 1, unknown: 1 });
  activity.reached('tcp', taskId('2'));
  assert.deepEqual(await counts(), { answering: 2, not_answering: 0, unknown: 1 });
});
