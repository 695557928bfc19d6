import type { SharingActs } from '../../auth/auth.ts';
import type { EndpointRights } from '../../auth/access/endpoint_rights.ts';
import { administersCompany } from '../../auth/access/roles.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import { owns } from '../../auth/identity/owner.ts';
import { isOfEndpoint } from '../../auth/sharing/gifts.ts';
import { isOf } from '../../auth/sharing/grants.ts';
import { linkText, newSecret, SHARE_PATH } from '../../auth/sharing/links.ts';
import {
  isLink,
  type Grant,
  type GrantGives,
  type GrantSubject,
} from '../../auth/sharing/store.ts';
import type { EndpointLevel } from '../../grammar/access_level.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { pagesUrlOf } from '../../settings/urls.ts';
import type { Settings } from '../../settings/settings.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import { ActRate } from '../acts/act_rate.ts';
import type { User } from '../acts/user.ts';
import { badRequest } from '../parts/refusals.ts';
import type { People } from './people.ts';
import { LONGEST_GUEST_SECONDS, type GrantWish } from './wish.ts';
import {
  GRANTS_AWAY,
  GUESTS_OF_PROJECT,
  GUESTS_OFF,
  GUESTS_TOO_LONG,
  NO_SUCH_ENDPOINT,
  NO_SUCH_GRANT,
  NO_SUCH_PROJECT,
  PEOPLE_AWAY,
  TOO_MANY_GRANTS,
  tooWide,
} from './words.ts';

export interface GrantActsParts {
  readonly sharing: SharingActs;
  readonly rights: Pick<EndpointRights, 'level' | 'ceiling'>;
  readonly people: People;
  readonly viewer: Viewer;
  readonly routes: RouteSource;
  readonly settings: Pick<
    Settings,
    'ACCESS_WIDEST' | 'ACCESS_GUESTS' | 'ROUTER_URL' | 'ROUTER_PAGES_URL'
  >;
  readonly log: Log;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** What was given: the URL of a link is told this once. */
export interface Given {
  readonly grant: Grant;
  readonly url: string | undefined;
}

/** Who may use an endpoint. */
export interface EndpointAccess {
  readonly endpoint: Endpoint;
  /** Who may use it, beside those whom the owner named. */
  readonly level: EndpointLevel;
  /** The most that the owner can give. */
  readonly ceiling: EndpointLevel;
  readonly grants: readonly Grant[];
}

/** Gives, lists and takes back: the same acts behind the API and the page. Giving is the owner's own act; administrators see and take back. */
export class GrantActs {
  readonly #parts: GrantActsParts;
  readonly #rate: ActRate;

  constructor(parts: GrantActsParts) {
    this.#parts = parts;
    this.#rate = new ActRate(parts.now);
  }

  async give(user: User, wish: GrantWish): Promise<Given | Answer | Denied> {
    const subject = await this.#subject(user, wish);
    if ('status' in subject) return subject;
    const { settings, sharing } = this.#parts;
    const table = this.#parts.routes.current();
    const endpoint = 'endpoint' in subject ? table.endpoints.get(subject.endpoint) : undefined;
    const level = wish.everybody === true ? 'visible' : 'people';
    const refused = tooWide(level, endpoint?.access, settings.ACCESS_WIDEST);
    if (refused !== undefined) return refused;
    const secret = newSecret();
    const gives = await this.#gives(user, wish, secret.hash);
    if ('status' in gives) return gives;
    const limited = this.#rate.refusal(user);
    if (limited !== undefined) return limited;
    const grant = await sharing.grants.give(user.identity, subject, gives);
    if (grant === 'too-many') return TOO_MANY_GRANTS;
    if (grant === 'unavailable') return GRANTS_AWAY;
    this.#audit('grant_given', user, grant);
    if (!isLink(grant)) return { grant, url: undefined };
    const { origin } = pagesUrlOf(settings);
    return { grant, url: origin + SHARE_PATH + linkText(grant.id, secret.secret) };
  }

  /** What the user gave; with `everybody` what all gave whom the user administers. */
  async list({ identity }: User, everybody = false): Promise<readonly Grant[] | Answer> {
    const grants = await this.#parts.sharing.grants.list(
      (one) => isOf(one, identity) || (everybody && administersCompany(identity, one.companyId)),
    );
    return grants ?? GRANTS_AWAY;
  }

  /** One of the user's own, or of anybody whom the user administers. Undefined when it is done. */
  async revoke(user: User, id: string): Promise<Answer | undefined> {
    const { identity } = user;
    const limited = this.#rate.refusal(user);
    if (limited !== undefined) return limited;
    const revoked = await this.#parts.sharing.grants.revoke(
      (one) => isOf(one, identity) || administersCompany(identity, one.companyId),
      id,
    );
    if (revoked === 'unavailable') return GRANTS_AWAY;
    if (revoked === undefined) return NO_SUCH_GRANT;
    this.#audit('grant_revoked', user, revoked);
    return undefined;
  }

  /** For the owner of an endpoint, and for administrators. */
  async access(user: User, id: EndpointId): Promise<EndpointAccess | Answer | Denied> {
    const { sharing, rights, routes } = this.#parts;
    const known = routes.current().endpoints.get(id);
    const byRole = known !== undefined && administersCompany(user.identity, known.task.companyId);
    const endpoint = byRole ? known : await this.#owned(user, id);
    if ('status' in endpoint) return endpoint;
    const grants = await sharing.grants.list((one) => isOfEndpoint(one, endpoint));
    if (grants === undefined) return GRANTS_AWAY;
    return { endpoint, level: rights.level(endpoint), ceiling: rights.ceiling(endpoint), grants };
  }

  /** What the user may give: an endpoint of a task of theirs, or a project in which they have one. */
  async #subject(
    user: User,
    { endpoint: id, project = '' }: GrantWish,
  ): Promise<GrantSubject | Answer | Denied> {
    if (id !== undefined) {
      const endpoint = await this.#owned(user, id);
      return 'status' in endpoint ? endpoint : { endpoint: id };
    }
    const { routes, viewer } = this.#parts;
    const own = [...routes.current().endpoints.values()].filter(
      (one) => owns(user.identity, one.task) && one.task.projectName === project,
    );
    const seen = await viewer.visible(
      user,
      own.map((one) => one.id),
    );
    if ('outcome' in seen) return seen;
    return seen.size === 0 ? NO_SUCH_PROJECT : { project };
  }

  /** ClearML is asked whatever the router knows of the endpoint, so that the answer takes the same time. */
  async #owned(user: User, id: EndpointId): Promise<Endpoint | Answer | Denied> {
    const { viewer, routes } = this.#parts;
    const seen = await viewer.sees(user, id);
    if (typeof seen !== 'boolean') return seen;
    const endpoint = routes.current().endpoints.get(id);
    return seen && endpoint !== undefined && owns(user.identity, endpoint.task)
      ? endpoint
      : NO_SUCH_ENDPOINT;
  }

  async #gives(
    { identity }: User,
    { project, people: names, link }: GrantWish,
    hash: string,
  ): Promise<GrantGives | Answer> {
    if (link !== undefined) {
      const { uses, expires_in: seconds, guests } = link;
      if (guests && !this.#parts.settings.ACCESS_GUESTS) return GUESTS_OFF;
      if (guests && project !== undefined) return GUESTS_OF_PROJECT;
      if (guests && seconds > LONGEST_GUEST_SECONDS) return GUESTS_TOO_LONG;
      const expiresAt = Date.now() + seconds * 1000;
      return { link: { hash, uses, expiresAt, guests, redeemed: [] } };
    }
    if (names === undefined) return { everybody: true };
    const people = await this.#parts.people.named(identity, names);
    if (people === undefined) return PEOPLE_AWAY;
    return 'problem' in people ? badRequest(people.problem) : { people: [...people] };
  }

  #audit(event: 'grant_given' | 'grant_revoked', { identity }: User, grant: Grant): void {
    this.#parts.log.info(
      {
        event,
        user: excerpt(identity.userId),
        owner: grant.ownerId === identity.userId ? undefined : excerpt(grant.ownerId),
        grant: grant.id,
        ...auditOf(grant),
      },
      'An owner’s endpoints were opened to others, or that was taken back',
    );
  }
}

/** What a line of the log says of a grant: never what would open it. */
function auditOf({ subject, gives }: Grant): Readonly<Record<string, unknown>> {
  const of =
    'endpoint' in subject
      ? { endpoint: excerpt(subject.endpoint) }
      : { project: excerpt(subject.project) };
  if ('people' in gives) return { ...of, people: gives.people.map(({ id }) => excerpt(id)) };
  if ('everybody' in gives) return { ...of, everybody: true };
  const { uses, expiresAt, guests } = gives.link;
  return { ...of, link: { uses, expires: new Date(expiresAt).toISOString(), guests } };
}
