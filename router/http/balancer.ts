import type { Ejections } from '../activity/ejections.ts';
import type { GivenUp } from '../activity/given_up.ts';
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
}

/**
 * In which order the tasks of load-balanced static routes are tried: first the one that the browser had before, else the one with
 * the least in flight, with what clients gave up since its last answer, in turn where several have equally little. Those that are ejected, or have no open way in, come last, and are
 * tried like all others where there is nobody else: nothing is refused since a task failed before.
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
    let equals = 0;
    for (const endpoint of endpoints) {
      const load = this.#loadOf(endpoint, way);
      if (load < least) equals = 0;
      if (load <= least) equals += 1;
      least = Math.min(load, least);
    }
    let before = this.#turn++ % equals;
    return endpoints.findIndex(
      (endpoint) => this.#loadOf(endpoint, way) === least && before-- === 0,
    );
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
