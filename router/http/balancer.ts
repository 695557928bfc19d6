import type { Ejections } from '../activity/ejections.ts';
import type { GivenUp } from '../activity/given_up.ts';
import type { ActivityView } from '../activity/health.ts';
import type { Way } from '../activity/way.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { StaticRoute } from '../routes/model/table.ts';
import type { Stickiness } from './stickiness.ts';

/** More than anybody has in flight. */
const OUT = 2 ** 32;

/** What a balancer chooses by. */
export interface BalancerParts {
  readonly stickiness: Stickiness;
  readonly ejections: Pick<Ejections, 'has'>;
  readonly givenUp: Pick<GivenUp, 'of'>;
  /** How much a task has in flight from this process. */
  readonly inFlight: (taskId: string) => number;
  /** What was seen of its ways, their last answers among it. */
  readonly seen: ActivityView;
}

/**
 * In which order the tasks of load-balanced static routes are tried: first the one that the browser had before, else the one with
 * the least in flight, with what clients gave up since its last answer. Of several that have equally much the one that answered last
 * comes first, since one that stands still has answered none of it; where they have nothing they take turns. Those that are ejected,
 * or have no open way in, come last, and are tried like all others where there is nobody else: nothing is refused since a task failed
 * before.
 */
export class Balancer {
  readonly #parts: BalancerParts;
  #turn = 0;

  constructor(parts: BalancerParts) {
    this.#parts = parts;
  }

  /** The route with its endpoints in the order in which they are to be tried. */
  order(route: StaticRoute, rawHeaders: readonly string[], way: Way): StaticRoute {
    const { endpoints } = route;
    if (!route.loadBalanced || endpoints.length < 2) return route;
    const had = this.#parts.stickiness.placeOf(route, rawHeaders);
    const first = this.#isOut(endpoints[had], way) ? this.#least(endpoints, way) : had;
    return { ...route, endpoints: this.#from(first, endpoints, way) };
  }

  /** The route with those of its endpoints that are left when `tried` has failed; undefined where none is. */
  rest(route: StaticRoute, tried: Endpoint, way: Way): StaticRoute | undefined {
    if (!route.loadBalanced) return undefined;
    // The gate has passed over those before it: their user may not use them.
    const place = route.endpoints.findIndex(({ id }) => id === tried.id);
    const left = route.endpoints.slice(place + 1);
    if (left.length === 0) return undefined;
    return { ...route, endpoints: this.#from(this.#least(left, way), left, way) };
  }

  #isOut(endpoint: Endpoint | undefined, way: Way): boolean {
    return endpoint?.[way]?.state !== 'open' || this.#parts.ejections.has(way, endpoint);
  }

  /** Place of the one with the least in flight. */
  #least(endpoints: readonly Endpoint[], way: Way): number {
    let least = Infinity;
    let latest = 0;
    let equals = 0;
    for (const endpoint of endpoints) {
      const load = this.#loadOf(endpoint, way);
      const answeredAt = this.#answeredAt(endpoint, way, load);
      if (load < least || (load === least && answeredAt > latest)) {
        least = load;
        latest = answeredAt;
        equals = 0;
      }
      if (load === least && answeredAt === latest) equals += 1;
    }
    let before = this.#turn++ % equals;
    return endpoints.findIndex((endpoint) => {
      const load = this.#loadOf(endpoint, way);
      if (load !== least || this.#answeredAt(endpoint, way, load) !== latest) return false;
      return before-- === 0;
    });
  }

  /** When it last answered, where it has anything to answer; 0 where it has nothing. */
  #answeredAt(endpoint: Endpoint, way: Way, load: number): number {
    return load === 0 ? 0 : this.#parts.seen(endpoint.id, way).answeredAt;
  }

  #loadOf(endpoint: Endpoint, way: Way): number {
    const { inFlight, givenUp } = this.#parts;
    const load = inFlight(endpoint.task.id) + givenUp.of(endpoint);
    return this.#isOut(endpoint, way) ? OUT + load : load;
  }

  /** All of them, from one on, and last those that are out. */
  #from(first: number, endpoints: readonly Endpoint[], way: Way): readonly Endpoint[] {
    const ordered = [...endpoints.slice(first), ...endpoints.slice(0, first)];
    if (!ordered.some((endpoint) => this.#isOut(endpoint, way))) return ordered;
    const out = ordered.filter((endpoint) => this.#isOut(endpoint, way));
    return [...ordered.filter((endpoint) => !out.includes(endpoint)), ...out];
  }
}
