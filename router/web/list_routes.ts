import type { Identity } from '../auth/identity.ts';
import type { Endpoint, EndpointId, Lane, TcpLane } from '../routes/endpoint.ts';
import type { RoutesState } from '../routes/routes.ts';
import { staticRouteUrl } from '../routes/static_routes.ts';
import type { RouteTable, StaticRoute } from '../routes/table.ts';
import type { RouterUrl } from '../settings/values.ts';
import type {
  ListedAdministration,
  ListedEndpoint,
  ListedHttpLane,
  ListedStaticRoute,
  ListedTcpLane,
  Listing,
} from './listing.ts';

/** What the URLs of a listing are made of. */
export interface Places {
  readonly router: RouterUrl;
  readonly wildcardHost: string | undefined;
  readonly tcpAddress: string | undefined;
  readonly clearmlWebUrl: string | undefined;
}

/** ClearML's roles that manage a company, and those that manage the server. */
const COMPANY_ROLES: ReadonlySet<string> = new Set(['admin', 'superuser']);
const SERVER_ROLES: ReadonlySet<string> = new Set(['root', 'system']);

/** Whether the listing carries what concerns the router itself. Without authentication everybody may see everything. */
function administers(identity: Identity | undefined): boolean {
  if (identity === undefined) return true;
  return COMPANY_ROLES.has(identity.role) || SERVER_ROLES.has(identity.role);
}

/** The endpoints that somebody sees by his role, whatever ClearML says of the single task: his company's, or all. */
export function seesByRole(identity: Identity | undefined, endpoint: Endpoint): boolean {
  if (identity === undefined || SERVER_ROLES.has(identity.role)) return true;
  return COMPANY_ROLES.has(identity.role) && endpoint.task.companyId === identity.companyId;
}

/** @param visible the endpoints that this user may see. */
export function listRoutes(
  table: RouteTable,
  state: RoutesState,
  visible: ReadonlySet<EndpointId>,
  identity: Identity | undefined,
  places: Places,
): Listing {
  const seen = [...table.endpoints.values()].filter(({ id }) => visible.has(id));
  const routes = [...table.staticPaths.values(), ...table.staticHosts.values()];
  return {
    user: identity === undefined ? null : { id: identity.userId, name: identity.userName },
    confirmedAt: instant(table.confirmedAt),
    stale: table.stale,
    endpoints: seen
      .toSorted((a, b) => b.task.startedAt - a.task.startedAt || (a.id < b.id ? -1 : 1))
      .map((endpoint) => listEndpoint(endpoint, places)),
    staticRoutes: routes
      .filter((route) => route.enabled && concerns(route, visible))
      .map((route) => listStaticRoute(route, visible, places)),
    administration: administers(identity) ? listAdministration(state, table) : null,
  };
}

/** A route that serves nobody's task yet is nobody's secret; one that serves another user's task is that user's. */
function concerns(route: StaticRoute, visible: ReadonlySet<EndpointId>): boolean {
  if (route.access !== 'task' || route.endpoints.length === 0) return true;
  return route.endpoints.some(({ id }) => visible.has(id));
}

function listEndpoint(endpoint: Endpoint, places: Places): ListedEndpoint {
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
      startedAt: instant(task.startedAt),
      url: web === undefined ? null : `${web}/projects/*/experiments/${task.id}/output/log`,
    },
    http: http === undefined ? null : listHttp(http, endpoint, places),
    tcp: tcp === undefined ? null : listTcp(tcp, endpoint, places),
  };
}

function listHttp(lane: Lane, endpoint: Endpoint, places: Places): ListedHttpLane {
  const open = lane.state === 'open';
  const path = pathUrl(endpoint, places);
  return {
    ...stateOf(lane),
    url: open ? (wildcardUrl(endpoint, places) ?? path) : null,
    pathUrl: open ? path : null,
  };
}

function listTcp(lane: TcpLane, endpoint: Endpoint, places: Places): ListedTcpLane {
  const open = lane.state === 'open';
  const port = open && places.tcpAddress !== undefined ? (lane.port ?? null) : null;
  return {
    ...stateOf(lane),
    address: port === null ? null : (places.tcpAddress ?? null),
    port,
    tunnelUrl: open ? pathUrl(endpoint, places).replace(/^http/, 'ws') : null,
  };
}

function stateOf(lane: Lane): Pick<ListedHttpLane, 'state' | 'reason'> {
  return { state: lane.state, reason: lane.state === 'refused' ? lane.reason : null };
}

function pathUrl(endpoint: Endpoint, { router }: Places): string {
  return `${router.origin}/service/${endpoint.id}/`;
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

function listAdministration(state: RoutesState, table: RouteTable): ListedAdministration {
  return {
    leader: state.leader,
    clearmlError: state.lastError ?? null,
    portsLeft: state.portsLeft ?? null,
    problems: [...new Set([...state.problems, ...table.problems])],
  };
}

function instant(milliseconds: number): string | null {
  return milliseconds > 0 ? new Date(milliseconds).toISOString() : null;
}
