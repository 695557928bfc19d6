import type { TestContext } from 'node:test';
import { createClearMl } from '../../router/clearml/client.ts';
import type { ClearMl } from '../../router/clearml/clearml.ts';
import type { EndpointId } from '../../router/grammar/endpoint_id.ts';
import { createRoutes } from '../../router/routes/create_routes.ts';
import type { MigrationRecord } from '../../router/routes/claims/migrate.ts';
import { ALONE, type Leadership } from '../../router/routes/leader.ts';
import type { NoPort } from '../../router/routes/ports/barred.ts';
import type { PortBinder } from '../../router/routes/ports/port_binder.ts';
import type { Routes } from '../../router/routes/routes.ts';
import type { RouteTable } from '../../router/routes/model/table.ts';
import type { TaskPods } from '../../router/routes/asks/task_pods.ts';
import { readSettings } from '../../router/settings/settings.ts';
import { createLog, type Log } from '../../router/telemetry/log.ts';
import { createMetrics, createRegistry, type Metrics } from '../../router/telemetry/metrics.ts';
import type { ClearMlOptions } from '../lab/clearml/options.ts';
import type { Runtime } from '../lab/clearml/records.ts';
import { credentials } from '../lab/clearml/seed.ts';
import { startClearMl, type ClearMl as Server } from '../lab/clearml/server.ts';

/** Keys that are derived from secrets, the first of which stamps. */
export function stampKeys(...secrets: readonly string[]): () => readonly Uint8Array[] {
  const keys = secrets.map((secret) => Buffer.from(secret));
  return () => keys;
}

/** Log lines are kept, not printed. */
export function keepLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLog('debug', { write: (line) => lines.push(line) }), lines };
}

/** A server that ends with the test. */
export async function serve(t: TestContext, options?: ClearMlOptions): Promise<Server> {
  const server = await startClearMl(options);
  t.after(() => server.stop());
  return server;
}

/** The router's client of a server; ends with the test. */
export function connect(t: TestContext, server: Server, timeout?: number): ClearMl {
  const clearml = createClearMl({
    apiHost: server.url,
    ...credentials.router,
    sslVerify: true,
    log: keepLog().log,
    timeout,
    environment: {},
  });
  t.after(clearml.close);
  return clearml;
}

/** A port binder that binds everything but the ports of `taken`. */
export function binder(taken: ReadonlySet<number> = new Set()) {
  const bound = new Set<number>();
  return {
    bound,
    claim: (port: number) => {
      if (!taken.has(port)) bound.add(port);
      return Promise.resolve(!taken.has(port));
    },
    release: (port: number) => void bound.delete(port),
  } satisfies PortBinder & { bound: Set<number> };
}

export interface RouterOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly leadership?: Leadership;
  readonly ports?: PortBinder;
  readonly kubernetesHost?: string;
  readonly taskPods?: TaskPods;
  readonly stampKeys?: () => readonly Uint8Array[];
  readonly migration?: MigrationRecord;
  readonly noPort?: NoPort;
  readonly usedAt?: (id: EndpointId) => number;
  readonly needsOwners?: () => boolean;
  /** Milliseconds per API call. */
  readonly timeout?: number;
}

/** Routes that look at a server; not yet started. They stop with the test, or by `stop`. */
export interface Router {
  readonly routes: Routes;
  readonly lines: string[];
  readonly metrics: Metrics;
  /** Resolves with the first table for which `accept` holds; swaps and confirmations alike. */
  readonly until: (accept: (table: RouteTable) => boolean, what?: string) => Promise<RouteTable>;
  /** Stops at once and for good, as a killed process does: what was under way is not waited for. */
  readonly stop: () => Promise<void>;
}

const LONGEST_WAIT = 8_000;

/** Polls quickly: there is nothing to subscribe to for a state that is only confirmed. */
export async function eventually(
  accept: () => boolean,
  what = 'what was awaited',
  longest = LONGEST_WAIT,
): Promise<void> {
  const end = performance.now() + longest;
  while (!accept()) {
    if (performance.now() > end) throw new Error(`${what} did not come`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

export function route(t: TestContext, server: Server, options: RouterOptions = {}): Router {
  const { log, lines } = keepLog();
  const metrics = createMetrics(createRegistry());
  const settings = readSettings({
    ROUTER_URL: 'https://router.example.com',
    CLEARML_API_HOST: server.url,
    CLEARML_API_ACCESS_KEY: credentials.router.accessKey,
    CLEARML_API_SECRET_KEY: credentials.router.secretKey,
    AUTH_BASE64_JWKS_KEY: server.signingKey.raw,
    TASK_NETWORKS: '10.0.0.0/8,fd12::/16',
    TCP_ROUTER_ADDRESS: '203.0.113.7',
    TCP_PORT_START: '21000',
    TCP_PORT_END: '21003',
    POLL_INTERVAL: '0.05',
    HTTP_PORT: '0',
    ADMIN_PORT: '0',
    ...options.environment,
  });
  const clearml = createClearMl({
    apiHost: server.url,
    ...credentials.router,
    sslVerify: true,
    log,
    timeout: options.timeout,
    environment: {},
  });
  const routes = createRoutes({
    settings,
    clearml,
    log,
    metrics,
    leadership: options.leadership ?? ALONE,
    ports: options.ports ?? binder(),
    kubernetesHost: options.kubernetesHost,
    taskPods: options.taskPods,
    stampKeys: options.stampKeys ?? stampKeys('a secret'),
    migration: options.migration,
    noPort: options.noPort,
    usedAt: options.usedAt,
    needsOwners: options.needsOwners,
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    clearml.close();
    stopping ??= routes.stop();
    return stopping;
  };
  t.after(stop);
  return {
    routes,
    lines,
    metrics,
    stop,
    until: async (accept, what) => {
      await eventually(() => accept(routes.current()), what);
      return routes.current();
    },
  };
}

/** The runtime of a task as it stands on the server. */
export function runtimeOf(server: Server, taskId: string): Runtime {
  return server.state.task(taskId)?.runtime ?? {};
}

/** How often a call was made so far. */
export function count(server: Server, ...names: readonly string[]): number {
  return names.reduce((sum, call) => sum + server.calls.count({ call }), 0);
}
