import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from '../../../router/serving/numbers.ts';

const reading = (requests: number, latencyMs: number, at: number) => ({
  served: { requests, latencyMs },
  at,
});

test('rate and latency are of the time since the last report', () => {
  const startedAt = Date.now() - 90_000;
  const status = statusOf(reading(10, 5_000, 0), reading(16, 5_600, 30_000), startedAt, 100);
  assert.deepEqual({ ...status, uptime: 0 }, { uptime: 0, requests: 116, rate: 12, latency: 100 });
  assert.ok(status.uptime >= 90 && status.uptime < 120);
});

test('without a request since then they are 0', () => {
  const one = reading(10, 5_000, 0);
  assert.deepEqual(statusOf(one, { ...one, at: 60_000 }, 0, 0), {
    uptime: 0,
    requests: 10,
    rate: 0,
    latency: 0,
  });
  assert.equal(statusOf(one, one, 0, 0).rate, 0);
});

test("nothing is larger than the server's fields, or below 0", () => {
  const most = 2 ** 31 - 1;
  const huge = statusOf(reading(0, 0, 0), reading(2 ** 52, 2 ** 53, 1), 1, 2 ** 52);
  assert.deepEqual([huge.requests, huge.rate], [most, most]);
  assert.ok(huge.uptime <= most);
  assert.equal(statusOf(reading(0, 0, 0), reading(1, 2 ** 53, 1), 1, 0).latency, most);
  const back = statusOf(reading(9, 9, 0), reading(1, 1, 1), Date.now() + 60_000, 0);
  assert.deepEqual(back, { uptime: 0, requests: 1, rate: 0, latency: 0 });
  assert.equal(statusOf(reading(0, 0, 0), reading(1, Number.NaN, 1), 0, 0).latency, 0);
});
