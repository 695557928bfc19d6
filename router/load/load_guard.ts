import type { Socket } from 'node:net';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { BoundedServer, ConnectionLimitName, ConnectionLimits } from './connections.ts';
import { Connections } from './connections.ts';
import type { LimitName, LimitValues } from './limits.ts';
import { Limits } from './limits.ts';
import type { Overload } from './overload.ts';

/** Everything that one process bounds, and whether it is overloaded. */
export interface LoadLimits {
  readonly connections: ConnectionLimits;
  readonly requests: LimitValues;
  readonly webSockets: LimitValues;
}

const NONE: LimitValues = { total: 0, perUser: 0, perTask: 0, perAddress: 0 };

/** Nothing is limited. */
export const UNLIMITED: LoadLimits = {
  connections: { total: 0, perAddress: 0 },
  requests: NONE,
  webSockets: NONE,
};

/** Why something new is turned away; the words of the metric, of log lines and of answers to programs. */
export type Excess = LimitName | ConnectionLimitName | 'overload';

/** What a guard needs from the server of users' traffic. */
export interface LoadGuardParts {
  readonly server: BoundedServer;
  readonly limits: LoadLimits;
  readonly overload: Pick<Overload, 'active' | 'look'> | undefined;
  /** The peer's address; undefined where it is a trusted proxy, or where nothing is known of proxies. */
  readonly addressOf: (socket: Socket) => string | undefined;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'limitsHit'>;
}

/** How many arrivals there may be between two looks at the memory. A power of two. */
const LOOK_AFTER = 32;
/** Milliseconds. */
const SWEEP_EVERY = 10_000;
/** A limit that is hit all the time is told this often: what floods the router must not flood its log. Milliseconds. */
const TELL_EVERY = 10_000;

/** Bounds what one process takes on, so that nobody can take it from all others. */
export class LoadGuard {
  readonly requests: Limits;
  readonly webSockets: Limits;
  readonly connections: Connections;
  readonly #parts: LoadGuardParts;
  #arrived = 0;
  readonly #told = new Map<Excess, number>();
  readonly #sweep: NodeJS.Timeout;

  constructor(parts: LoadGuardParts) {
    const { server, limits, addressOf } = parts;
    this.#parts = parts;
    this.requests = new Limits('requests', limits.requests);
    this.webSockets = new Limits('websockets', limits.webSockets);
    this.connections = new Connections(server, limits.connections, addressOf, (limit) =>
      this.hit(limit),
    );
    this.#sweep = setInterval(() => {
      this.requests.sweep();
      this.webSockets.sweep();
      this.connections.sweep();
    }, SWEEP_EVERY).unref();
  }

  /** Whether what comes over a connection is turned away unread; nearly always decided by two plain values. */
  turnsAway(socket: Socket): Excess | undefined {
    const { overload } = this.#parts;
    this.#arrived = (this.#arrived + 1) % LOOK_AFTER;
    if (this.#arrived === 0) overload?.look();
    if (overload?.active === true) {
      this.hit('overload');
      return 'overload';
    }
    return this.connections.excess === 0 ? undefined : this.connections.excessOf(socket);
  }

  /** Counts and tells that a limit was reached. */
  hit(excess: Excess): void {
    const { metrics, log } = this.#parts;
    metrics.limitsHit.inc({ limit: excess });
    const now = performance.now();
    if (now - (this.#told.get(excess) ?? -Infinity) < TELL_EVERY) return;
    this.#told.set(excess, now);
    log.warn({ event: 'limit', limit: excess }, 'a limit was reached');
  }

  close(): void {
    clearInterval(this.#sweep);
  }
}
