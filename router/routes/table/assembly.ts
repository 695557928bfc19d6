import { settleClashes, type ClashRules, type SettledEndpoint } from '../claims/clashes.ts';
import {
  toGrant,
  type EndpointGrants,
  type Grant,
  type GrantRules,
  type Grants,
} from '../claims/grants.ts';
import type { StampContent } from '../asks/stamp.ts';
import type { TaskDraft } from '../asks/draft.ts';
import {
  sameUpstream,
  sameWebOptions,
  type Endpoint,
  type HttpRoute,
  type Route,
  type TcpRoute,
} from '../model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import { assignPorts, type PortLimits } from '../ports/port_assignment.ts';
import { barredFrom, withoutPort, type NoPort } from '../ports/barred.ts';
import type { PortPool } from '../ports/port_pool.ts';
import type { StaticRouteRule } from '../static/static_routes.ts';
import { EMPTY_TABLE, type RouteTable, type StaticRoute } from '../model/table.ts';

/** One running task with its endpoints as they are routed. */
export interface RoutedTask {
  readonly draft: TaskDraft;
  readonly endpoints: readonly Endpoint[];
  /** What the endpoints were granted, in the same order. */
  readonly grants: readonly EndpointGrants[];
}

/** What one pass over all tasks makes. */
export interface Assembly {
  readonly tasks: ReadonlyMap<string, RoutedTask>;
  readonly table: Pick<
    RouteTable,
    'endpoints' | 'labels' | 'ports' | 'staticPaths' | 'staticHosts'
  >;
  readonly grants: Grants;
  /** Endpoints that wait for a free port of the range, the longest first. */
  readonly portless: ReadonlySet<EndpointId>;
  /** Some endpoint could not have its port yet; another pass may do better though ClearML says nothing new. */
  readonly unfinished: boolean;
}

export interface AssemblyParts extends GrantRules {
  /** Undefined while TCP is off. */
  readonly pool: PortPool | undefined;
  readonly limits: PortLimits;
  readonly noPort: NoPort | undefined;
  readonly staticRules: readonly StaticRouteRule[];
  readonly mayServe: ClashRules['mayServe'];
  /** The ids of those whom a static route lets in by name. */
  readonly people: (rule: StaticRouteRule) => readonly string[] | undefined;
}

function sameRoute(a: Route | undefined, b: Route | undefined): boolean {
  if (a === undefined || b === undefined || a.state !== b.state) return a === b;
  if (a.state === 'open' && b.state === 'open') return sameUpstream(a.upstream, b.upstream);
  return a.state !== 'refused' || b.state !== 'refused' || a.reason === b.reason;
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.task === b.task &&
    a.label === b.label &&
    a.access === b.access &&
    a.unknownAccess === b.unknownAccess &&
    sameWebOptions(a.http, b.http) &&
    a.tcp?.port === b.tcp?.port &&
    a.tcp?.noPort === b.tcp?.noPort &&
    a.tcp?.proxyHeader === b.tcp?.proxyHeader &&
    sameRoute(a.http, b.http) &&
    sameRoute(a.tcp, b.tcp)
  );
}

function sameTask(a: RoutedTask, b: RoutedTask): boolean {
  return (
    a.draft === b.draft &&
    a.endpoints.every((endpoint, index) => endpoint === b.endpoints[index]) &&
    a.grants.every((grant, index) => grant === b.grants[index])
  );
}

/** Route and port together. A follower's open route may still be without a port: the leader has not answered yet. */
function withPort(
  route: Route | undefined,
  rest: Required<Pick<TcpRoute, 'port' | 'proxyHeader'>> & Pick<TcpRoute, 'noPort'>,
  refusal: string | undefined,
): TcpRoute | undefined {
  if (route === undefined) return undefined;
  return refusal === undefined
    ? { ...route, ...rest }
    : { state: 'refused', reason: refusal, ...rest };
}

function toStaticRoute(
  rule: StaticRouteRule,
  people: readonly string[] | undefined,
  endpoints: readonly Endpoint[],
  asked: ReadonlySet<string>,
): StaticRoute {
  const pending = rule.enabled && asked.has(rule.name) ? 'pending' : 'not in use';
  return { ...rule, people, endpoints, status: endpoints.length > 0 ? 'routing' : pending };
}

export const NOTHING_ROUTED: Assembly = {
  tasks: new Map(),
  table: EMPTY_TABLE,
  grants: new Map(),
  portless: new Set(),
  unfinished: false,
};

const NO_PORTS = {
  refusals: new Map<EndpointId, string>(),
  portless: new Set<EndpointId>(),
  unfinished: false,
};

/** An app that keeps its prefix has the one of the URL that it was answered: that of its static route. */
function onItsRoute(
  http: HttpRoute | undefined,
  rule: StaticRouteRule | undefined,
): HttpRoute | undefined {
  if (http?.basePath === undefined || rule === undefined) return http;
  return { ...http, basePath: rule.type === 'path' ? `/${rule.match}` : '' };
}

/** What one endpoint is granted now; the same object as before while nothing of it changed. */
function grantsOf(
  { draft, http, tcp }: SettledEndpoint,
  port: number | undefined,
  before: EndpointGrants | undefined,
  rules: GrantRules,
): EndpointGrants {
  const give = (
    route: Route | undefined,
    asked: Pick<Grant, 'staticRoute' | 'port'>,
    kept: Grant | undefined,
    stamp: StampContent | undefined,
  ): Grant | undefined =>
    route?.state === 'open'
      ? toGrant({ ...asked, upstream: route.upstream }, kept, stamp, rules)
      : undefined;
  const staticRoute = draft.http?.staticRoute ?? '';
  const made = {
    http: give(http, { staticRoute, port: undefined }, before?.http, draft.http?.stamp),
    tcp: give(tcp, { staticRoute: '', port }, before?.tcp, draft.tcp?.stamp),
  };
  return before !== undefined && made.http === before.http && made.tcp === before.tcp
    ? before
    : made;
}

/** Makes one table of all tasks. Tasks and endpoints that did not change stay the objects that they were. */
export async function assemble(
  drafts: Iterable<TaskDraft>,
  previous: Assembly,
  parts: AssemblyParts,
): Promise<Assembly> {
  const { pool, staticRules } = parts;
  const granted = previous.grants;
  const settled = settleClashes(drafts, { ...parts, granted });
  const barred = barredFrom(settled, pool && parts.noPort);
  const assigned =
    pool === undefined
      ? NO_PORTS
      : await assignPorts(settled, { ...parts, pool, granted, barred, waited: previous.portless });
  // One time for all that is granted in this pass: no two of it can be of one address or port.
  let issued: number | undefined;
  const rules: GrantRules = { ...parts, issue: () => (issued ??= parts.issue()) };

  const tasks = new Map<string, RoutedTask>();
  const endpoints = new Map<EndpointId, Endpoint>();
  const labels = new Map<string, Endpoint>();
  const ports = new Map<number, Endpoint>();
  const serving = new Map<string, Endpoint[]>();
  const asked = new Set<string>();
  const rulesByName = new Map(staticRules.map((rule) => [rule.name as string | undefined, rule]));
  const grants = new Map<EndpointId, EndpointGrants>();

  const enter = (entry: SettledEndpoint): Endpoint => {
    const { draft, http } = entry;
    const { id, label } = draft;
    const noPort = barred.get(id);
    const route = draft.http?.staticRoute;
    const given = {
      port: pool?.held(id),
      ...(noPort === undefined ? {} : { noPort }),
      proxyHeader: draft.tcp?.proxyHeader ?? false,
    };
    const tcp = withPort(entry.tcp, given, assigned.refusals.get(id));
    grants.set(id, grantsOf(entry, given.port, granted.get(id), rules));
    const alone = withoutPort(entry);
    const made: Endpoint = { ...alone, http: onItsRoute(alone.http, rulesByName.get(route)), tcp };
    const before = previous.table.endpoints.get(id);
    const endpoint = before !== undefined && sameEndpoint(before, made) ? before : made;

    endpoints.set(id, endpoint);
    if (label !== undefined) labels.set(label, endpoint);
    if (tcp?.state === 'open' && tcp.port !== undefined) ports.set(tcp.port, endpoint);
    if (route !== undefined) {
      asked.add(route);
      if (http?.state !== 'open') return endpoint;
      const others = serving.get(route);
      if (others === undefined) serving.set(route, [endpoint]);
      else others.push(endpoint);
    }
    return endpoint;
  };
  for (const task of settled) {
    const { id } = task.draft.task;
    const made: RoutedTask = {
      draft: task.draft,
      endpoints: task.endpoints.map(enter),
      grants: task.endpoints.map(({ draft }) => grants.get(draft.id) ?? {}),
    };
    const before = previous.tasks.get(id);
    tasks.set(id, before !== undefined && sameTask(before, made) ? before : made);
  }

  const statics = (type: StaticRoute['type']): ReadonlyMap<string, StaticRoute> =>
    new Map(
      staticRules
        .filter((rule) => rule.type === type)
        .map((rule) => {
          const endpoints = serving.get(rule.name) ?? [];
          return [rule.match, toStaticRoute(rule, parts.people(rule), endpoints, asked)];
        }),
    );
  const staticPaths = statics('path');
  const staticHosts = statics('subdomain');
  const table = { endpoints, labels, ports, staticPaths, staticHosts };
  const { portless, unfinished } = assigned;
  return { tasks, table, grants, portless, unfinished };
}
