import type { Identity } from '../auth/identity.ts';
import { isFailing, type ActivityView, type Way } from '../proxy/activity.ts';
import { FAILURE_DETAILS } from '../proxy/upstream_failure.ts';
import type { Endpoint, EndpointId, Lane, TcpLane } from '../routes/endpoint.ts';
import { staticRouteUrl } from '../routes/static_routes.ts';
import type { StaticRoute } from '../routes/table.ts';
import { listAdministration } from './list_administration.ts';
import type {
  ListedEndpoint,
  ListedHttpLane,
  ListedStaticRoute,
  ListedTcpLane,
  Listing,
} from './listing.ts';
import { administers } from './roles.ts';
import type { Places, Sources } from './sources.ts';
import { instant } from './times.ts';

/** @param visible the endpoints that this user may see. */
export function listRoutes(
  sources: Sources,
  visible: ReadonlySet<EndpointId>,
  identity: Identity | undefined,
): Listing {
  const { table, places } = sources;
  const seen = [...table.endpoints.values()].filter(({ id }) => visible.has(id));
  const routes = [...table.staticPaths.values(), ...table.staticHosts.values()];
  return {
    user: identity === undefined ? null : { id: identity.userId, name: identity.userName },
    confirmedAt: instant(table.confirmedAt),
    stale: table.stale,
    endpointTokens: sources.endpointTokens && identity !== undefined,
    endpoints: seen
      .toSorted((a, b) => b.task.startedAt - a.task.startedAt || (a.id < b.id ? -1 : 1))
      .map((endpoint) => listEndpoint(endpoint, sources)),
    staticRoutes: routes
      .filter((route) => route.enabled && concerns(route, visible))
      .map((route) => listStaticRoute(route, visible, places)),
    administration: administers(identity) ? listAdministration(sources) : null,
  };
}

/** A route that serves nobody's task yet is nobody's secret; one that serves another user's task is that user's. */
function concerns(route: StaticRoute, visible: ReadonlySet<EndpointId>): boolean {
  if (route.access !== 'task' || route.endpoints.length === 0) return true;
  return route.endpoints.some(({ id }) => visible.has(id));
}

function listEndpoint(endpoint: Endpoint, { places, activity }: Sources): ListedEndpoint {
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
    http: http === undefined ? null : listHttp(http, endpoint, places, activity),
    tcp: tcp === undefined ? null : listTcp(tcp, endpoint, places, activity),
  };
}

function listHttp(
  lane: Lane,
  endpoint: Endpoint,
  places: Places,
  activity: ActivityView,
): ListedHttpLane {
  const open = lane.state === 'open';
  const path = pathUrl(endpoint, places);
  return {
    ...stateOf(lane, endpoint.id, 'http', activity),
    url: open ? (wildcardUrl(endpoint, places) ?? path) : null,
    pathUrl: open && places.pathForm ? path : null,
  };
}

function listTcp(
  lane: TcpLane,
  endpoint: Endpoint,
  places: Places,
  activity: ActivityView,
): ListedTcpLane {
  const open = lane.state === 'open';
  const url = programUrl(endpoint, places);
  const port = open && places.tcpAddress !== undefined ? (lane.port ?? null) : null;
  return {
    ...stateOf(lane, endpoint.id, 'tcp', activity),
    address: port === null ? null : (places.tcpAddress ?? null),
    port,
    tunnelUrl: open && url !== undefined ? url.replace(/^http/, 'ws') : null,
  };
}

function stateOf(
  lane: Lane,
  id: EndpointId,
  way: Way,
  activity: ActivityView,
): Pick<ListedHttpLane, 'state' | 'reason' | 'failingSince'> {
  switch (lane.state) {
    case 'refused':
      return { state: 'refused', reason: lane.reason, failingSince: null };
    case 'waiting':
      return { state: 'waiting', reason: NOT_SAID, failingSince: null };
    case 'open': {
      const seen = activity(id, way);
      if (!isFailing(seen)) return { state: 'open', reason: null, failingSince: null };
      const reason = FAILURE_DETAILS[seen.failure];
      return { state: 'failing', reason, failingSince: instant(seen.failingSince) };
    }
  }
}

const NOT_SAID = 'The task has not said yet where it listens.';

/** The URL for programs, below the router's own host while that has endpoints. Undefined: nothing but a port leads there. */
export function programUrl(endpoint: Endpoint, places: Places): string | undefined {
  return places.pathForm ? pathUrl(endpoint, places) : wildcardUrl(endpoint, places);
}

/** The endpoint's URL below the router's own host. */
function pathUrl({ id }: Endpoint, { router }: Places): string {
  return `${router.origin}/service/${id}/`;
}

function wildcardUrl({ label }: Endpoint, { router, wildcardHost }: Places): string | undefined {
  if (label === undefined || wildcardHost === undefined) return undefined;
  const port = router.host.slice(router.hostname.length);
  return `${router.secure ? 'https' : 'http'}://${label}.${wildcardHost}${port}/`;
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
