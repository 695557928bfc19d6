import type { ConnectionLimits } from '../../../router/proxy/connection_limits.ts';
import type { Endpoint, Upstream } from '../../../router/routes/endpoint.ts';
import { EMPTY_TABLE, type RouteSource, type RouteTable } from '../../../router/routes/table.ts';

/** Limits that no test reaches unless it means to. */
export const AMPLE: ConnectionLimits = { total: 50_000, perPlace: 50_000, perClient: undefined };

/** An endpoint whose task listens for TCP on `port` of loopback, reached from outside by `external`. */
export function tcpEndpoint(options: {
  readonly port: number;
  readonly external: number | undefined;
  readonly address?: string;
  readonly id?: string;
  readonly startedAt?: number;
  /** The task asked for a PROXY header. */
  readonly proxyHeader?: boolean;
}): Endpoint {
  const id = options.id ?? 'a'.repeat(32);
  const upstream: Upstream = {
    address: options.address ?? '127.0.0.1',
    family: 4,
    port: options.port,
  };
  return {
    id,
    name: undefined,
    label: undefined,
    task: {
      id: id.slice(0, 32),
      name: 'a task',
      type: 'application',
      projectName: 'a project',
      userId: 'alice',
      companyId: 'acme',
      queueId: undefined,
      startedAt: options.startedAt ?? 1,
    },
    http: undefined,
    tcp: {
      state: 'open',
      upstream,
      port: options.external,
      proxyHeader: options.proxyHeader ?? false,
    },
  };
}

/** A route source whose tables the test makes. */
export interface TestRoutes extends RouteSource {
  readonly show: (...endpoints: readonly Endpoint[]) => void;
}

export function testRoutes(...endpoints: readonly Endpoint[]): TestRoutes {
  const listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();
  let table = tableOf(1, endpoints);
  return {
    current: () => table,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show: (...next) => {
      const previous = table;
      table = tableOf(previous.version + 1, next);
      for (const listener of listeners) listener(table, previous);
    },
  };
}

function tableOf(version: number, endpoints: readonly Endpoint[]): RouteTable {
  return {
    ...EMPTY_TABLE,
    version,
    confirmedAt: Date.now(),
    endpoints: new Map(endpoints.map((endpoint) => [endpoint.id, endpoint])),
    ports: new Map(
      endpoints.flatMap((endpoint) =>
        endpoint.tcp?.state === 'open' && endpoint.tcp.port !== undefined
          ? [[endpoint.tcp.port, endpoint] as const]
          : [],
      ),
    ),
  };
}
