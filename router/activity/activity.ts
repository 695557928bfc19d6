import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { RouteSource, RouteTable } from '../routes/model/table.ts';
import { checkConnection, type Check } from './check.ts';
import { Ejections } from './ejections.ts';
import { GivenUp } from './given_up.ts';
import type { ActivityView, HealthFailure, WayActivity } from './health.ts';
import { NOTHING_SERVED, type Served } from './served.ts';
import { HealthChecks } from './health_checks.ts';
import { SWEEP_EVERY_MS, type Meter } from './meters.ts';
import { UseJudge } from './use_judge.ts';
import { moved, type Way } from './way.ts';

type Kept = { -readonly [field in keyof (WayActivity & Served)]: (WayActivity & Served)[field] };

/** An open session that is looked at now and then. */
interface Followed {
  readonly kept: Kept;
  readonly meter: Meter;
}

/** What an activity may be given; tests replace it. */
export interface ActivityParts {
  /** Tries a way; connects and leaves unless given. */
  readonly check?: Check;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds that never jump: those of `performance.now` unless given. */
  readonly ticks?: () => number;
}

const NOTHING: WayActivity = {
  usedAt: 0,
  answeredAt: 0,
  failedAt: 0,
  failingSince: 0,
  failure: 'other',
};
const NEW: Kept = { ...NOTHING, ...NOTHING_SERVED };

/**
 * When each endpoint was last used, and whether its task answers: of the endpoints of the route table alone, so it is bounded by
 * it. All that speaks to tasks tells it, and it tells the ejections. A request costs two look-ups and three numbers; an open session
 * nothing per chunk, since its own counters are compared every few seconds. What the gate denies never gets here, and what the
 * task does not answer is no use of it.
 */
export class Activity {
  readonly #routes: RouteSource;
  readonly #now: () => number;
  readonly #own = { http: new Map<EndpointId, Kept>(), tcp: new Map<EndpointId, Kept>() };
  readonly #followed = new Set<Followed>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  /** Asks tasks of which traffic tells nothing. */
  readonly checks: HealthChecks;
  /** Which tasks are tried last, since they failed. */
  readonly ejections: Ejections;
  /** Which requests tasks have left without a word until their clients left. */
  readonly givenUp: GivenUp;
  /** Which requests are a use. */
  readonly uses = new UseJudge();

  constructor(
    routes: RouteSource,
    {
      check = checkConnection,
      now = Date.now,
      ticks = () => performance.now(),
    }: ActivityParts = {},
  ) {
    this.#routes = routes;
    this.#now = now;
    this.givenUp = new GivenUp(ticks);
    this.ejections = new Ejections({
      routes,
      ticks,
      check: (way, endpoint) => this.checks.begin(way, endpoint),
    });
    this.checks = new HealthChecks({
      routes,
      check,
      seen: this.of,
      now,
      ticks,
      isEjected: (way, endpoint) => this.ejections.has(way, endpoint),
      found: (way, id, outcome, askedAt) => {
        if (outcome === 'answers') this.reached(way, id);
        else this.failed(way, id, outcome, askedAt);
      },
    });
    this.#unsubscribe = routes.subscribe((table, previous) => this.#forget(table, previous));
    this.#timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  /** The task began to answer a request, or took a client's connection. @param askedAt when it was asked, by the clock of `performance.now`. */
  answered(way: Way, id: EndpointId, askedAt: number): void {
    const kept = this.#reached(way, id);
    if (kept !== undefined) {
      kept.requests += 1;
      kept.latencyMs += performance.now() - askedAt;
    }
    this.ejections.answered(way, id, askedAt);
    if (way === 'http') this.givenUp.forget(id);
  }

  /** Somebody used it: `uses` says of requests which are a use, and a client got something of the task's answer. */
  used(way: Way, id: EndpointId): void {
    const kept = this.#kept(this.#own[way], id);
    if (kept !== undefined) kept.usedAt = this.#now();
  }

  /** The task answered a test of the router's own: it works, but nobody used it. */
  reached(way: Way, id: EndpointId): void {
    this.#reached(way, id);
  }

  /**
   * The task did not answer. `other` says too little of the task: the client may have caused it.
   *
   * @param lostSince when it was asked, by the clock of `performance.now`, where it was lost before it began to answer.
   */
  failed(way: Way, id: EndpointId, failure: HealthFailure, lostSince?: number): void {
    const kept = failure === 'other' ? undefined : this.#kept(this.#own[way], id);
    if (kept === undefined) return;
    const now = this.#now();
    if (kept.failingSince === 0) kept.failingSince = now;
    kept.failedAt = now;
    kept.failure = failure;
    if (lostSince === undefined) return;
    this.ejections.failed(way, id, failure, lostSince);
    if (way === 'http') this.givenUp.forget(id);
  }

  /** A client left before the task had begun to answer its request. */
  leftUnanswered(id: EndpointId): void {
    const endpoint = this.#routes.current().endpoints.get(id);
    // A request may end after its route; and what an ejected task had in hand says nothing of it once it is found back.
    if (endpoint !== undefined && !this.ejections.has('http', endpoint)) this.givenUp.add(id);
  }

  /** Watches an open session. Returns the function that ends the watch. */
  follow(way: Way, id: EndpointId, meter: Meter): () => void {
    const kept = this.#kept(this.#own[way], id);
    if (kept === undefined) return () => undefined;
    const followed: Followed = { kept, meter };
    this.#followed.add(followed);
    return () => {
      this.#look(followed);
      this.#followed.delete(followed);
    };
  }

  /** What this process saw. */
  readonly of: ActivityView = (id, way) => this.#own[way].get(id) ?? NOTHING;

  /** What an endpoint's web server served through this process since its route came here. */
  readonly served = (id: EndpointId): Served => this.#own.http.get(id) ?? NOTHING_SERVED;

  /** Looks at the open sessions. */
  sweep(): void {
    for (const followed of this.#followed) this.#look(followed);
  }

  close(): void {
    clearInterval(this.#timer);
    this.checks.close();
    this.#unsubscribe();
  }

  #kept(from: Map<EndpointId, Kept>, id: EndpointId): Kept | undefined {
    const known = from.get(id);
    // A request may end after its route: nobody would ever take that record away again.
    if (known !== undefined || !this.#routes.current().endpoints.has(id)) return known;
    const kept = { ...NEW };
    from.set(id, kept);
    return kept;
  }

  #reached(way: Way, id: EndpointId): Kept | undefined {
    const kept = this.#kept(this.#own[way], id);
    if (kept === undefined) return undefined;
    kept.answeredAt = this.#now();
    kept.failingSince = 0;
    return kept;
  }

  #look({ kept, meter }: Followed): void {
    const now = this.#now();
    if (meter.used(now)) kept.usedAt = now;
  }

  #forget(table: RouteTable, previous: RouteTable): void {
    const { endpoints } = table;
    if (endpoints === previous.endpoints) return;
    this.ejections.forget(table, previous);
    this.givenUp.forgetGone(table);
    this.uses.forget(table);
    for (const way of ['http', 'tcp'] as const) {
      for (const [id, kept] of this.#own[way]) {
        const before = previous.endpoints.get(id);
        const now = endpoints.get(id);
        if (now === undefined) this.#own[way].delete(id);
        else if (moved(before, now, way)) kept.answeredAt = kept.failedAt = kept.failingSince = 0;
      }
    }
  }
}
