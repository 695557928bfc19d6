import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { FailureClass } from '../upstream/failure.ts';
import type { Way } from './way.ts';

/** How a way may fail: as connections to it do, or since its health path says so. */
export const FAILURES = [
  'refused',
  'timeout',
  'reset',
  'protocol',
  'http2',
  'tls',
  'certificate',
  'unreachable',
  'other',
  'unhealthy',
] as const satisfies readonly (FailureClass | 'unhealthy')[];

export type HealthFailure = (typeof FAILURES)[number];

/** What one process saw of one way into an endpoint: a plain value. Milliseconds since the epoch; 0 for never. */
export interface WayActivity {
  /** Somebody used it: by a request that the task answered, or by what they sent over an open session. */
  readonly usedAt: number;
  /** The task answered a request or a check, or took a connection. */
  readonly answeredAt: number;
  /** The task did not. */
  readonly failedAt: number;
  /** The first failure since it last answered; 0 where the last thing that was tried did not fail. */
  readonly failingSince: number;
  /** Of the last failure. */
  readonly failure: HealthFailure;
}

/** What is known of one way into an endpoint; zeros where nothing is. */
export type ActivityView = (id: EndpointId, way: Way) => WayActivity;

/** When an endpoint was used last, by either way: milliseconds since the epoch, 0 for never. */
export function usedAt(of: ActivityView, id: EndpointId): number {
  return Math.max(of(id, 'http').usedAt, of(id, 'tcp').usedAt);
}

/** What the last thing says that was tried on a way: a request, a connection, or a check of the router's own. */
export type HealthState = 'answering' | 'not_answering' | 'unknown';

/** Of one way. `unknown`: it was never tried at the address where it is now. */
export function healthState({ answeredAt, failingSince }: WayActivity): HealthState {
  if (failingSince > 0) return 'not_answering';
  return answeredAt > 0 ? 'answering' : 'unknown';
}
