import type { Endpoint, Task } from '../../router/routes/model/endpoint.ts';
import { EMPTY_TABLE } from '../../router/routes/model/table.ts';
import type { RouteSource, RouteTable, StaticRoute } from '../../router/routes/model/table.ts';

/** The task of an endpoint of this id, as ClearML tells of it. */
export function runningTask(endpointId: string, startedAt = 1): Task {
  return {
    id: endpointId.slice(0, 32),
    name: 'a task',
    type: 'application',
    projectName: 'a project',
    userId: 'alice',
    companyId: 'acme',
    queueId: undefined,
    startedAt,
  };
}

/** A route source whose tables the test makes. */
export interface ShownRoutes extends RouteSource {
  readonly show: (endpoints: readonly Endpoint[], statics?: readonly StaticRoute[]) => void;
}

export function shownRoutes(): ShownRoutes {
  const listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();
  let table: RouteTable = EMPTY_TABLE;
  return {
    current: () => table,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show: (endpoints, statics = []) => {
      const previous = table;
      table = {
        ...EMPTY_TABLE,
        version: previous.version + 1,
        confirmedAt: Date.now(),
        endpoints: new Map(endpoints.map((endpoint) => [endpoint.id, endpoint])),
        labels: new Map(
          endpoints.flatMap((endpoint) =>
            endpoint.label === undefined ? [] : [[endpoint.label, endpoint] as const],
          ),
        ),
        ports: new Map(
          endpoints.flatMap((endpoint) =>
            endpoint.tcp?.state === 'open' && endpoint.tcp.port !== undefined
              ? [[endpoint.tcp.port, endpoint] as const]
              : [],
          ),
        ),
        staticPaths: new Map(
          statics.filter(({ type }) => type === 'path').map((route) => [route.match, route]),
        ),
        staticHosts: new Map(
          statics.filter(({ type }) => type === 'subdomain').map((route) => [route.match, route]),
        ),
      };
      for (const listener of listeners) listener(table, previous);
    },
  };
}
