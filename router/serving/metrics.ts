import type { Metrics } from '../telemetry/metrics.ts';
import type { Listed } from './reporter.ts';

/** Called before each /metrics. */
export function observeModelEndpoints(
  { reported, itself, leftOut }: Listed,
  metrics: Pick<Metrics, 'modelEndpoints'>,
): void {
  metrics.modelEndpoints.set({ state: 'reported' }, reported);
  metrics.modelEndpoints.set({ state: 'by_task' }, itself);
  metrics.modelEndpoints.set({ state: 'left_out' }, leftOut);
}
