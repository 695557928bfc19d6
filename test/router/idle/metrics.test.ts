import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observeIdle } from '../../../router/idle/metrics.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { runningTask } from '../../support/shown_routes.ts';

test('idle time is summed by queue, and what is not idle any more is gone', async () => {
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  const idle = (queueId: string | undefined, since: number) => ({
    task: { ...runningTask('a'.repeat(32)), queueId },
    since,
    stopsAt: undefined,
  });
  observeIdle([idle('gpu', 1_000), idle('gpu', 2_000), idle(undefined, 4_000)], metrics, 5_000);
  const text = await registry.metrics();
  assert.match(text, /task_router_idle_seconds\{queue="gpu"\} 7\n/);
  assert.match(text, /task_router_idle_seconds\{queue=""\} 1\n/);
  observeIdle([], metrics, 5_000);
  assert.doesNotMatch(await registry.metrics(), /idle_seconds\{/);
});
