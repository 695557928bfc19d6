import { hash } from 'node:crypto';
import type { SharingActs } from '../../auth/auth.ts';
import type { EndpointRights } from '../../auth/access/endpoint_rights.ts';
import { RateLimit } from '../../load/rate_limit.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import { DENIALS } from '../../auth/gate/denials.ts';
import { isOwners } from '../../auth/identity/owner.ts';
import { letsIn } from '../../auth/sharing/links.ts';
import type { LinkRecord } from '../../auth/sharing/store.ts';
import { clientOf } from '../../grammar/client_of.ts';
import { TASK_ID_LENGTH, taskIdOf } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import type { Settings } from '../../settings/settings.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import type { User } from '../acts/user.ts';
import { GRANTS_AWAY, triedTooOften } from './words.ts';

export interface LinkActsParts {
  readonly sharing: SharingActs;
  readonly rights: Pick<EndpointRights, 'level' | 'ceiling'>;
  readonly routes: RouteSource;
  readonly settings: Pick<Settings, 'TRUSTED_PROXIES'>;
  readonly log: Log;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** A link that may let somebody in, and what it leads them to: one endpoint at the least. */
export interface OpenedLink {
  readonly link: LinkRecord;
  readonly endpoints: readonly Endpoint[];
}

/** Tries in vain. An address may stand for an office behind one gateway. */
const BY_USER = { atOnce: 10, perSecond: 1 / 6 };
const BY_ADDRESS = { atOnce: 40, perSecond: 1 / 2 };
/** Tasks of one project that ClearML is asked about. */
const TASKS_TRIED = 50;

/** The same for a link that is wrong, spent, expired or was taken back, and for a task that is not there or that ClearML does not show. */
export const NO_SUCH_LINK = nothingHere(
  'This link is not valid, or no longer, or ClearML does not show you the task that it leads to.',
);

/** What somebody does who was given a link. */
export class LinkActs {
  readonly #parts: LinkActsParts;
  readonly #byUser: RateLimit;
  /** Behind an ingress that TRUSTED_PROXIES does not name, all clients share one address. */
  readonly #byAddress: RateLimit | undefined;

  constructor(parts: LinkActsParts) {
    this.#parts = parts;
    const { settings, now } = parts;
    this.#byUser = new RateLimit(BY_USER, now);
    this.#byAddress =
      settings.TRUSTED_PROXIES.length > 0 ? new RateLimit(BY_ADDRESS, now) : undefined;
  }

  /** What a link leads this user to. Nothing is spent. */
  async open(user: User, text: string, client: string): Promise<OpenedLink | Answer | Denied> {
    const { userId } = user.identity;
    const address = clientOf(client);
    for (const [limit, who] of [
      [this.#byUser, userId],
      [this.#byAddress, address],
    ] as const) {
      if (limit?.take(who) === false) {
        return triedTooOften(limit.wait(who), 'You have tried too many links in vain.');
      }
    }
    const opened = await this.#open(user, text);
    if ('link' in opened) {
      this.#byUser.giveBack(userId);
      this.#byAddress?.giveBack(address);
    }
    return opened;
  }

  /** Lets the user in: one use is spent, unless it let them in before, or leads them to what is theirs. */
  async redeem(user: User, text: string, client: string): Promise<OpenedLink | Answer | Denied> {
    const opened = await this.open(user, text, client);
    if (!('link' in opened)) return opened;
    const { identity } = user;
    const { link } = opened;
    if (link.ownerId === identity.userId) return opened;
    const outcome = await this.#parts.sharing.grants.redeem(link.id, identity);
    if (outcome === 'unavailable') return GRANTS_AWAY;
    if (outcome === 'spent') return NO_SUCH_LINK;
    this.#parts.log.info(
      {
        event: 'link_redeemed',
        user: excerpt(identity.userId),
        owner: excerpt(link.ownerId),
        grant: link.id,
        client: excerpt(client),
      },
      'A link let somebody in',
    );
    return opened;
  }

  /** ClearML is asked whatever becomes of it, with one call, so that all of it takes the same time. */
  async #open({ identity }: User, text: string): Promise<OpenedLink | Answer | Denied> {
    const { links, access } = this.#parts.sharing;
    const link = links.open(text);
    const valid =
      link !== undefined &&
      link.companyId === identity.companyId &&
      (link.ownerId === identity.userId || letsIn(link.gives.link, identity.userId));
    const endpoints = valid ? this.#targets(link) : [];
    const tasks = [...new Set(endpoints.map(({ task }) => task.id))];
    const asked = tasks.length > 0 ? tasks : [noTask(text)];
    const seen = await access.askAll(identity, asked);
    if (typeof seen === 'string') return { outcome: 'denied', ...DENIALS[seen], identity };
    const shown = endpoints.filter(({ id }) => seen.has(taskIdOf(id)));
    return link === undefined || shown.length === 0 ? NO_SUCH_LINK : { link, endpoints: shown };
  }

  /** What is routed now of what a link gives, as far as its task and the operator let it be given. */
  #targets(link: LinkRecord): readonly Endpoint[] {
    const { subject } = link;
    const { routes, rights } = this.#parts;
    const { endpoints } = routes.current();
    const isGiven = (one: Endpoint): boolean =>
      isOwners(link, one.task) && rights.ceiling(one) !== 'owner';
    if ('endpoint' in subject) {
      const endpoint = endpoints.get(subject.endpoint);
      return endpoint !== undefined && isGiven(endpoint) ? [endpoint] : [];
    }
    return [...endpoints.values()]
      .filter((one) => one.task.projectName === subject.project && isGiven(one))
      .slice(0, TASKS_TRIED);
  }
}

/** The id of a task that is not there, the same for each try of one text. */
function noTask(text: string): string {
  return hash('sha256', text, 'hex').slice(0, TASK_ID_LENGTH);
}
