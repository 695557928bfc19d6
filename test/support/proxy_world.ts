import { Registry } from 'prom-client';
import type { Admitted, Decision, Gate } from '../../router/auth/gate/decision.ts';
import type { GateRequest } from '../../router/auth/identity/request.ts';
import type { Identity } from '../../router/auth/identity/identity.ts';
import { Activity } from '../../router/activity/activity.ts';
import { createProxyServer } from '../../router/server.ts';
import type { ProxyServer, ProxyServerDeps } from '../../router/server.ts';
import type { Endpoint, Route } from '../../router/routes/model/endpoint.ts';
import type { RouteSource, StaticRoute } from '../../router/routes/model/table.ts';
import { createLog } from '../../router/telemetry/log.ts';
import { createMetrics } from '../../router/telemetry/metrics.ts';
import type { Metrics } from '../../router/telemetry/metrics.ts';
import { runningTask, shownRoutes } from './shown_routes.ts';
import type { ShownRoutes } from './shown_routes.ts';

/** Ids of the tasks that tests speak of. */
export const TASK_A = 'a'.repeat(32);
export const TASK_B = 'b'.repeat(32);
/** Name and value of the cookie that the stand-in gate lets in. */
export const COOKIE_NAME = 'clearml_token';
export const COOKIE = `${COOKIE_NAME}=good.token.of-alice`;

export const ALICE: Identity = {
  userId: 'alice',
  userName: 'Alice Liddell',
  companyId: 'acme',
  role: 'user',
  tokenKey: 'k1',
  expiresAt: Infinity,
  token: 'good.token.of-alice',
};

/** An endpoint whose task listens for HTTP on `port` of loopback. */
export function httpEndpoint(
  port: number,
  id: string = TASK_A,
  lane: Route = { state: 'open', upstream: { address: '127.0.0.1', family: 4, port } },
): Endpoint {
  const name = id.includes('__') ? id.slice(34) : undefined;
  return {
    id,
    name,
    label: name === undefined ? id : `${id.slice(0, 32)}--${name.toLowerCase()}`,
    access: undefined,
    task: runningTask(id),
    http: lane,
    tcp: undefined,
  };
}

/**
 * A stand-in for the gate: the cookie or the same text as a Bearer token lets Alice in, everything else is answered as the real
 * gate answers. It remembers what it was asked and lets a test withdraw the right to what is open.
 */
export interface StandInGate extends Gate {
  readonly asked: GateRequest[];
  readonly withdraw: () => void;
  readonly held: () => number;
  /** Whether answers come at once or as promises. */
  patient: boolean;
}

export function standInGate(routes: RouteSource): StandInGate {
  const ends = new Set<() => void>();
  const asked: GateRequest[] = [];
  const decide = (request: GateRequest): Decision => {
    const credentials = new Map<string, string>();
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      const name = (request.rawHeaders[index] ?? '').toLowerCase();
      credentials.set(name, request.rawHeaders[index + 1] ?? '');
    }
    const bearer = credentials.get('authorization') === `Bearer ${ALICE.token}`;
    const cookie = credentials.get('cookie')?.includes(COOKIE) ?? false;
    if (!bearer && !cookie) {
      return { outcome: 'denied', status: 401, reason: 'no-token' };
    }
    const endpoint =
      request.target.kind === 'static'
        ? request.target.route.endpoints[0]
        : routes.current().endpoints.get(request.target.id);
    if (endpoint === undefined) {
      return { outcome: 'denied', status: 404, reason: 'unknown-endpoint', identity: ALICE };
    }
    return {
      outcome: 'admitted',
      endpoint,
      route: request.target.kind === 'static' ? request.target.route : undefined,
      access: 'visible',
      identity: ALICE,
      credential: cookie ? 'cookie' : 'bearer',
      stripAuthorization: bearer,
    };
  };
  const gate: StandInGate = {
    asked,
    patient: false,
    admit: (request) => {
      asked.push(request);
      const decision = decide(request);
      return gate.patient ? Promise.resolve(decision) : decision;
    },
    hold: (_admitted: Admitted, end) => {
      const ending = (): void => end('token-revoked');
      ends.add(ending);
      return () => ends.delete(ending);
    },
    withdraw: () => {
      for (const end of ends) end();
    },
    held: () => ends.size,
  };
  return gate;
}

export interface ProxyWorld {
  readonly proxy: ProxyServer;
  readonly port: number;
  readonly gate: StandInGate;
  readonly routes: ShownRoutes;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** Parsed lines of the access log. */
  readonly access: Record<string, unknown>[];
  /** The same as they were written. */
  readonly accessLines: string[];
  readonly logLines: string[];
  readonly close: () => Promise<void>;
}

/** A proxy on a free port of loopback, with stand-ins for the gate and the routes. */
export async function startProxy(
  endpoints: readonly Endpoint[],
  changes: Partial<ProxyServerDeps> = {},
  statics: readonly StaticRoute[] = [],
): Promise<ProxyWorld> {
  const routes = shownRoutes();
  const gate = standInGate(routes);
  const access: Record<string, unknown>[] = [];
  const accessLines: string[] = [];
  const logLines: string[] = [];
  const metrics = createMetrics(new Registry());
  const activity = new Activity(routes);
  const proxy = createProxyServer({
    settings: {
      origin: 'http://router.test',
      wildcardHost: 'w.router.test',
      pathForm: true,
      isTrustedProxy: undefined,
      secureCookies: false,
    },
    routes,
    gate,
    pages: [],
    tunnel: undefined,
    credentialCookies: () => [COOKIE_NAME, 'router_session', '__Host-router_session'],
    log: createLog('debug', { write: (line) => logLines.push(line) }),
    accessLog: {
      write: (line) => {
        accessLines.push(line);
        access.push(JSON.parse(line) as Record<string, unknown>);
      },
    },
    metrics,
    activity,
    ...changes,
  });
  routes.show(endpoints, statics);
  const port = await proxy.listen(0, '127.0.0.1');
  return {
    proxy,
    port,
    gate,
    routes,
    metrics,
    activity,
    access,
    accessLines,
    logLines,
    close: () => proxy.close(),
  };
}
