import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { runningTask, shownRoutes } from './shown_routes.ts';
import type { ConnectionLimits } from '../../router/tcp/connection_limits.ts';
import type { Endpoint, Upstream } from '../../router/routes/model/endpoint.ts';
import type { RouteSource } from '../../router/routes/model/table.ts';

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
    access: undefined,
    task: runningTask(id, options.startedAt),
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
  const { current, subscribe, show } = shownRoutes();
  show(endpoints);
  return { current, subscribe, show: (...next) => show(next) };
}

/** A task's TCP server on loopback, whose connections the test handles. */
export async function startTcpTask(
  handle: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
