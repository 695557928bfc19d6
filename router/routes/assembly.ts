import { settleClashes, type SettledEndpoint } from './clashes.ts';
import type { TaskDraft } from './draft.ts';
import type { Endpoint, EndpointId, Lane, TcpLane } from './endpoint.ts';
import { assignPorts } from './port_assignment.ts';
import type { PortPool } from './port_pool.ts';
import type { StaticRouteRule } from './static_routes.ts';
import { EMPTY_TABLE, type RouteTable, type StaticRoute } from './table.ts';

/** One running task with its endpoints as they are routed. */
export interface RoutedTask {
  readonly draft: TaskDraft;
  readonly endpoints: readonly Endpoint[];
}

/** What one pass over all tasks makes. */
export interface Assembly {
  readonly tasks: ReadonlyMap<string, RoutedTask>;
  readonly table: Pick<
    RouteTable,
    'endpoints' | 'labels' | 'ports' | 'staticPaths' | 'staticHosts'
  >;
  /** How many endpoints wait for a free port. */
  readonly portless: number;
}

export interface AssemblyParts {
  /** Undefined while TCP is off. */
  readonly pool: PortPool | undefined;
  readonly leading: boolean;
  readonly staticRules: readonly StaticRouteRule[];
}

const EXHAUSTED = 'every port of the TCP range is in use';

function sameLane(a: Lane | undefined, b: Lane | undefined): boolean {
  if (a === undefined || b === undefined || a.state !== b.state) return a === b;
  if (a.state === 'open' && b.state === 'open') {
    return a.upstream.address === b.upstream.address && a.upstream.port === b.upstream.port;
  }
  return a.state !== 'refused' || b.state !== 'refused' || a.reason === b.reason;
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.task === b.task &&
    a.label === b.label &&
    a.tcp?.port === b.tcp?.port &&
    a.tcp?.proxyHeader === b.tcp?.proxyHeader &&
    sameLane(a.http, b.http) &&
    sameLane(a.tcp, b.tcp)
  );
}

function sameTask(a: RoutedTask, b: RoutedTask): boolean {
  return (
    a.draft === b.draft && a.endpoints.every((endpoint, index) => endpoint === b.endpoints[index])
  );
}

/** Lane and port together. A follower's open lane may still be without a port: the leader has not answered yet. */
function withPort(
  lane: Lane | undefined,
  { port, proxyHeader }: Required<Pick<TcpLane, 'port' | 'proxyHeader'>>,
  leading: boolean,
) {
  if (lane === undefined) return undefined;
  const exhausted = leading && lane.state === 'open' && port === undefined;
  const tcp: TcpLane = exhausted
    ? { state: 'refused', reason: EXHAUSTED, port, proxyHeader }
    : { ...lane, port, proxyHeader };
  return { tcp, exhausted };
}

function toStaticRoute(
  rule: StaticRouteRule,
  endpoints: readonly Endpoint[],
  asked: ReadonlySet<string>,
): StaticRoute {
  const pending = rule.enabled && asked.has(rule.name) ? 'pending' : 'not in use';
  return { ...rule, endpoints, status: endpoints.length > 0 ? 'routing' : pending };
}

export const NOTHING_ROUTED: Assembly = { tasks: new Map(), table: EMPTY_TABLE, portless: 0 };

/** Makes one table of all tasks. Tasks and endpoints that did not change stay the objects that they were. */
export async function assemble(
  drafts: Iterable<TaskDraft>,
  previous: Assembly,
  { pool, leading, staticRules }: AssemblyParts,
): Promise<Assembly> {
  const settled = settleClashes(drafts, staticRules);
  if (pool !== undefined) await assignPorts(settled, pool, leading);

  const tasks = new Map<string, RoutedTask>();
  const endpoints = new Map<EndpointId, Endpoint>();
  const labels = new Map<string, Endpoint>();
  const ports = new Map<number, Endpoint>();
  const serving = new Map<string, Endpoint[]>();
  const asked = new Set<string>();
  let portless = 0;

  const enter = ({ draft, task, http, tcp: lane }: SettledEndpoint): Endpoint => {
    const { id, name, label } = draft;
    const given = { port: pool?.held(id), proxyHeader: draft.tcp?.proxyHeader ?? false };
    const { tcp, exhausted = false } = withPort(lane, given, leading) ?? {};
    if (exhausted) portless += 1;
    const made: Endpoint = { id, name, label, task, http, tcp };
    const before = previous.table.endpoints.get(id);
    const endpoint = before !== undefined && sameEndpoint(before, made) ? before : made;

    endpoints.set(id, endpoint);
    if (label !== undefined) labels.set(label, endpoint);
    if (tcp?.state === 'open' && tcp.port !== undefined) ports.set(tcp.port, endpoint);
    const route = draft.http?.staticRoute;
    if (route !== undefined) {
      asked.add(route);
      if (http?.state === 'open') serving.set(route, [...(serving.get(route) ?? []), endpoint]);
    }
    return endpoint;
  };
  for (const task of settled) {
    const { id } = task.draft.task;
    const made = { draft: task.draft, endpoints: task.endpoints.map(enter) };
    const before = previous.tasks.get(id);
    tasks.set(id, before !== undefined && sameTask(before, made) ? before : made);
  }

  const statics = (type: StaticRoute['type']): ReadonlyMap<string, StaticRoute> =>
    new Map(
      staticRules
        .filter((rule) => rule.type === type)
        .map((rule) => [rule.match, toStaticRoute(rule, serving.get(rule.name) ?? [], asked)]),
    );
  const staticPaths = statics('path');
  const staticHosts = statics('subdomain');
  return { tasks, table: { endpoints, labels, ports, staticPaths, staticHosts }, portless };
}
