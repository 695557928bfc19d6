import * as z from 'zod';
import { endpointAudience, staticAudience, type Audience } from '../../auth/sealed/audience.ts';
import type { Auth } from '../../auth/auth.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import { isDeviceToken, type EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import {
  isOf,
  type EndpointTokens,
  type IssuedToken,
  type RecordFilter,
} from '../../auth/endpoint_tokens/endpoint_tokens.ts';
import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import { ActRate } from '../acts/act_rate.ts';
import { TYPED_KEYS, type User } from '../acts/user.ts';
import { badRequest, unavailable } from '../parts/refusals.ts';
import { staticRoutes } from '../overview/list_routes.ts';
import { isOpenToAll } from '../../auth/access/endpoint_rights.ts';
import { administersCompany } from '../../auth/access/roles.ts';

/** What a token is made for: an endpoint by its id, or a static route by its name. */
export interface Subject {
  readonly endpoint?: string | undefined;
  readonly route?: string | undefined;
}

/** How a page of tokens names its subject in its query. */
export function subjectQuery({ endpoint, route = '' }: Subject): URLSearchParams {
  return new URLSearchParams(endpoint === undefined ? { route } : { endpoint });
}

const MONTH_SECONDS = 30 * 24 * 3600;
const YEAR_SECONDS = 365 * 24 * 3600;

/** What a user asks for, as JSON; either an endpoint's id or a static route's name. */
export const WISH = z
  .strictObject({
    endpoint: z.string().regex(ENDPOINT_ID).optional(),
    route: z.string().max(128).optional(),
    label: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .meta({ description: 'What it is for, to know it by.' }),
    expires_in: z
      .int()
      .min(60)
      .max(YEAR_SECONDS)
      .default(MONTH_SECONDS)
      .meta({ description: 'Seconds; cut to the life of the user’s own ClearML token.' }),
    ...TYPED_KEYS,
  })
  .meta({ id: 'EndpointTokenWish' });

export const BAD_WISH = badRequest(
  'Expected JSON with either "endpoint" (an id) or "route" (a static route\'s name), a "label" of 1 to 100 characters, and "expires_in" in seconds, 60 to 31536000, if at all.',
);

export const TOKENS_OFF: Answer = {
  status: 404,
  code: 'endpoint-tokens-off',
  title: 'This router keeps no endpoint tokens',
  detail:
    'Endpoint tokens need a place for their records: a Kubernetes Lease (LEASE_NAME), or a file (STATE_FILE), and the sign-in switched on.',
  advice: 'Ask whoever runs the router. A ClearML token as Bearer works without.',
};

const NOTHING = nothingHere('There is no such endpoint or route, or it is not open to you.');

const NO_SUCH_TOKEN: Answer = {
  status: 404,
  code: 'not-found',
  title: 'No such token',
  detail: 'You have no token of this id.',
};

const TOO_MANY: Answer = {
  status: 409,
  code: 'too-many',
  title: 'Too many endpoint tokens',
  detail: 'There are too many endpoint tokens; revoke some first.',
};

const AWAY = unavailable(
  'The records of endpoint tokens cannot be reached',
  'Nothing was changed.',
);

export interface EndpointTokenActsParts {
  readonly auth: Pick<Auth, 'viewer'>;
  readonly tokens: EndpointTokens;
  readonly routes: RouteSource;
  readonly log: Log;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Makes endpoint tokens, and lists and revokes these and device tokens, of a signed-in user: the same acts behind the API and the page. */
export class EndpointTokenActs {
  readonly #parts: EndpointTokenActsParts;
  readonly #rate: ActRate;

  constructor(parts: EndpointTokenActsParts) {
    this.#parts = parts;
    this.#rate = new ActRate(parts.now);
  }

  /** The user's own; with `everybody` those of all whom the user administers. */
  async list(
    { identity }: User,
    everybody = false,
  ): Promise<readonly EndpointTokenRecord[] | Answer> {
    const records = await this.#parts.tokens.list(
      (one) => isOf(one, identity) || (everybody && administersCompany(identity, one.companyId)),
    );
    return records ?? AWAY;
  }

  async issue(user: User, wish: z.infer<typeof WISH>): Promise<IssuedToken | Answer | Denied> {
    const { label, expires_in: seconds } = wish;
    const audience = await this.audience(user, wish);
    if (typeof audience !== 'string') return audience;
    const limited = this.#rate.refusal(user);
    if (limited !== undefined) return limited;
    const { tokens } = this.#parts;
    const issued = await tokens.issue(user.identity, { audience, label, lifetime: seconds * 1000 });
    if (issued === 'unavailable') return AWAY;
    if (issued === 'too-many') return TOO_MANY;
    this.#audit('endpoint_token_issued', user, issued.record);
    return issued;
  }

  /** The record of a token that stands. */
  get(id: string): EndpointTokenRecord | undefined {
    return this.#parts.tokens.get(id);
  }

  /** One of the user's own, or of anybody whom the user administers, of those that `among` says yes to. Undefined when it is done. */
  async revoke(
    user: User,
    id: string,
    among: RecordFilter = () => true,
  ): Promise<Answer | undefined> {
    const { identity } = user;
    const limited = this.#rate.refusal(user);
    if (limited !== undefined) return limited;
    const revoked = await this.#parts.tokens.revoke(
      (one) => among(one) && (isOf(one, identity) || administersCompany(identity, one.companyId)),
      id,
    );
    if (revoked === 'unavailable') return AWAY;
    if (revoked === undefined) return NO_SUCH_TOKEN;
    const event = isDeviceToken(revoked) ? 'device_token_revoked' : 'endpoint_token_revoked';
    this.#audit(event, user, { id, userId: revoked.userId });
    return undefined;
  }

  /** What the user may make a token for: an endpoint or a static route that is open to them now. */
  async audience(
    user: User,
    { endpoint, route: routeName }: Subject,
  ): Promise<Audience | Answer | Denied> {
    const { auth, routes } = this.#parts;
    const table = routes.current();
    if (endpoint !== undefined) {
      const seen = await auth.viewer.sees(user, endpoint);
      if (typeof seen !== 'boolean') return seen;
      return seen && table.endpoints.has(endpoint) ? endpointAudience(endpoint) : NOTHING;
    }
    const route = staticRoutes(table).find(({ name, enabled }) => name === routeName && enabled);
    if (route === undefined) return NOTHING;
    if (!isOpenToAll(route)) {
      const open = await auth.viewer.openRoutes(user, [route]);
      if ('outcome' in open) return open;
      if (!open.has(route)) return NOTHING;
    }
    return staticAudience(route.name);
  }

  #audit(event: string, { identity }: User, record: Partial<EndpointTokenRecord>): void {
    this.#parts.log.info(
      {
        event,
        user: excerpt(identity.userId),
        owner:
          record.userId === undefined || record.userId === identity.userId
            ? undefined
            : excerpt(record.userId),
        token: record.id,
        opens: record.audience === undefined ? undefined : excerpt(record.audience),
        label: record.label === undefined ? undefined : excerpt(record.label),
      },
      'A token was made or revoked',
    );
  }
}
