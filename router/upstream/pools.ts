import { sameUpstream, type Upstream } from '../routes/model/endpoint.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { leadsTo, type RouteSource, type RouteTable } from '../routes/model/table.ts';
import { RouteEnded } from './failure.ts';
import { UpstreamPool } from './pool.ts';

/** How often idle connections are looked at. */
const SWEEP_MS = 1_000;

/**
 * Keep-alive connections to tasks, one pool per endpoint and never shared between endpoints, even where two name the same
 * address: what a task does to its connections must not reach another's requests (CVE-2026-48931). A pool ends with its route,
 * with all requests on it, so that an address that another task gets later is not spoken to over old sockets (A42).
 */
export class UpstreamPools {
  readonly #pools = new Map<EndpointId, UpstreamPool>();
  readonly #answerTime: number | undefined;
  readonly #unsubscribe: () => void;
  readonly #sweep: NodeJS.Timeout;
  #closed = false;

  /** `answerTime`: how long the head of an answer may take, in milliseconds. */
  constructor(routes: RouteSource, answerTime: number | undefined) {
    this.#answerTime = answerTime;
    this.#unsubscribe = routes.subscribe((table) => this.#endStale(table));
    this.#sweep = setInterval(() => {
      const now = performance.now();
      for (const pool of this.#pools.values()) pool.sweep(now);
    }, SWEEP_MS).unref();
  }

  /** The pool of this endpoint at this address. */
  get(id: EndpointId, upstream: Upstream): UpstreamPool {
    const known = this.#pools.get(id);
    if (known !== undefined) {
      if (sameUpstream(known.upstream, upstream)) return known;
      this.#end(id, known);
    }
    const opened = new UpstreamPool(upstream, this.#answerTime);
    // Whoever goes on to another task meets the end of the router there, too.
    if (this.#closed) opened.end(new RouteEnded('the router has ended'));
    else this.#pools.set(id, opened);
    return opened;
  }

  #end(id: EndpointId, pool: UpstreamPool): void {
    this.#pools.delete(id);
    pool.end(new RouteEnded('the route of this task has ended'));
  }

  #endStale(table: RouteTable): void {
    for (const [id, pool] of this.#pools) {
      if (!leadsTo(table, id, pool.upstream)) this.#end(id, pool);
    }
  }

  /** Ends every connection to a task. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    clearInterval(this.#sweep);
    for (const [id, pool] of this.#pools) this.#end(id, pool);
  }
}
