import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoint, Upstream } from '../routes/endpoint.ts';
import type { RouteSource, RouteTable } from '../routes/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Activity } from './activity.ts';
import { TCP_OPTIONS, TcpConnection, type TcpSummary } from './tcp_connection.ts';
import { failureOfCode } from './upstream_failure.ts';

/** How many connections the TCP range carries at once. */
export interface TcpLimits {
  readonly perPort: number;
  readonly total: number;
}

/** Far above what a task's users open, below what the descriptors of a pod and 2 KiB a connection allow. */
export const TCP_LIMITS: TcpLimits = { perPort: 8_192, total: 32_768 };

/** What the listeners of the TCP range need from the router. */
export interface TcpListenersDeps {
  readonly routes: RouteSource;
  /** BIND_ADDRESS; undefined is every address, IPv4 and IPv6. */
  readonly bindAddress: string | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly limits?: TcpLimits;
  /** Milliseconds to connect to a task; 5,000 unless given. */
  readonly connectTimeout?: number;
}

/**
 * One listener per port of the TCP range that is claimed or in the route table, on every replica. `claim` and `release` are the
 * port pool's PortBinder: a port is handed out only when it could be bound here.
 */
export interface TcpListeners {
  /** Binds the port, and keeps it bound until `release`. False when it cannot be bound; the log says why. */
  readonly claim: (port: number) => Promise<boolean>;
  /** Gives the port up, with its open connections, unless the route table still names it. */
  readonly release: (port: number) => void;
  /** Ports of the route table that cannot be bound here, for readiness detail. */
  readonly unbound: () => readonly number[];
  readonly openConnections: () => number;
  /** Stops listening; open connections live on. Resolves when the last has ended, or after `grace` milliseconds, which resets the rest. */
  readonly drain: (grace: number) => Promise<void>;
}

/** A connection and the route that it was let in by. */
interface Carried {
  readonly connection: TcpConnection;
  readonly endpoint: Endpoint;
  readonly upstream: Upstream;
}

interface Listener {
  readonly server: Server;
  readonly bound: Promise<boolean>;
  claimed: boolean;
  readonly carried: Set<Carried>;
}

/** Follows the route table from the moment it is made. */
export function createTcpListeners(deps: TcpListenersDeps): TcpListeners {
  const { routes, log, metrics, activity } = deps;
  const limits = deps.limits ?? TCP_LIMITS;
  const connectTimeout = deps.connectTimeout ?? 5_000;
  const listeners = new Map<number, Listener>();
  let open = 0;
  let draining = false;
  let onIdle: (() => void) | undefined;

  const listen = (port: number, claimed: boolean): Listener => {
    const server = createServer({ ...TCP_OPTIONS, pauseOnConnect: true });
    const listener: Listener = {
      server,
      claimed,
      carried: new Set(),
      bound: new Promise((resolve) => {
        let listening = false;
        server.once('listening', () => {
          listening = true;
          resolve(true);
        });
        server.on('error', (error) => {
          if (listening) {
            // Out of descriptors, say: that connection is lost, the listener goes on.
            log.error({ event: 'tcp-accept-failed', port, reason: error.message }, 'not accepted');
            return;
          }
          listeners.delete(port);
          log.error({ event: 'tcp-port-unbound', port, reason: error.message }, 'port not bound');
          resolve(false);
        });
      }),
    };
    listeners.set(port, listener);
    server.on('connection', (socket) => accept(port, listener, socket));
    server.listen({ port, host: deps.bindAddress, backlog: 4_096, exclusive: true });
    return listener;
  };

  const close = (port: number, listener: Listener): void => {
    listeners.delete(port);
    listener.server.close();
    for (const carried of listener.carried) carried.connection.reset();
  };

  /** A connection that is not carried: reset, so that the client sees at once that nobody serves it. */
  const refuse = (socket: Socket, port: number, outcome: 'refused' | 'limited'): void => {
    metrics.tcpConnections.inc({ port, outcome });
    log.warn(
      { event: 'tcp-refused', port, client: clientOf(socket), reason: outcome },
      outcome === 'limited' ? 'too many connections' : 'no task serves this port',
    );
    socket.resetAndDestroy();
  };

  const accept = (port: number, listener: Listener, socket: Socket): void => {
    const endpoint = routes.current().ports.get(port);
    if (endpoint?.tcp?.state !== 'open') {
      refuse(socket, port, 'refused');
      return;
    }
    if (open >= limits.total || listener.carried.size >= limits.perPort) {
      refuse(socket, port, 'limited');
      return;
    }
    carry(port, listener, socket, endpoint, endpoint.tcp.upstream);
  };

  const carry = (
    port: number,
    listener: Listener,
    accepted: Socket,
    endpoint: Endpoint,
    upstream: Upstream,
  ): void => {
    const client = clientOf(accepted);
    const since = performance.now();
    const connection = TcpConnection.start({
      accepted,
      upstream,
      connectTimeout,
      preamble: undefined,
      onOpen: () => {
        metrics.tcpConnections.inc({ port, outcome: 'opened' });
        activity.reached('tcp', endpoint.id);
      },
      onClose: (summary) => {
        listener.carried.delete(carried);
        unfollow();
        metrics.openSockets.dec({ kind: 'tcp' });
        tell(summary, port, client, endpoint, upstream, performance.now() - since);
        open -= 1;
        if (open === 0) onIdle?.();
      },
    });
    if (connection === undefined) return;
    const carried: Carried = { connection, endpoint, upstream };
    listener.carried.add(carried);
    const unfollow = activity.follow('tcp', endpoint.id, () => connection.bytes);
    metrics.openSockets.inc({ kind: 'tcp' });
    open += 1;
  };

  const tell = (
    summary: TcpSummary,
    port: number,
    client: string,
    endpoint: Endpoint,
    upstream: Upstream,
    milliseconds: number,
  ): void => {
    if (summary.end === 'unreachable') {
      metrics.tcpConnections.inc({ port, outcome: 'unreachable' });
      activity.failed('tcp', endpoint.id, failureOfCode(summary.code ?? ''));
    }
    metrics.bytes.inc({ direction: 'in', kind: 'tcp' }, summary.bytesIn);
    metrics.bytes.inc({ direction: 'out', kind: 'tcp' }, summary.bytesOut);
    log.info(
      {
        event: 'tcp',
        port,
        endpoint: endpoint.id,
        client,
        upstream: `${upstream.address} ${upstream.port}`,
        end: summary.end,
        code: summary.code,
        bytesIn: summary.bytesIn,
        bytesOut: summary.bytesOut,
        duration: Math.round(milliseconds) / 1_000,
      },
      'connection ended',
    );
  };

  const follow = (table: RouteTable): void => {
    for (const [port, listener] of listeners) {
      const endpoint = table.ports.get(port);
      if (endpoint === undefined && !listener.claimed) close(port, listener);
      for (const carried of listener.carried) {
        if (!mayLiveOn(carried, endpoint)) carried.connection.reset();
      }
    }
    if (draining) return;
    for (const port of table.ports.keys()) if (!listeners.has(port)) listen(port, false);
  };

  const unfollow = routes.subscribe(follow);
  follow(routes.current());

  return {
    claim: async (port) => {
      if (draining) return false;
      const listener = listeners.get(port) ?? listen(port, true);
      listener.claimed = true;
      return listener.bound;
    },
    release: (port) => {
      const listener = listeners.get(port);
      if (listener === undefined) return;
      listener.claimed = false;
      if (!routes.current().ports.has(port)) close(port, listener);
    },
    unbound: () => [...routes.current().ports.keys()].filter((port) => !listeners.has(port)),
    openConnections: () => open,
    drain: async (grace) => {
      draining = true;
      for (const { server } of listeners.values()) server.close();
      if (open > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => {
            for (const { carried } of listeners.values()) {
              for (const { connection } of carried) connection.reset();
            }
          }, grace);
          onIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      unfollow();
      listeners.clear();
    },
  };
}

/**
 * A task that ends, or that starts anew, loses its open connections, and so does one that moves to another address. A task that
 * asks again with another port of the same address (its SSH server restarted) keeps them: the sessions outlive the listener.
 */
function mayLiveOn(carried: Carried, now: Endpoint | undefined): boolean {
  return (
    now?.tcp?.state === 'open' &&
    now.id === carried.endpoint.id &&
    now.task.startedAt === carried.endpoint.task.startedAt &&
    now.tcp.upstream.address === carried.upstream.address
  );
}

/** The client's address; IPv4 as itself, also on a socket that listens to both families. */
function clientOf(socket: Socket): string {
  const address = socket.remoteAddress ?? 'gone';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
