import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimit } from '../load/rate_limit.ts';
import { sharerOf } from '../auth/identity/owner.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { FairQueue } from '../load/fair_queue.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteSource } from '../routes/model/table.ts';
import { balancedRoutes } from './balanced_routes.ts';
import type { Check, CheckOutcome } from './check.ts';
import type { ActivityView } from './health.ts';
import { moved, type Way } from './way.ts';

/** What checks are made of. */
export interface HealthChecksParts {
  readonly routes: RouteSource;
  readonly check: Check;
  /** What is known already. */
  readonly seen: ActivityView;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that never jump, as those of `performance.now`. */
  readonly ticks: () => number;
  /** Told what each check found. `askedAt` in ticks. */
  readonly found: (way: Way, id: EndpointId, outcome: CheckOutcome, askedAt: number) => void;
  /** Whether a way is left alone since it failed; this question has it checked when its pause is over. */
  readonly isEjected: (way: Way, endpoint: Endpoint) => boolean;
}

const WAYS: readonly Way[] = ['http', 'tcp'];

/** Checks under way at one time, and those that wait for their turn. */
export const MOST_AT_ONCE = 32;
const MOST_WAITING = 256;
/** How many checks all looks together may begin: a page full at once. */
const LOOKS = { atOnce: 200, perSecond: 20 };
/**
 * What was tried within this time is not checked again since somebody looks. An SSH server counts a connection without a word for a
 * second (`PerSourcePenalties` of OpenSSH 9.8): this is far from what it locks out.
 */
const KNOWN_FOR_MS = 10_000;
/** How long a look waits for its checks: within a cluster most are over by then. */
const LOOK_PATIENCE_MS = 250;

/** How often the tasks of load-balanced routes are checked, and the most of them in one round. */
const ROUND_MS = 2_000;
const MOST_IN_A_ROUND = 100;

/**
 * Asks tasks whether they answer, where somebody wants to know and traffic does not tell: the tasks of load-balanced routes again and
 * again, others when somebody looks at them. Bounded in number and rate however many endpoints there are; who finds no room is
 * checked with a later look.
 */
export class HealthChecks {
  readonly #parts: HealthChecksParts;
  readonly #underWay = {
    http: new Map<EndpointId, Promise<CheckOutcome>>(),
    tcp: new Map<EndpointId, Promise<CheckOutcome>>(),
  };
  readonly #looks: RateLimit;
  #running = 0;
  readonly #waiting = new FairQueue<() => void>(MOST_WAITING);
  /** Where the next round begins among the tasks of load-balanced routes. */
  #next = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(parts: HealthChecksParts) {
    this.#parts = parts;
    this.#looks = new RateLimit(LOOKS, parts.ticks);
  }

  /** From now on the tasks of load-balanced routes are checked. */
  start(): void {
    this.#timer = setInterval(() => this.round(), ROUND_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Checks one way, or joins the check that is under way. Undefined: there is no room for another. */
  begin(way: Way, endpoint: Endpoint): Promise<CheckOutcome> | undefined {
    const underWay = this.#underWay[way];
    const known = underWay.get(endpoint.id);
    if (known !== undefined) return known;
    if (!this.#waiting.hasRoom(sharerOf(endpoint.task))) return undefined;
    const check = this.#run(way, endpoint).finally(() => underWay.delete(endpoint.id));
    underWay.set(endpoint.id, check);
    return check;
  }

  /**
   * Somebody looks at these: the open ways of which nothing was heard lately are checked, as far as there is room.
   *
   * @returns whether any was, once they are done, or a quarter of a second later.
   */
  async look(endpoints: Iterable<Endpoint>): Promise<boolean> {
    const begun = this.#beginStale(endpoints);
    if (begun.length === 0) return false;
    await Promise.race([Promise.all(begun), sleep(LOOK_PATIENCE_MS, undefined, { ref: false })]);
    return true;
  }

  #beginStale(endpoints: Iterable<Endpoint>): readonly Promise<CheckOutcome>[] {
    const begun: Promise<CheckOutcome>[] = [];
    for (const endpoint of endpoints) {
      for (const way of WAYS) {
        if (endpoint[way]?.state !== 'open' || this.#isKnown(way, endpoint, KNOWN_FOR_MS)) continue;
        const known = this.#underWay[way].get(endpoint.id);
        if (known === undefined && !this.#looks.take('')) return begun;
        const check = known ?? this.begin(way, endpoint);
        if (check !== undefined) begun.push(check);
      }
    }
    return begun;
  }

  /** Checks the tasks of load-balanced routes, so many that are due. */
  round(): void {
    const tasks = balancedRoutes(this.#parts.routes.current()).flatMap(
      ({ endpoints }) => endpoints,
    );
    let begun = 0;
    for (let turn = 0; turn < tasks.length && begun < MOST_IN_A_ROUND; turn++) {
      const endpoint = tasks[this.#next % tasks.length];
      this.#next = (this.#next + 1) % tasks.length;
      if (endpoint?.http?.state !== 'open') continue;
      // One that is ejected is checked by this question, as soon as its pause is over.
      const ejected = this.#parts.isEjected('http', endpoint);
      if (!ejected && !this.#isDue(endpoint)) continue;
      // There may be no room for this one alone.
      if (!ejected) void this.begin('http', endpoint);
      begun += 1;
    }
  }

  /** Traffic tells as much as a connection does, but not what a health path says. */
  #isDue(endpoint: Endpoint): boolean {
    const { http } = endpoint;
    const named = http?.state === 'open' && http.healthPath !== undefined;
    return named || !this.#isKnown('http', endpoint, ROUND_MS);
  }

  /** Whether it was tried within this time. What was tried in the future was tried before the clock was set. */
  #isKnown(way: Way, { id }: Endpoint, within: number): boolean {
    const { answeredAt, failedAt } = this.#parts.seen(id, way);
    const age = this.#parts.now() - Math.max(answeredAt, failedAt);
    return age >= 0 && age < within;
  }

  async #run(way: Way, endpoint: Endpoint): Promise<CheckOutcome> {
    const { check, routes, found } = this.#parts;
    if (this.#running < MOST_AT_ONCE) this.#running += 1;
    else {
      await new Promise<void>((resolve) => this.#waiting.add(sharerOf(endpoint.task), resolve));
    }
    const askedAt = this.#parts.ticks();
    try {
      const outcome = await check(endpoint, way);
      const now = routes.current().endpoints.get(endpoint.id);
      // What is there no more says nothing of what came after it.
      const there = now !== undefined && !moved(endpoint, now, way);
      if (there) found(way, endpoint.id, outcome, askedAt);
      return outcome;
    } finally {
      // Whoever waits goes on in this place.
      const next = this.#waiting.take();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
