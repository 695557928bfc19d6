import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteTable } from '../../routes/model/table.ts';
import type { Admitted } from './decision.ts';

/**
 * The endpoint that somebody was admitted to, as this table has it; undefined where the table no longer leads there. A static
 * route counts by its name, for each table makes it anew. One that is open to others now than it was, or that another task
 * serves, is asked for again: who came while it was public may not be one of them.
 */
export function stillRouted(
  { endpoint, route }: Admitted,
  table: RouteTable,
): Endpoint | undefined {
  const now = table.endpoints.get(endpoint.id);
  if (now === undefined || route === undefined) return now;
  const routes = route.type === 'path' ? table.staticPaths : table.staticHosts;
  const routed = routes.get(route.match);
  const same =
    routed?.name === route.name &&
    routed.enabled &&
    routed.access === route.access &&
    routed.endpoints.some(({ id }) => id === endpoint.id);
  return same ? now : undefined;
}
