import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callAs } from '../call_as.ts';
import { startClearMl } from '../server.ts';

const URL_ = 'http://test_url';
const container = (id: string, more: object = {}) => ({
  container_id: id,
  endpoint_name: 'my endpoint',
  endpoint_url: URL_,
  model_name: 'my model',
  ...more,
});

test("model endpoints as the server's own test walks them", async (t) => {
  const clearml = await startClearMl();
  t.after(() => clearml.stop());
  const call = callAs(clearml, 'alice');
  const reference = [
    { type: 'app_id', value: 'test' },
    { type: 'model', value: '262829d3' },
  ];
  for (const [index, id] of ['container_1', 'container_2'].entries()) {
    const one = container(id, index === 0 ? { reference } : {});
    await call('serving.register_container', { ...one, timeout: 100 });
    const factor = index + 1;
    await call('serving.container_status_report', {
      ...one,
      uptime_sec: 1_000 * factor,
      requests_num: 1_000 * factor,
      requests_min: 5 * factor,
      latency_ms: 100 * factor,
    });
  }
  const { data } = await call('serving.get_endpoints');
  const [endpoint] = data['endpoints'] as readonly Record<string, unknown>[];
  assert.deepEqual(
    { ...endpoint, last_update: '' },
    {
      endpoint: 'my endpoint',
      model: 'my model',
      url: URL_,
      instances: 2,
      uptime_sec: 2_000,
      requests: 3_000,
      requests_min: 7.5,
      latency_ms: 150,
      last_update: '',
    },
  );
  const details = await call('serving.get_endpoint_details', { endpoint_url: URL_ });
  const instances = details.data['instances'] as readonly Record<string, unknown>[];
  assert.deepEqual(
    instances.map(({ id, requests, reference: references }) => [id, requests, references]),
    [
      ['container_1', 1_000, reference],
      ['container_2', 2_000, []],
    ],
  );
  clearml.clock.advance(101_000);
  const none = await call('serving.get_endpoint_details', { endpoint_url: URL_ });
  assert.deepEqual([none.status, none.subcode], [400, 1052]);
  assert.equal(none.message, 'no container instances found for service url: url=http://test_url');
});

test('what the server refuses of them', async (t) => {
  const clearml = await startClearMl();
  t.after(() => clearml.stop());
  const call = callAs(clearml, 'alice');
  const missing = await call('serving.register_container', { ...container('a'), model_name: null });
  assert.equal(missing.message, "validation error (field 'model_name' is required!)");
  const noUrl = await call('serving.container_status_report', {
    ...container('a'),
    endpoint_url: null,
  });
  assert.equal(noUrl.message, "validation error (Missing required field 'endpoint_url')");
  const large = await call('serving.container_status_report', {
    ...container('a'),
    requests_num: 2 ** 31,
  });
  assert.equal(large.status, 500);
  const odd = { ...container('a'), reference: [{ type: 'pod', value: 'x' }] };
  assert.equal((await call('serving.register_container', odd)).status, 400);
  // Registered, never reported, beside one that has: the server compares nothing with a number.
  await call('serving.register_container', container('b'));
  await call('serving.container_status_report', { ...container('c'), uptime_sec: 1 });
  assert.equal((await call('serving.get_endpoint_details', { endpoint_url: URL_ })).status, 500);
});

test('a server before API 2.31 has none of them', async (t) => {
  const clearml = await startClearMl({ apiVersion: '2.30' });
  t.after(() => clearml.stop());
  assert.equal((await callAs(clearml, 'alice')('serving.get_endpoints')).status, 404);
});
