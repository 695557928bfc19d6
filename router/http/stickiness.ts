import { createHash } from 'node:crypto';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { StaticRoute } from '../routes/model/table.ts';
import { cookieValue } from './headers/cookies.ts';

/** All stickiness cookies of this router begin so; none of them reaches a task. */
const COOKIE_PREFIX = 'router_sticky_';

/** Bound to the route by name and value: a cookie of one route says nothing to another. Tells nothing of the task. */
function tokenOf(route: StaticRoute, endpoint: Endpoint): string {
  return createHash('sha256')
    .update(`${route.type}\n${route.match}\n${endpoint.id}`)
    .digest('base64url')
    .slice(0, 16);
}

/** Name of the route's cookie. Routes are named freely, cookies are not. */
export function stickyCookieName(route: StaticRoute): string {
  return COOKIE_PREFIX + createHash('sha256').update(route.name).digest('hex').slice(0, 8);
}

/** What is worked out of a route once: an anonymous request must not cost a hash for each endpoint of it. */
interface Made {
  readonly cookieName: string;
  readonly tokens: readonly string[];
}

/** Routes are immutable; what was made of one goes with it. */
const made = new WeakMap<StaticRoute, Made>();

function madeOf(route: StaticRoute): Made {
  let known = made.get(route);
  if (known === undefined) {
    known = {
      cookieName: stickyCookieName(route),
      tokens: route.endpoints.map((endpoint) => tokenOf(route, endpoint)),
    };
    made.set(route, known);
  }
  return known;
}

/** Keeps a browser at the endpoint of a load-balanced static route that it had before. */
export class Stickiness {
  readonly #secure: boolean;

  constructor(secureCookies: boolean) {
    this.#secure = secureCookies;
  }

  /** Place among the route's endpoints of the one that this browser had; -1 where it had none of them. */
  placeOf(route: StaticRoute, rawHeaders: readonly string[]): number {
    const { cookieName, tokens } = madeOf(route);
    const had = cookieValue(rawHeaders, cookieName);
    return had === undefined ? -1 : tokens.indexOf(had);
  }

  /** The Set-Cookie that keeps the browser at this endpoint; undefined where it has it already. */
  cookie(
    route: StaticRoute,
    endpoint: Endpoint,
    rawHeaders: readonly string[],
  ): string | undefined {
    const name = stickyCookieName(route);
    const token = tokenOf(route, endpoint);
    if (cookieValue(rawHeaders, name) === token) return undefined;
    const path = route.type === 'path' ? `/${route.match}/` : '/';
    return `${name}=${token}; Path=${path}; HttpOnly; SameSite=Lax${this.#secure ? '; Secure' : ''}`;
  }
}
