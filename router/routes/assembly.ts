import { serviceKey } from './address.ts';
import { byStart, type EndpointDraft, type TaskDraft } from './draft.ts';
import type { Endpoint, EndpointId, Lane, TcpLane } from './endpoint.ts';
import type { PortPool } from './port_pool.ts';
import type { StaticRouteRule } from './static_routes.ts';
import type { RouteTable, StaticRoute } from './table.ts';

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
  /** Endpoints that wait for a free port. */
  readonly portless: readonly EndpointId[];
}

/** Who has an upstream, and which endpoints ask for a static route; filled in the order in which tasks started. */
interface Claims {
  readonly upstreams: Map<string, string>;
  readonly statics: Map<string, StaticClaim>;
}

interface StaticClaim {
  readonly rule: StaticRouteRule;
  readonly endpoints: Endpoint[];
  asked: boolean;
}

const EXHAUSTED = 'every port of the TCP range is in use';

/** Two tasks that name one address and port: the one that started first has the route. */
function claimUpstream(lane: Lane, taskId: string, claims: Claims): Lane {
  if (lane.state !== 'open') return lane;
  const { address, port } = lane.upstream;
  const key = serviceKey(address, port);
  const owner = claims.upstreams.get(key);
  if (owner === undefined) claims.upstreams.set(key, taskId);
  if (owner === undefined || owner === taskId) return lane;
  const reason = `${address} port ${port} already belongs to task ${owner}, which started first`;
  return { state: 'refused', reason };
}

function staticRefusal(name: string, claim: StaticClaim | undefined): string | undefined {
  if (claim === undefined) return `the static route "${name}" is not known to this router`;
  if (!claim.rule.enabled) return `the static route "${name}" is disabled`;
  const [first] = claim.endpoints;
  if (claim.rule.loadBalanced || first === undefined) return undefined;
  return `the static route "${name}" is served by task ${first.task.id}, which started first, and is not load balanced`;
}

function httpLane(draft: EndpointDraft, taskId: string, claims: Claims): Lane | undefined {
  if (draft.http === undefined) return undefined;
  const { staticRoute, ...lane } = draft.http;
  if (staticRoute !== undefined) {
    const claim = claims.statics.get(staticRoute);
    if (claim !== undefined) claim.asked = true;
    const reason = staticRefusal(staticRoute, claim);
    if (reason !== undefined) return { state: 'refused', reason };
  }
  return claimUpstream(lane, taskId, claims);
}

function tcpLane(
  draft: EndpointDraft,
  taskId: string,
  claims: Claims,
  port: number | undefined,
): TcpLane | undefined {
  if (draft.tcp === undefined) return undefined;
  const { answeredPort: _, ...lane } = draft.tcp;
  return { ...claimUpstream(lane, taskId, claims), port };
}

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
    sameLane(a.http, b.http) &&
    sameLane(a.tcp, b.tcp)
  );
}

function claimStatics(rules: readonly StaticRouteRule[]): Map<string, StaticClaim> {
  return new Map(rules.map((rule) => [rule.name, { rule, endpoints: [], asked: false }]));
}

function toStaticRoute({ rule, endpoints, asked }: StaticClaim): StaticRoute {
  const pending = asked && rule.enabled ? 'pending' : 'not in use';
  return { ...rule, endpoints, status: endpoints.length > 0 ? 'routing' : pending };
}

function staticsOf(claims: Claims, type: StaticRoute['type']): ReadonlyMap<string, StaticRoute> {
  const routes = [...claims.statics.values()].filter(({ rule }) => rule.type === type);
  return new Map(routes.map((claim) => [claim.rule.match, toStaticRoute(claim)]));
}

/**
 * Hands out ports. Everybody first gets back the port that was answered to him, those who started first before the others, so
 * that a restarted router takes no port from whom it belongs to; only then do new asks get new ones.
 *
 * @param leading only the leader hands out new ports; a follower takes them from the leader's answers.
 */
async function assignPorts(
  drafts: readonly TaskDraft[],
  pool: PortPool,
  leading: boolean,
): Promise<void> {
  const asking = drafts.flatMap(({ endpoints }) =>
    endpoints.filter(({ tcp }) => tcp !== undefined),
  );
  pool.retain(new Set(asking.map(({ id }) => id)));
  for (const { id, tcp } of asking) {
    const answered = tcp?.answeredPort;
    if (tcp?.state === 'open' && answered !== undefined && pool.held(id) !== answered) {
      await pool.restore(id, answered);
    }
  }
  if (!leading) return;
  for (const { id, tcp } of asking) {
    if (tcp?.state !== 'open' || pool.held(id) !== undefined) continue;
    if ((await pool.allocate(id)) === undefined) return;
  }
}

/** Makes one table of all tasks. Endpoints that did not change stay the objects that they were. */
export async function assemble(
  unordered: Iterable<TaskDraft>,
  previous: ReadonlyMap<EndpointId, Endpoint>,
  parts: {
    readonly pool: PortPool | undefined;
    readonly leading: boolean;
    readonly staticRoutes: readonly StaticRouteRule[];
  },
): Promise<Assembly> {
  const { pool, leading } = parts;
  const drafts = [...unordered].toSorted((a, b) => byStart(a.task, b.task));
  if (pool !== undefined) await assignPorts(drafts, pool, leading);

  const claims: Claims = { upstreams: new Map(), statics: claimStatics(parts.staticRoutes) };
  const tasks = new Map<string, RoutedTask>();
  const endpoints = new Map<EndpointId, Endpoint>();
  const labels = new Map<string, Endpoint>();
  const ports = new Map<number, Endpoint>();
  const portless: EndpointId[] = [];

  for (const draft of drafts) {
    const routed = draft.endpoints.map((part): Endpoint => {
      const { id, name, label } = part;
      const http = httpLane(part, draft.task.id, claims);
      const lane = tcpLane(part, draft.task.id, claims, pool?.held(id));
      const waits = leading && lane?.state === 'open' && lane.port === undefined;
      if (waits) portless.push(id);
      const tcp: TcpLane | undefined = waits
        ? { state: 'refused', reason: EXHAUSTED, port: undefined }
        : lane;
      const made: Endpoint = { id, name, label, task: draft.task, http, tcp };
      const before = previous.get(id);
      const endpoint = before !== undefined && sameEndpoint(before, made) ? before : made;

      endpoints.set(id, endpoint);
      if (label !== undefined) labels.set(label, endpoint);
      if (tcp?.state === 'open' && tcp.port !== undefined) ports.set(tcp.port, endpoint);
      if (http?.state === 'open' && part.http?.staticRoute !== undefined) {
        claims.statics.get(part.http.staticRoute)?.endpoints.push(endpoint);
      }
      return endpoint;
    });
    tasks.set(draft.task.id, { draft, endpoints: routed });
  }
  const staticPaths = staticsOf(claims, 'path');
  const staticHosts = staticsOf(claims, 'subdomain');
  return { tasks, table: { endpoints, labels, ports, staticPaths, staticHosts }, portless };
}
