import type { Identity } from '../../auth/identity/identity.ts';
import { isFailing, type Way } from '../../activity/activity.ts';
import { FAILURE_DETAILS } from '../../upstream/failure.ts';
import type { Endpoint, Route, TcpRoute } from '../../routes/model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import { staticRouteUrl } from '../../routes/static/static_routes.ts';
import type { RouteTable, StaticRoute } from '../../routes/model/table.ts';
import { listAdministration } from './list_administration.ts';
import {
  WAITING,
  type ListedEndpoint,
  type ListedHttp,
  type ListedStaticRoute,
  type ListedTcp,
  type Listing,
} from './listing.ts';
import { pathUrl, wildcardUrl } from '../../settings/urls.ts';
import { administers } from './roles.ts';
import type { Places, Sources } from './sources.ts';
import { instant } from '../parts/times.ts';

/** @param visible the endpoints that this user may see. */
export function listRoutes(
  sources: Sources,
  visible: ReadonlySet<EndpointId>,
  identity: Identity | undefined,
): Listing {
  const { table, places } = sources;
  const seen = [...table.endpoints.values()].filter(({ id }) => visible.has(id));
  return {
    user: identity === undefined ? null : { id: identity.userId, name: identity.userName },
    confirmedAt: instant(table.confirmedAt),
    stale: table.stale,
    endpointTokens: sources.endpointTokens && identity !== undefined,
    endpoints: seen
      .toSorted((a, b) => b.task.startedAt - a.task.startedAt || (a.id < b.id ? -1 : 1))
      .map((endpoint) => listEndpoint(endpoint, sources)),
    staticRoutes: staticRoutes(table)
      .filter((route) => route.enabled && concerns(route, visible))
      .map((route) => listStaticRoute(route, visible, places)),
    administration: administers(identity) ? listAdministration(sources) : null,
  };
}

/** Static routes by path and by host. */
export function staticRoutes({ staticPaths, staticHosts }: RouteTable): readonly StaticRoute[] {
  return [...staticPaths.values(), ...staticHosts.values()];
}

/** A route that serves nobody's task yet is nobody's secret; one that serves another user's task is that user's. */
function concerns(route: StaticRoute, visible: ReadonlySet<EndpointId>): boolean {
  if (route.access !== 'task' || route.endpoints.length === 0) return true;
  return route.endpoints.some(({ id }) => visible.has(id));
}

function listEndpoint(endpoint: Endpoint, sources: Sources): ListedEndpoint {
  const { places, activity } = sources;
  const { id, name, task, http, tcp } = endpoint;
  const web = places.clearmlWebUrl;
  return {
    id,
    name: name ?? null,
    task: {
      id: task.id,
      name: task.name,
      type: task.type,
      project: task.projectName ?? null,
      owner: task.userId,
      queue: task.queueId ?? null,
      startedAt: instant(task.startedAt),
      url: web === undefined ? null : `${web}/projects/*/experiments/${task.id}/output/log`,
    },
    lastUsedAt: instant(Math.max(activity(id, 'http').usedAt, activity(id, 'tcp').usedAt)),
    http: http === undefined ? null : listHttp(http, endpoint, sources),
    tcp: tcp === undefined ? null : listTcp(tcp, endpoint, sources),
  };
}

function listHttp(route: Route, endpoint: Endpoint, sources: Sources): ListedHttp {
  const { places } = sources;
  const open = route.state === 'open';
  const path = pathUrl(places.router, endpoint.id);
  return {
    ...stateOf(route, endpoint, 'http', sources),
    url: open ? (wildcardUrl(places.router, places.wildcardHost, endpoint.label) ?? path) : null,
    pathUrl: open && places.pathForm ? path : null,
  };
}

function listTcp(route: TcpRoute, endpoint: Endpoint, sources: Sources): ListedTcp {
  const { places } = sources;
  const open = route.state === 'open';
  const url = programUrl(endpoint, places);
  const port = open && places.tcpAddress !== undefined ? (route.port ?? null) : null;
  return {
    ...stateOf(route, endpoint, 'tcp', sources),
    address: port === null ? null : (places.tcpAddress ?? null),
    port,
    tunnelUrl: open && url !== undefined ? url.replace(/^http/, 'ws') : null,
  };
}

function stateOf(
  route: Route,
  { id, task }: Endpoint,
  way: Way,
  { activity, table }: Sources,
): Pick<ListedHttp, 'state' | 'reason' | 'failingSince'> {
  switch (route.state) {
    case 'refused':
      return { state: 'refused', reason: route.reason, failingSince: null };
    case 'waiting':
      return { state: 'waiting', reason: WAITING, failingSince: null };
    case 'open': {
      const seen = activity(id, way);
      if (!isFailing(seen)) {
        return { state: 'open', reason: table.notices.get(task.id) ?? null, failingSince: null };
      }
      const reason = FAILURE_DETAILS[seen.failure];
      return { state: 'failing', reason, failingSince: instant(seen.failingSince) };
    }
  }
}

/** The URL for programs, below the router's own host while that has endpoints. Undefined: nothing but a port leads there. */
export function programUrl(endpoint: Endpoint, places: Places): string | undefined {
  const { router, wildcardHost, pathForm } = places;
  return pathForm
    ? pathUrl(router, endpoint.id)
    : wildcardUrl(router, wildcardHost, endpoint.label);
}

function listStaticRoute(
  route: StaticRoute,
  visible: ReadonlySet<EndpointId>,
  { router }: Places,
): ListedStaticRoute {
  return {
    name: route.name,
    url: staticRouteUrl(route, router),
    type: route.type,
    access: route.access,
    status: route.status,
    loadBalanced: route.loadBalanced,
    endpoints: route.endpoints.map(({ id }) => id).filter((id) => visible.has(id)),
  };
}
