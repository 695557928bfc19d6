import type { Endpoint } from '../routes/model/endpoint.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { RouteSource, RouteTable } from '../routes/model/table.ts';
import type { FailureClass } from '../upstream/failure.ts';

/** The ways into an endpoint. TCP is the range's ports and the tunnel together. */
export type Way = 'http' | 'tcp';

/** What one process saw of one way into an endpoint. Milliseconds since the epoch; 0 for never. */
export interface WayActivity {
  /** A request was answered by the task, or bytes of a session moved. */
  readonly usedAt: number;
  /** The task answered a request, or took a connection. */
  readonly answeredAt: number;
  /** The task did not. */
  readonly failedAt: number;
  /** The first failure since it last answered. */
  readonly failingSince: number;
  /** Of the last failure. */
  readonly failure: FailureClass;
}

/** What this process saw of one way into an endpoint; zeros where it saw nothing. */
export type ActivityView = (id: EndpointId, way: Way) => WayActivity;

type Kept = { -readonly [field in keyof WayActivity]: WayActivity[field] };

/** An open session, whose bytes are looked at now and then. */
interface Meter {
  readonly kept: Kept;
  readonly bytes: () => number;
  seen: number;
}

const NOTHING: WayActivity = {
  usedAt: 0,
  answeredAt: 0,
  failedAt: 0,
  failingSince: 0,
  failure: 'other',
};

/** How finely the last activity of an open session is known. */
const SWEEP_EVERY_MS = 5_000;

/** Whether the last thing that was tried on this way failed. */
export function isFailing({ answeredAt, failedAt }: WayActivity): boolean {
  return failedAt > answeredAt;
}

/**
 * When each endpoint was last used, and whether its task answered: of the endpoints of the route table alone, so it is bounded by
 * it. A request costs a look-up and two numbers; an open session nothing per chunk, since its own byte counter is compared every
 * few seconds. What the gate denies never gets here, and what the task does not answer is no use of it.
 */
export class Activity {
  readonly #routes: RouteSource;
  readonly #now: () => number;
  readonly #own = { http: new Map<EndpointId, Kept>(), tcp: new Map<EndpointId, Kept>() };
  readonly #meters = new Set<Meter>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(routes: RouteSource, now: () => number = Date.now) {
    this.#routes = routes;
    this.#now = now;
    this.#unsubscribe = routes.subscribe((table, previous) => this.#forget(table, previous));
    this.#timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  /** The task answered a request. */
  answered(way: Way, id: EndpointId): void {
    const kept = this.#kept(this.#own[way], id);
    if (kept !== undefined) kept.usedAt = kept.answeredAt = this.#now();
  }

  /** The task took a connection, or answered a test of the router's own: it works, but nobody used it. */
  reached(way: Way, id: EndpointId): void {
    const kept = this.#kept(this.#own[way], id);
    if (kept !== undefined) kept.answeredAt = this.#now();
  }

  /** The task did not answer. `other` says too little of the task: the client may have caused it. */
  failed(way: Way, id: EndpointId, failure: FailureClass): void {
    const kept = failure === 'other' ? undefined : this.#kept(this.#own[way], id);
    if (kept === undefined) return;
    const now = this.#now();
    if (!isFailing(kept)) kept.failingSince = now;
    kept.failedAt = now;
    kept.failure = failure;
  }

  /** Watches an open session by its own count of bytes. Returns the function that ends the watch. */
  follow(way: Way, id: EndpointId, bytes: () => number): () => void {
    const kept = this.#kept(this.#own[way], id);
    if (kept === undefined) return () => undefined;
    const meter: Meter = { kept, bytes, seen: 0 };
    this.#meters.add(meter);
    return () => {
      this.#read(meter);
      this.#meters.delete(meter);
    };
  }

  readonly of: ActivityView = (id, way) => this.#own[way].get(id) ?? NOTHING;

  /** Compares the counters of open sessions with the last look. */
  sweep(): void {
    for (const meter of this.#meters) this.#read(meter);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  #kept(from: Map<EndpointId, Kept>, id: EndpointId): Kept | undefined {
    const known = from.get(id);
    // A request may end after its route: nobody would ever take that record away again.
    if (known !== undefined || !this.#routes.current().endpoints.has(id)) return known;
    const kept = { ...NOTHING };
    from.set(id, kept);
    return kept;
  }

  #read(meter: Meter): void {
    const bytes = meter.bytes();
    if (bytes === meter.seen) return;
    meter.seen = bytes;
    meter.kept.usedAt = this.#now();
  }

  #forget({ endpoints }: RouteTable, previous: RouteTable): void {
    if (endpoints === previous.endpoints) return;
    for (const way of ['http', 'tcp'] as const) {
      for (const [id, kept] of this.#own[way]) {
        const before = previous.endpoints.get(id);
        const now = endpoints.get(id);
        if (now === undefined) this.#own[way].delete(id);
        else if (moved(before, now, way)) kept.failedAt = 0;
      }
    }
  }
}

/** What failed at another address, or before the task started anew, says nothing of what is there now. */
function moved(before: Endpoint | undefined, now: Endpoint, way: Way): boolean {
  const was = before?.[way];
  const is = now[way];
  if (was?.state !== 'open' || is?.state !== 'open') return true;
  return (
    before?.task.startedAt !== now.task.startedAt ||
    was.upstream.address !== is.upstream.address ||
    was.upstream.port !== is.upstream.port
  );
}
