import type { Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { EndpointId, Upstream } from '../routes/endpoint.ts';
import type { RouteSource, RouteTable } from '../routes/table.ts';
import { RouteEnded } from './upstream_failure.ts';

const CONNECT_TIMEOUT = 5_000;
/** What a task may say in its headers; longer ones are no answer (A34). */
const LONGEST_HEADERS = 64 * 1024;

interface OpenPool {
  readonly upstream: Upstream;
  readonly pool: Pool;
}

function openPool(upstream: Upstream): OpenPool {
  const host = upstream.family === 6 ? `[${upstream.address}]` : upstream.address;
  const pool = new Pool(`http://${host}:${upstream.port}`, {
    pipelining: 1,
    allowH2: false,
    connectTimeout: CONNECT_TIMEOUT,
    maxHeaderSize: LONGEST_HEADERS,
    // Models think for minutes before the first byte, and streams are quiet for hours: no limit on either.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { upstream, pool };
}

function isSame(one: Upstream, other: Upstream): boolean {
  return one === other || (one.address === other.address && one.port === other.port);
}

/**
 * Keep-alive connections to tasks, one pool per endpoint and never shared between endpoints, even where two name the same
 * address: what a task does to its connections must not reach another's requests (CVE-2026-48931). A pool ends with its route,
 * with all requests on it, so that an address that another task gets later is not spoken to over old sockets (A42).
 */
export class UpstreamPools {
  readonly #pools = new Map<EndpointId, OpenPool>();
  readonly #unsubscribe: () => void;

  constructor(routes: RouteSource) {
    this.#unsubscribe = routes.subscribe((table) => this.#endStale(table));
  }

  /** The pool of this endpoint at this address. */
  get(id: EndpointId, upstream: Upstream): Dispatcher {
    const open = this.#pools.get(id);
    if (open !== undefined) {
      if (isSame(open.upstream, upstream)) return open.pool;
      this.#end(id, open);
    }
    const opened = openPool(upstream);
    this.#pools.set(id, opened);
    return opened.pool;
  }

  #end(id: EndpointId, open: OpenPool): void {
    this.#pools.delete(id);
    open.pool.destroy(new RouteEnded('the route of this task has ended')).catch(() => undefined);
  }

  #endStale(table: RouteTable): void {
    for (const [id, open] of this.#pools) {
      const lane = table.endpoints.get(id)?.http;
      if (lane?.state !== 'open' || !isSame(lane.upstream, open.upstream)) this.#end(id, open);
    }
  }

  /** Ends every connection to a task. */
  close(): void {
    this.#unsubscribe();
    for (const [id, open] of this.#pools) this.#end(id, open);
  }
}
