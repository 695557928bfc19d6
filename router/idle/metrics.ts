import type { Metrics } from '../telemetry/metrics.ts';
import type { IdleTask } from './idle_watch.ts';

/** Sums how long the tasks of each queue have been idle; called before each /metrics. */
export function observeIdle(
  tasks: readonly IdleTask[],
  metrics: Pick<Metrics, 'idleSeconds'>,
  now: number = Date.now(),
): void {
  const seconds = new Map<string, number>();
  for (const { task, since } of tasks) {
    const queue = task.queueId ?? '';
    seconds.set(queue, (seconds.get(queue) ?? 0) + (now - since) / 1000);
  }
  metrics.idleSeconds.reset();
  for (const [queue, sum] of seconds) metrics.idleSeconds.set({ queue }, sum);
}
