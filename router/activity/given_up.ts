import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteTable } from '../routes/model/table.ts';

/** How long the last of them is remembered. */
const REMEMBERED_MS = 30_000;

interface Kept {
  readonly count: number;
  readonly lastAt: number;
}

/**
 * Requests that tasks have said nothing to until their clients left. Whoever chooses the task with the least in flight counts them
 * on: one that stands still would else have little in flight again with each client that leaves, and be the next one's first
 * choice. They are forgotten when the task answers a request, when it is ejected, and half a minute after the last.
 */
export class GivenUp {
  readonly #now: () => number;
  readonly #kept = new Map<EndpointId, Kept>();

  /** @param ticks milliseconds that never jump, as those of `performance.now`. */
  constructor(ticks: () => number) {
    this.#now = ticks;
  }

  /** How many there are of an endpoint. */
  of(endpoint: Pick<Endpoint, 'id'>): number {
    // Hardly ever is there any.
    return this.#kept.size === 0 ? 0 : this.#countOf(endpoint.id);
  }

  add(id: EndpointId): void {
    this.#kept.set(id, { count: this.#countOf(id) + 1, lastAt: this.#now() });
  }

  /** More is known of the task by now. */
  forget(id: EndpointId): void {
    this.#kept.delete(id);
  }

  /** Forgets what is routed no more. */
  forgetGone({ endpoints }: Pick<RouteTable, 'endpoints'>): void {
    for (const id of this.#kept.keys()) if (!endpoints.has(id)) this.#kept.delete(id);
  }

  #countOf(id: EndpointId): number {
    const known = this.#kept.get(id);
    const holds = known !== undefined && this.#now() - known.lastAt < REMEMBERED_MS;
    return holds ? known.count : 0;
  }
}
