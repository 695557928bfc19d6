import type { Socket } from 'node:net';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Account, ByteBudget } from './byte_budget.ts';
import {
  Connections,
  type BoundedServer,
  type ConnectionLimitName,
  type HttpConnectionLimits,
} from './connections.ts';
import { Limits, type LimitName, type LimitValues } from './limits.ts';
import type { Overload } from './overload.ts';

/** Everything that one process bounds, and whether it is overloaded. */
export interface LoadLimits {
  readonly connections: HttpConnectionLimits;
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

/** Whether it is the connection that is too much, and not what came over it. */
export function isOfConnections(excess: Excess): excess is ConnectionLimitName {
  return (
    excess === 'connections' || excess === 'connections-per-address' || excess === 'waiting-heads'
  );
}

/** What a guard needs from the server of users' traffic. */
export interface LoadGuardParts {
  readonly server: BoundedServer;
  readonly limits: LoadLimits;
  readonly budget: ByteBudget;
  readonly overload: Pick<Overload, 'active' | 'look'> | undefined;
  /** The peer's address; undefined where it is a trusted proxy, or where nothing is known of proxies. */
  readonly addressOf: (socket: Socket) => string | undefined;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'limitsHit'>;
}

/** How many arrivals there may be between two looks at the memory. A power of two. */
const LOOK_AFTER_ARRIVALS = 32;
/** How often counters that are at zero are forgotten. */
const SWEEP_EVERY_MS = 10_000;
/** A limit that is hit all the time is told this often: what floods the router must not flood its log. */
const TELL_EVERY_MS = 10_000;

/** Bounds what one process takes on, so that nobody can take it from all others. */
export class LoadGuard {
  readonly requests: Limits;
  readonly webSockets: Limits;
  readonly connections: Connections;
  readonly #parts: LoadGuardParts;
  /**
   * What comes with requests and upgrades while ClearML is asked about them: whose it is and where it goes is not known yet. It has
   * no name, which some user's id could be, too.
   */
  readonly #asking: Account;
  #arrived = 0;
  readonly #told = new Map<Excess, number>();
  readonly #sweep: NodeJS.Timeout;

  constructor(parts: LoadGuardParts) {
    const { server, limits, budget, addressOf } = parts;
    this.#parts = parts;
    this.#asking = { held: 0, budget };
    this.requests = new Limits('requests', limits.requests, budget);
    this.webSockets = new Limits('websockets', limits.webSockets, budget);
    this.connections = new Connections(server, limits.connections, addressOf, (limit) =>
      this.hit(limit),
    );
    this.#sweep = setInterval(() => {
      this.requests.sweep();
      this.webSockets.sweep();
      this.connections.sweep();
      budget.sweep();
    }, SWEEP_EVERY_MS).unref();
  }

  /** Whether what comes over a connection is turned away unread; nearly always decided by two plain values. */
  turnsAway(socket: Socket): Excess | undefined {
    const { overload } = this.#parts;
    this.#arrived = (this.#arrived + 1) % LOOK_AFTER_ARRIVALS;
    if (this.#arrived === 0) overload?.look();
    if (overload?.active === true) {
      this.hit('overload');
      return 'overload';
    }
    return this.connections.excess === 0 ? undefined : this.connections.excessOf(socket);
  }

  /** Whether there is room for what comes while ClearML is asked; what there is has to be given back by `asked`. */
  asks(bytes: number): boolean {
    const { budget } = this.#parts;
    if (budget.take(this.#asking, bytes) === undefined) return true;
    this.hit('memory');
    return false;
  }

  /** ClearML has answered. */
  asked(bytes: number): void {
    this.#parts.budget.give(this.#asking, bytes);
  }

  /** How many requests in flight and open WebSockets a task has from this process. */
  inFlight(task: string): number {
    return this.requests.openOf(task) + this.webSockets.openOf(task);
  }

  /** Counts and tells that a limit was reached. */
  hit(excess: Excess): void {
    const { metrics, log } = this.#parts;
    metrics.limitsHit.inc({ limit: excess });
    const now = performance.now();
    if (now - (this.#told.get(excess) ?? -Infinity) < TELL_EVERY_MS) return;
    this.#told.set(excess, now);
    log.warn({ event: 'limit', limit: excess }, 'a limit was reached');
  }

  close(): void {
    clearInterval(this.#sweep);
  }
}
