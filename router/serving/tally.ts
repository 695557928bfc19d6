import { NOTHING_SERVED, type Served } from '../activity/served.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';

/** Processes whose sums are remembered, those included that are gone. */
const MOST_REPLICAS = 64;
/** Of one process; more than one router serves. */
const MOST_ENDPOINTS = 100_000;
/** How long the sums of a process are kept that was not found any more: it may be found again, and must not count twice. */
const GONE_MS = 10 * 60_000;

interface Replica {
  /** Its sums, as it told last. */
  readonly told: Map<EndpointId, Served>;
  /** By the clock of `performance.now`. */
  foundAt: number;
}

/**
 * What the other replicas served, together and for each endpoint, those included that are gone: each tells its own sums, which begin
 * with its process, and only what they grew by is added. What was served before this process began it cannot know.
 */
export class Tally {
  readonly #replicas = new Map<string, Replica>();
  readonly #sums = new Map<EndpointId, Served>();
  readonly #now: () => number;
  #absent = new Set<EndpointId>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Another replica told its sums of an endpoint. */
  readonly heard = (replicaId: string, id: EndpointId, served: Served): void => {
    const { told } = this.#replica(replicaId);
    const before = told.get(id);
    if (before === undefined && told.size >= MOST_ENDPOINTS) return;
    told.set(id, served);
    const sum = this.of(id);
    this.#sums.set(id, {
      requests: sum.requests + grown(before?.requests, served.requests),
      latencyMs: sum.latencyMs + grown(before?.latencyMs, served.latencyMs),
    });
  };

  of(id: EndpointId): Served {
    return this.#sums.get(id) ?? NOTHING_SERVED;
  }

  /**
   * Forgets what is not needed any more; called now and then.
   *
   * @param endpoints those of the route table. One that is missing twice is gone: a replica may tell of one a moment before its route is
   *   known here.
   * @param found the replicas that there are.
   */
  keep(endpoints: ReadonlyMap<EndpointId, unknown>, found: ReadonlySet<string>): void {
    const absent = new Set<EndpointId>();
    for (const id of this.#sums.keys()) if (!endpoints.has(id)) absent.add(id);
    for (const id of absent) {
      if (!this.#absent.has(id)) continue;
      absent.delete(id);
      this.#sums.delete(id);
      for (const { told } of this.#replicas.values()) told.delete(id);
    }
    this.#absent = absent;
    const now = this.#now();
    for (const [id, replica] of this.#replicas) {
      if (found.has(id)) replica.foundAt = now;
      else if (now - replica.foundAt > GONE_MS) this.#replicas.delete(id);
    }
  }

  #replica(id: string): Replica {
    const known = this.#replicas.get(id);
    if (known !== undefined) return known;
    if (this.#replicas.size >= MOST_REPLICAS) {
      const [oldest] = [...this.#replicas].toSorted(([, a], [, b]) => a.foundAt - b.foundAt);
      if (oldest !== undefined) this.#replicas.delete(oldest[0]);
    }
    const replica = { told: new Map<EndpointId, Served>(), foundAt: this.#now() };
    this.#replicas.set(id, replica);
    return replica;
  }
}

/** A sum that became smaller began anew, with another route of the endpoint. */
function grown(before: number | undefined, now: number): number {
  return before === undefined || now < before ? now : now - before;
}
