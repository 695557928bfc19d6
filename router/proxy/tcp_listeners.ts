import type { RouteSource } from '../routes/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** PROXY protocol (haproxy's proxy-protocol.txt, versions 1 and 2), so that the client's own address is known. */
export interface ProxyProtocol {
  /** Peers (load balancers) that must begin each connection with a PROXY header. From all others the bytes are the task's (A51). */
  readonly expectFrom: ((address: string) => boolean) | undefined;
  /** Begin each connection to a task with a version 2 header. */
  readonly send: boolean;
}

/** How many connections the TCP range carries at once. */
export interface TcpLimits {
  readonly perPort: number;
  readonly total: number;
}

/** What the listeners of the TCP range need from the router. */
export interface TcpListenersDeps {
  readonly routes: RouteSource;
  /** BIND_ADDRESS; undefined is every address, IPv4 and IPv6. */
  readonly bindAddress: string | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits?: TcpLimits;
  readonly proxyProtocol?: ProxyProtocol;
  /** Milliseconds; 5,000 unless given. */
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
  readonly openConnections: () => number;
  /** Stops listening; open connections live on. Resolves when the last has ended, or after `grace` milliseconds, which resets the rest. */
  readonly drain: (grace: number) => Promise<void>;
}
