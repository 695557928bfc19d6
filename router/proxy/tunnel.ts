import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Admitted, Gate } from '../auth/decision.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What the tunnel needs from the router. */
export interface TunnelDeps {
  readonly hold: Gate['hold'];
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds; 5,000 unless given. */
  readonly connectTimeout?: number;
  /** Milliseconds between pings; 30,000 unless given. */
  readonly pingInterval?: number;
}

/** An upgrade that the gate admitted and that asks for the tunnel. */
export interface TunnelUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly admitted: Admitted;
  readonly clientAddress: string;
}

/** Why a tunnel did not open. Nothing has been written to the socket: the caller answers. */
export interface TunnelRefusal {
  readonly status: 400 | 404 | 502 | 503 | 504;
  /** Plain text for the user: what is wrong and whose fault it is. */
  readonly reason: string;
}

/** TCP over WebSocket at the URL of an endpoint whose task asked for TCP. */
export interface Tunnel {
  /** Whether the upgrade names the tunnel's sub-protocol. All others belong to the task. */
  readonly asked: (request: IncomingMessage) => boolean;
  /** Connects to the task and only then answers 101. Resolves to undefined once the session is open. */
  readonly open: (upgrade: TunnelUpgrade) => Promise<TunnelRefusal | undefined>;
  readonly openSessions: () => number;
  /** Refuses new sessions. Resolves when the last has ended, or after `grace` milliseconds, which closes the rest with 1001. */
  readonly drain: (grace: number) => Promise<void>;
}
