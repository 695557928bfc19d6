import type { Served } from '../activity/served.ts';
import { LARGEST_NUMBER, type ContainerStatus } from '../clearml/model_endpoints.ts';

/** What all replicas together served until a moment. */
export interface Reading {
  readonly served: Served;
  /** Milliseconds that never jump. */
  readonly at: number;
}

const MINUTE_MS = 60_000;

function whole(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), LARGEST_NUMBER) : 0;
}

/**
 * What is reported of the time since the last report. Latency is 0 where there was no request, as the SDK's own reports say it.
 *
 * @param startedAt of the task, milliseconds since the epoch; 0 where ClearML does not say.
 * @param earlier requests that are to be counted beside.
 */
export function statusOf(
  last: Reading,
  now: Reading,
  startedAt: number,
  earlier: number,
): ContainerStatus {
  const requests = Math.max(now.served.requests - last.served.requests, 0);
  const latency = Math.max(now.served.latencyMs - last.served.latencyMs, 0);
  const minutes = (now.at - last.at) / MINUTE_MS;
  const rate = minutes > 0 ? Math.round((requests / minutes) * 100) / 100 : 0;
  return {
    uptime: startedAt === 0 ? 0 : whole((Date.now() - startedAt) / 1_000),
    requests: whole(now.served.requests + earlier),
    rate: Math.min(rate, LARGEST_NUMBER),
    latency: requests === 0 ? 0 : whole(latency / requests),
  };
}
