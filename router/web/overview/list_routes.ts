import { clearmlPage } from '../../grammar/clearml_page.ts';
import type { Identity } from '../../auth/identity/identity.ts';
import { healthState, usedAt, type WayActivity } from '../../activity/health.ts';
import type { Way } from '../../activity/way.ts';
import type { Endpoint, Route, TcpRoute } from '../../routes/model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import { staticRouteUrl } from '../../routes/static/static_routes.ts';
import type { RouteTable, StaticRoute } from '../../routes/model/table.ts';
import { isOpenToAll } from '../../auth/access/endpoint_rights.ts';
import { byRight, listAccess } from './list_access.ts';
import { listShared, sharedBy } from './list_shared.ts';
import { listReplicas } from './list_replicas.ts';
import { listAdministration } from './list_administration.ts';
import {
  UNCHECKED,
  WAITING,
  type ListedEndpoint,
  type ListedHealth,
  type ListedHttp,
  type ListedStaticRoute,
  type ListedTcp,
  type Listing,
} from './listing.ts';
import { HEALTH_DETAILS } from './health_words.ts';
import { browserUrl, pathUrl, programUrl } from '../../settings/urls.ts';
import { administers } from '../../auth/access/roles.ts';
import type { Sources } from './sources.ts';
import { named } from '../parts/named.ts';
import { instant } from '../parts/times.ts';

/** What a user is shown. */
export interface Shown {
  readonly endpoints: ReadonlySet<EndpointId>;
  /** Static routes that let them in. */
  readonly routes: ReadonlySet<StaticRoute>;
}

export function listRoutes(
  sources: Sources,
  shown: Shown,
  identity: Identity | undefined,
): Listing {
  const { table } = sources;
  const seen = [...table.endpoints.values()].filter(({ id }) => shown.endpoints.has(id));
  return {
    user: identity === undefined ? null : named(identity),
    confirmedAt: instant(table.confirmedAt),
    stale: table.stale,
    replicas: listReplicas(sources.peers?.state()),
    endpointTokens: sources.endpointTokens && identity !== undefined,
    sharing: sources.grants !== undefined && identity !== undefined,
    endpoints: seen
      .toSorted((a, b) => b.task.startedAt - a.task.startedAt || (a.id < b.id ? -1 : 1))
      .map((endpoint) => listEndpoint(endpoint, sources, identity))
      // What is as new as what it is beside stays where it is.
      .toSorted((a, b) => byRight(a.access, b.access)),
    staticRoutes: staticRoutes(table)
      .filter((route) => route.enabled && concerns(route, shown, identity))
      .map((route) => listStaticRoute(route, shown.endpoints, sources)),
    administration: administers(identity) ? listAdministration(sources) : null,
  };
}

/** Static routes by path and by host. */
export function staticRoutes({ staticPaths, staticHosts }: RouteTable): readonly StaticRoute[] {
  return [...staticPaths.values(), ...staticHosts.values()];
}

/**
 * A route that serves nobody's task yet is nobody's secret, but for one that names people: that is theirs. One that serves another
 * user's task is for those whom it lets in.
 */
function concerns(route: StaticRoute, shown: Shown, identity: Identity | undefined): boolean {
  if (isOpenToAll(route)) return true;
  if (route.endpoints.length > 0) {
    return shown.routes.has(route) || route.endpoints.some(({ id }) => shown.endpoints.has(id));
  }
  if (route.access !== 'people' || identity === undefined) return true;
  return administers(identity) || route.people?.includes(identity.userId) === true;
}

function listEndpoint(
  endpoint: Endpoint,
  sources: Sources,
  identity: Identity | undefined,
): ListedEndpoint {
  const { places, activity, levels } = sources;
  const { id, name, task, http, tcp } = endpoint;
  const access = listAccess(endpoint, identity, levels?.rights);
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
      url: clearmlPage(places.clearmlWebUrl, task.id) ?? null,
    },
    lastUsedAt: instant(
      Math.max(usedAt(activity, id), sources.peers?.seen(id).usedAt ?? 0) ||
        sources.stampedUse(task.id),
    ),
    idle: listIdle(task.id, sources),
    access,
    shared: listShared(endpoint, identity, sources),
    sharedBy: sharedBy(endpoint, access, sources),
    http: http === undefined ? null : listHttp(http, endpoint, sources),
    tcp: tcp === undefined ? null : listTcp(tcp, endpoint, sources),
  };
}

function listIdle(taskId: string, { idle }: Sources): ListedEndpoint['idle'] {
  const known = idle?.(taskId);
  if (known === undefined) return null;
  return { since: instant(known.since), stopsAt: instant(known.stopsAt ?? 0) };
}

function listHttp(route: Route, endpoint: Endpoint, sources: Sources): ListedHttp {
  const { places } = sources;
  const open = route.state === 'open';
  const path = pathUrl(places.router, endpoint.id);
  const state = stateOf(route, endpoint, 'http', sources);
  return {
    ...state,
    reason: state.reason ?? (isUnchecked(route) ? UNCHECKED : null),
    url: open ? (browserUrl(places, endpoint) ?? path) : null,
    pathUrl: open && places.pathForm ? path : null,
  };
}

/** Over TLS, with whoever answers at its address. */
function isUnchecked(route: Route): boolean {
  if (route.state !== 'open' || route.upstream.tls === undefined) return false;
  return route.upstream.tls.ca === undefined;
}

function listTcp(route: TcpRoute, endpoint: Endpoint, sources: Sources): ListedTcp {
  const { places } = sources;
  const open = route.state === 'open';
  const url = programUrl(places, endpoint);
  const port = open && places.tcpAddress !== undefined ? (route.port ?? null) : null;
  return {
    ...stateOf(route, endpoint, 'tcp', sources),
    address: port === null ? null : (places.tcpAddress ?? null),
    port,
    noPort: route.noPort ?? null,
    tunnelUrl: open && url !== undefined ? url.replace(/^http/, 'ws') : null,
  };
}

function stateOf(
  route: Route,
  { id, task }: Endpoint,
  way: Way,
  { activity, table }: Sources,
): Pick<ListedHttp, 'state' | 'reason' | 'health' | 'taskPort'> {
  switch (route.state) {
    case 'refused':
      return { state: 'refused', reason: route.reason, health: null, taskPort: null };
    case 'waiting':
      return { state: 'waiting', reason: WAITING, health: null, taskPort: null };
    case 'open': {
      const seen = activity(id, way);
      const health = listHealth(seen);
      const taskPort = route.upstream.port;
      if (health.state === 'not_answering') {
        return { state: 'failing', reason: HEALTH_DETAILS[seen.failure], health, taskPort };
      }
      return { state: 'open', reason: table.notices.get(task.id) ?? null, health, taskPort };
    }
  }
}

function listHealth(seen: WayActivity): ListedHealth {
  const { answeredAt, failedAt, failingSince, failure } = seen;
  const state = healthState(seen);
  const triedAt = instant(Math.max(answeredAt, failedAt));
  if (state !== 'not_answering') return { state, since: null, failure: null, triedAt };
  return { state, since: instant(failingSince), failure, triedAt };
}

function answers(endpoint: Endpoint, sources: Sources): boolean {
  const { http } = endpoint;
  return http !== undefined && stateOf(http, endpoint, 'http', sources).state === 'open';
}

function listStaticRoute(
  route: StaticRoute,
  visible: ReadonlySet<EndpointId>,
  sources: Sources,
): ListedStaticRoute {
  const seen = route.endpoints.filter(({ id }) => visible.has(id));
  return {
    name: route.name,
    url: staticRouteUrl(route, sources.places.router),
    type: route.type,
    access: route.access,
    status: route.status,
    loadBalanced: route.loadBalanced,
    endpoints: seen.map(({ id }) => id),
    answering: seen.filter((endpoint) => answers(endpoint, sources)).length,
  };
}
