import { underBase } from '../grammar/path.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouterUrl } from '../settings/values.ts';
import { probeHeaders, probeHttp, probeTcp } from '../upstream/probe.ts';
import type { HealthFailure } from './health.ts';
import type { Way } from './way.ts';

/** What a check of one way found. `other` says nothing of the task. */
export type CheckOutcome = 'answers' | HealthFailure;

/** Tries one way into an endpoint from here. */
export type Check = (endpoint: Endpoint, way: Way) => Promise<CheckOutcome>;

/** Time for a connection, and for the head of a health path's answer. */
const PATIENCE_MS = 3_000;
/** From here on an answer says that the task is not well. */
const FIRST_SERVER_ERROR = 500;

/** Whether the task takes a connection: all that can be asked of one that names no health path. */
export const checkConnection: Check = async (endpoint, way) => {
  const route = endpoint[way];
  if (route?.state !== 'open') return 'other';
  return (await probeTcp(route.upstream, PATIENCE_MS)).outcome;
};

/**
 * Asks the health path where the task names one, where any answer below 500 is health: a kernel takes connections for a process
 * that stands still. Else tries the connection alone.
 */
export function checkHealth(router: Pick<RouterUrl, 'host' | 'secure'>): Check {
  return async (endpoint, way) => {
    const { http } = endpoint;
    if (way !== 'http' || http?.state !== 'open' || http.healthPath === undefined) {
      return checkConnection(endpoint, way);
    }
    const headers = probeHeaders(router, endpoint, 'health check');
    const path = underBase(http.healthPath, http.basePath);
    const probe = await probeHttp(http.upstream, headers, PATIENCE_MS, path);
    if (probe.outcome === 'protocol') return 'unhealthy';
    if (probe.outcome !== 'answers') return probe.outcome;
    return (probe.status ?? 0) < FIRST_SERVER_ERROR ? 'answers' : 'unhealthy';
  };
}
