import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteTable, StaticRoute } from '../routes/model/table.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { balancedRoutes } from './balanced_routes.ts';
import type { Ejections } from './ejections.ts';
import { healthState, type ActivityView, type HealthState } from './health.ts';
import type { Way } from './way.ts';

/** Whether a load-balanced route has tasks, and this replica knows of none that answers. */
function isDown({ endpoints }: StaticRoute, ejections: Pick<Ejections, 'has'>): boolean {
  if (endpoints.length === 0) return false;
  return endpoints.every((endpoint) => ejections.has('http', endpoint));
}

/** Counts load-balanced routes without a task that answers; called before each /metrics. Each look has those checked that are due. */
export function observeBalancedRoutes(
  table: Pick<RouteTable, 'staticPaths' | 'staticHosts'>,
  ejections: Pick<Ejections, 'has'>,
  metrics: Pick<Metrics, 'balancedRoutesDown'>,
): void {
  const down = balancedRoutes(table).filter((route) => isDown(route, ejections));
  metrics.balancedRoutesDown.set(down.length);
}

const WAYS: readonly Way[] = ['http', 'tcp'];
const STATES: readonly HealthState[] = ['answering', 'not_answering', 'unknown'];

/** What is known of an endpoint by all its open ways together; undefined where none is open. One way that fails is a fault. */
function healthOf(endpoint: Endpoint, seen: ActivityView): HealthState | undefined {
  let health: HealthState | undefined;
  for (const way of WAYS) {
    if (endpoint[way]?.state !== 'open') continue;
    const state = healthState(seen(endpoint.id, way));
    if (state === 'not_answering') return state;
    if (health !== 'answering') health = state;
  }
  return health;
}

/** Counts endpoints by what is known of their tasks; called before each /metrics. */
export function observeHealth(
  { endpoints }: Pick<RouteTable, 'endpoints'>,
  seen: ActivityView,
  metrics: Pick<Metrics, 'endpoints'>,
): void {
  const counts = { answering: 0, not_answering: 0, unknown: 0 };
  for (const endpoint of endpoints.values()) {
    const health = healthOf(endpoint, seen);
    if (health !== undefined) counts[health] += 1;
  }
  for (const state of STATES) metrics.endpoints.set({ state }, counts[state]);
}
