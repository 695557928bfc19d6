import { createServer, type Server } from 'node:net';
import { COST, UNBOUNDED, type ByteBudget } from '../load/byte_budget.ts';
import type { RouteSource, RouteTable } from '../routes/model/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Activity } from '../activity/activity.ts';
import { ConnectionCounts, type ConnectionLimits } from './connection_limits.ts';
import { TcpAdmission, type TcpAdmissionDeps } from './admission.ts';
import { TCP_OPTIONS } from './connection.ts';
import { TcpSessions } from './sessions.ts';

/** What the listeners of the TCP range need from the router. */
export interface TcpListenersDeps extends Partial<
  Pick<TcpAdmissionDeps, 'mayConnect' | 'sendsProxyHeader'>
> {
  readonly routes: RouteSource;
  /** BIND_ADDRESS; undefined is every address, IPv4 and IPv6. */
  readonly bindAddress: string | undefined;
  /** Which port to bind for a port of the range (TCP_LISTEN_START); the same unless given. All else names the port of the range. */
  readonly listenPort?: (port: number) => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly limits: ConnectionLimits;
  /** Without end unless given. */
  readonly budget?: ByteBudget;
  /** Milliseconds to connect to a task; 5,000 unless given. */
  readonly connectTimeout?: number;
  /** Milliseconds for a PROXY header; 5,000 unless given. */
  readonly headerTimeout?: number;
  /** Milliseconds between looks for connections of which a side is gone. */
  readonly lookEvery?: number;
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
  readonly openConnections: () => number;
  /** Stops listening; open connections live on. Resolves when the last has ended, or after `grace` milliseconds, which resets the rest. */
  readonly drain: (grace: number) => Promise<void>;
}

interface Listener {
  readonly server: Server;
  readonly bound: Promise<boolean>;
  claimed: boolean;
}

/** Follows the route table from the moment it is made. */
export function createTcpListeners(deps: TcpListenersDeps): TcpListeners {
  const { routes, log, metrics, activity } = deps;
  const listeners = new Map<number, Listener>();
  const counts = new ConnectionCounts<number>(deps.limits);
  let draining = false;
  let onIdle: (() => void) | undefined;
  const onLeft = (): void => {
    if (counts.total === 0) onIdle?.();
  };
  const sessions = new TcpSessions({
    log,
    metrics,
    activity,
    connectTimeout: deps.connectTimeout ?? 5_000,
    lookEvery: deps.lookEvery,
    onEnd: ({ port, ends, account }) => {
      account.budget.give(account, COST.tcp);
      counts.leave(port, ends.client.address);
      onLeft();
    },
  });
  const admission = new TcpAdmission({
    routes,
    log,
    metrics,
    counts,
    budget: deps.budget ?? UNBOUNDED.budget,
    mayConnect: deps.mayConnect,
    sendsProxyHeader: deps.sendsProxyHeader,
    headerTimeout: deps.headerTimeout ?? 5_000,
    carry: (admitted) => sessions.carry(admitted),
    onLeft,
  });

  const listen = (port: number, claimed: boolean): Listener => {
    const server = createServer({ ...TCP_OPTIONS, pauseOnConnect: true });
    const listener: Listener = {
      server,
      claimed,
      bound: new Promise((resolve) => {
        let listening = false;
        server.once('listening', () => {
          listening = true;
          resolve(true);
        });
        server.on('error', (error) => {
          if (listening) {
            // Out of descriptors, say: that connection is lost, the listener goes on.
            log.error({ event: 'tcp_accept_failed', port, reason: error.message }, 'not accepted');
            return;
          }
          listeners.delete(port);
          log.error({ event: 'tcp_port_unbound', port, reason: error.message }, 'port not bound');
          resolve(false);
        });
      }),
    };
    listeners.set(port, listener);
    server.on('connection', (socket) => admission.accept(port, socket));
    server.listen({
      port: deps.listenPort?.(port) ?? port,
      host: deps.bindAddress,
      backlog: 4_096,
      exclusive: true,
    });
    return listener;
  };

  const end = (port?: number): void => {
    admission.endWaiting(port);
    sessions.end(port);
  };

  const close = (port: number, { server }: Listener): void => {
    listeners.delete(port);
    server.close();
    end(port);
  };

  const follow = (table: RouteTable): void => {
    for (const [port, listener] of listeners) {
      if (!table.ports.has(port) && !listener.claimed) close(port, listener);
    }
    sessions.endStale(table);
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
    openConnections: () => counts.total,
    drain: async (grace) => {
      draining = true;
      for (const { server } of listeners.values()) server.close();
      if (counts.total > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(end, grace);
          onIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      unfollow();
      sessions.close();
      listeners.clear();
    },
  };
}
