import { narrower, type AccessLevel, type EndpointLevel } from '../../grammar/access_level.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { StaticRoute } from '../../routes/model/table.ts';
import type { Identity } from '../identity/identity.ts';
import { owns } from '../identity/owner.ts';
import type { Shares } from '../sharing/shares.ts';
import { ACCEPTED, type Question } from './access.ts';
import { administersCompany } from './roles.ts';

/** By what somebody may use an endpoint: as its owner, by its level, or by their role alone. */
export type Right = 'owner' | 'level' | 'administrator';

export interface RightsParts {
  /** The level of an endpoint that says nothing: ACCESS_DEFAULT, or what the server's kind makes it. */
  readonly defaultLevel: () => EndpointLevel;
  /** ACCESS_WIDEST. */
  readonly widest: EndpointLevel;
  readonly shares: Shares;
}

/**
 * What the router itself asks once ClearML has shown somebody a task: ClearML's word alone lets in everybody who sees it, and an
 * open-source server shows every task to every account. Of two levels the narrower counts.
 */
export class EndpointRights {
  readonly #parts: RightsParts;

  constructor(parts: RightsParts) {
    this.#parts = parts;
  }

  /** The level of an endpoint of which neither its task nor its owner says anything. */
  get byDefault(): EndpointLevel {
    return narrower(this.#parts.widest, this.#parts.defaultLevel());
  }

  /** The most that this endpoint can be open to, whatever its owner gives: the task's own word and ACCESS_WIDEST. */
  ceiling({ access }: Pick<Endpoint, 'access'>): EndpointLevel {
    const { widest } = this.#parts;
    return access === undefined ? widest : narrower(widest, access);
  }

  /**
   * The level that holds: that of an endpoint that says nothing, no wider than its ceiling; or `visible` where the owner let in
   * everybody who may see the task.
   */
  level(endpoint: Endpoint): EndpointLevel {
    const ceiling = this.ceiling(endpoint);
    const level = narrower(ceiling, this.#parts.defaultLevel());
    if (ceiling !== 'visible' || level === 'visible') return level;
    // Nobody is called so: what is given to them is given to everybody.
    const anybody = { userId: '', companyId: endpoint.task.companyId };
    return this.#parts.shares.given(endpoint, anybody) === 'visible' ? 'visible' : level;
  }

  /** By the endpoint itself, or by the static route that led there. Undefined where the user may not. */
  by(identity: Identity, endpoint: Endpoint, route: StaticRoute | undefined): Right | undefined {
    return route === undefined
      ? this.of(identity, endpoint)
      : this.ofRoute(identity, endpoint, route);
  }

  /** Undefined where the user may not. */
  of(identity: Identity, endpoint: Endpoint): Right | undefined {
    if (owns(identity, endpoint.task)) return 'owner';
    const ceiling = this.ceiling(endpoint);
    if (ceiling !== 'owner') {
      if (ceiling === 'visible' && this.#parts.defaultLevel() === 'visible') return 'level';
      const given = this.#parts.shares.given(endpoint, identity);
      if (given === 'people' || (given === 'visible' && ceiling === 'visible')) return 'level';
    }
    return administersCompany(identity, endpoint.task.companyId) ? 'administrator' : undefined;
  }

  /** The same by a static route: the operator's word, and the task's own where that is narrower. */
  ofRoute(identity: Identity, endpoint: Endpoint, route: StaticRoute): Right | undefined {
    if (owns(identity, endpoint.task)) return 'owner';
    const level = routeLevel(route, endpoint);
    if (level !== 'owner' && (level !== 'people' || this.#isNamed(identity, endpoint, route))) {
      return 'level';
    }
    return administersCompany(identity, endpoint.task.companyId) ? 'administrator' : undefined;
  }

  /** By whoever says `people`, the operator or the task: where both do, by both. */
  #isNamed(identity: Identity, endpoint: Endpoint, { access, people }: StaticRoute): boolean {
    if (access === 'people' && people?.includes(identity.userId) !== true) return false;
    return (
      endpoint.access !== 'people' || this.#parts.shares.given(endpoint, identity) === 'people'
    );
  }
}

/** The level of a static route as one endpoint serves it. */
export function routeLevel(
  { access }: Pick<StaticRoute, 'access'>,
  endpoint: Pick<Endpoint, 'access'>,
): AccessLevel {
  return endpoint.access === undefined ? access : narrower(access, endpoint.access);
}

/** What ClearML is asked at a level: whether it still takes the token, or whether it shows the task. */
export function questionOf(level: AccessLevel, { task }: Endpoint): Question {
  return level === 'authenticated' ? ACCEPTED : task.id;
}

/** Whether a static route is open to everybody who is signed in, at least. */
export function isOpenToAll({ access }: Pick<StaticRoute, 'access'>): boolean {
  return access === 'authenticated' || access === 'public';
}
