import type { HealthFailure } from '../../activity/health.ts';
import { FAILURE_DETAILS } from '../../upstream/failure.ts';
import type { ListedHttp, ListedTcp } from './listing.ts';

/** What each failure means for whoever wants to use the task. */
export const HEALTH_DETAILS: Readonly<Record<HealthFailure, string>> = {
  ...FAILURE_DETAILS,
  unhealthy: 'The task says of itself that it is not well.',
};

/** How it failed, in as few words as stand in brackets. */
export const FAILURE_WORDS: Readonly<Record<HealthFailure, string>> = {
  refused: 'connection refused',
  timeout: 'no answer in time',
  unreachable: 'no way there',
  reset: 'connection closed',
  protocol: 'no valid HTTP',
  http2: 'HTTP/2 only',
  tls: 'no TLS, or nothing else',
  certificate: 'its certificate is not trusted',
  other: 'connection failed',
  unhealthy: 'error at its health path',
};

/** The state of a way in the page's words: “open” is said of what answers. */
export function stateWords({ state, health }: ListedHttp | ListedTcp): string {
  if (state === 'failing') return 'does not answer';
  return health?.state === 'unknown' ? 'not tried yet' : state;
}
