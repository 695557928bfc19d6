import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteSource, RouteTable } from '../routes/model/table.ts';
import type { CheckOutcome } from './check.ts';
import type { HealthFailure } from './health.ts';
import { moved, type Way } from './way.ts';

/** What is known of a way whose task failed, for as long as no answer has come since. Milliseconds, by the clock of `performance.now`. */
interface Ejected {
  /** How often it was ejected without an answer between. */
  readonly failures: number;
  /** When it was ejected, or found back: what was asked before says nothing of it any more. */
  readonly changedAt: number;
  /** When it may be checked; undefined: it was found back, and is tried like all others. */
  readonly pausedUntil: number | undefined;
  checking: boolean;
}

/** What ejections are made of. */
export interface EjectionsParts {
  readonly routes: RouteSource;
  /** Milliseconds that never jump, as those of `performance.now`. */
  readonly ticks: () => number;
  /** Tries whether a task answers; undefined where there is no room for that now. */
  readonly check: (way: Way, endpoint: Endpoint) => Promise<CheckOutcome> | undefined;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Failures that mean that nobody is there, that the way is broken, or that the task itself says so; what is answered wrongly is answered. */
const LOSSES: ReadonlySet<HealthFailure> = new Set([
  'refused',
  'timeout',
  'reset',
  'unreachable',
  'unhealthy',
]);

/** How long after a check that found nobody the next one may be: one that is down for long is to serve soon after it is back. */
const RECHECK_MS = FIRST_PAUSE_MS;

/** For how many milliseconds a task is left alone that failed so often in a row, before it is checked. */
export function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}

/**
 * Which ways into endpoints are left alone since their tasks failed, as this replica saw it. Who chooses among several tasks tries
 * these last. After its pause one is checked when somebody looks, by one check at a time and one a second until it is found back, so
 * that no request has to find out. Then it is trusted again with its first answer, and left alone for twice as long with its next
 * failure. Nothing is kept of ways that work, and nothing is checked that nobody asks about.
 */
export class Ejections {
  readonly #parts: EjectionsParts;
  readonly #now: () => number;
  readonly #ejected = { http: new Map<EndpointId, Ejected>(), tcp: new Map<EndpointId, Ejected>() };

  constructor(parts: EjectionsParts) {
    this.#parts = parts;
    this.#now = parts.ticks;
  }

  /** Whether it is left alone at the moment. Its pause may be over: then this look has it checked. */
  has(way: Way, endpoint: Endpoint): boolean {
    const ejected = this.#ejected[way];
    // Hardly ever is there any.
    if (ejected.size === 0) return false;
    const known = ejected.get(endpoint.id);
    if (known?.pausedUntil === undefined) return false;
    if (this.#now() >= known.pausedUntil) this.#check(way, endpoint, known);
    return true;
  }

  /** The task was lost before it answered, or failed a check. @param askedAt when it was asked, by the clock of `performance.now`. */
  failed(way: Way, id: EndpointId, failure: HealthFailure, askedAt: number): void {
    if (!LOSSES.has(failure)) return;
    const known = this.#ejected[way].get(id);
    if (known === undefined) {
      // A request may end after its route: nobody would ever forget it.
      if (this.#parts.routes.current().endpoints.has(id)) this.#eject(way, id, 1, pauseAfter(1));
      return;
    }
    // Of many that were under way one counts, and while it is left alone its checks alone do.
    if (known.pausedUntil === undefined && askedAt >= known.changedAt) {
      const failures = known.failures + 1;
      this.#eject(way, id, failures, pauseAfter(failures));
    }
  }

  /** The task answered. @param askedAt as above. */
  answered(way: Way, id: EndpointId, askedAt: number): void {
    const ejected = this.#ejected[way];
    if (ejected.size === 0) return;
    const known = ejected.get(id);
    if (known !== undefined && askedAt >= known.changedAt) ejected.delete(id);
  }

  /** Forgets what is routed no more, or elsewhere. */
  forget({ endpoints }: RouteTable, previous: RouteTable): void {
    for (const way of ['http', 'tcp'] as const) {
      for (const id of this.#ejected[way].keys()) {
        const now = endpoints.get(id);
        if (now === undefined || moved(previous.endpoints.get(id), now, way)) {
          this.#ejected[way].delete(id);
        }
      }
    }
  }

  #eject(way: Way, id: EndpointId, failures: number, pause: number): void {
    const now = this.#now();
    this.#ejected[way].set(id, {
      failures,
      changedAt: now,
      pausedUntil: now + pause,
      checking: false,
    });
  }

  #check(way: Way, endpoint: Endpoint, known: Ejected): void {
    if (known.checking || endpoint[way]?.state !== 'open') return;
    const check = this.#parts.check(way, endpoint);
    if (check === undefined) return;
    known.checking = true;
    void check.then((outcome) => this.#settle(way, endpoint.id, known, outcome));
  }

  #settle(way: Way, id: EndpointId, known: Ejected, outcome: CheckOutcome): void {
    // It has answered meanwhile, or is another by now.
    if (this.#ejected[way].get(id) !== known) return;
    if (outcome === 'answers') {
      this.#ejected[way].set(id, {
        failures: known.failures,
        changedAt: this.#now(),
        pausedUntil: undefined,
        checking: false,
      });
    } else this.#eject(way, id, known.failures, RECHECK_MS);
  }
}
