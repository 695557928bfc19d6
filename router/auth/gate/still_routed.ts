import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteTable, StaticRoute } from '../../routes/model/table.ts';
import { routeLevel } from '../access/endpoint_rights.ts';
import type { Admitted } from './decision.ts';

/** Where somebody was admitted to, as a table has it now. */
export interface Routed {
  readonly endpoint: Endpoint;
  readonly route: StaticRoute | undefined;
}

/**
 * The endpoint that somebody was admitted to, as this table has it; undefined where the table no longer leads there. A static
 * route counts by its name, for each table makes it anew. One that is open to others now than it was, or that another task
 * serves, is asked for again: who came while it was public may not be one of them. A port that no task asked for is in no table:
 * still_admitted.ts asks for it elsewhere.
 */
export function stillRouted(
  { endpoint, route, ownPort }: Admitted,
  table: RouteTable,
): Routed | undefined {
  if (ownPort !== undefined) return { endpoint, route: undefined };
  const now = table.endpoints.get(endpoint.id);
  if (now === undefined) return undefined;
  if (route === undefined) return { endpoint: now, route };
  const routes = route.type === 'path' ? table.staticPaths : table.staticHosts;
  const routed = routes.get(route.match);
  const same =
    routed?.name === route.name &&
    routed.enabled &&
    routeLevel(routed, now) === routeLevel(route, endpoint) &&
    routed.endpoints.some(({ id }) => id === endpoint.id);
  return same ? { endpoint: now, route: routed } : undefined;
}
