import * as z from 'zod';
import { endpointAudience, staticAudience, type Audience } from '../../auth/sealed/audience.ts';
import type { Auth } from '../../auth/auth.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import {
  isOf,
  type EndpointTokens,
  type IssuedToken,
} from '../../auth/endpoint_tokens/endpoint_tokens.ts';
import type { Identity } from '../../auth/identity/identity.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import { staticRoutes } from '../overview/list_routes.ts';
import { administersCompany } from '../overview/roles.ts';

/** What a token is made for: an endpoint by its id, or a static route by its name. */
export interface Subject {
  readonly endpoint?: string | undefined;
  readonly route?: string | undefined;
}

/** How a page of tokens names its subject in its query. */
export function subjectQuery({ endpoint, route = '' }: Subject): URLSearchParams {
  return new URLSearchParams(endpoint === undefined ? { route } : { endpoint });
}

/** Somebody who is known by name; without authentication there are no tokens. */
export type User = Known & { readonly identity: Identity };

const MONTH_SECONDS = 30 * 24 * 3600;
const YEAR_SECONDS = 365 * 24 * 3600;

const KEY = z.string().trim().max(512).optional();

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
    access_key: KEY.meta({
      description:
        'Asked of callers with a cookie where pages of tasks share the origin of the API; or a user name.',
    }),
    secret_key: KEY.meta({ description: 'The same; or the password.' }),
  })
  .meta({ id: 'EndpointTokenWish' });

export const BAD_WISH: Answer = {
  status: 400,
  code: 'bad-request',
  title: 'Bad request',
  detail:
    'Expected JSON with either "endpoint" (an id) or "route" (a static route\'s name), a "label" of 1 to 100 characters, and "expires_in" in seconds, 60 to 31536000, if at all.',
};

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
  detail: 'You have no endpoint token of this id.',
};

const TOO_MANY: Answer = {
  status: 409,
  code: 'too-many',
  title: 'Too many endpoint tokens',
  detail: 'There are too many endpoint tokens; revoke some first.',
};

const AWAY: Answer = {
  status: 503,
  code: 'unavailable',
  title: 'The records of endpoint tokens cannot be reached',
  detail: 'Nothing was changed.',
  advice: 'Try again in a moment; if it lasts, look at the log of the router.',
  headers: ['Retry-After', '5'],
};

export interface EndpointTokenActsParts {
  readonly auth: Pick<Auth, 'viewer'>;
  readonly tokens: EndpointTokens;
  readonly routes: RouteSource;
  readonly log: Log;
}

/** Makes, lists and revokes endpoint tokens of a signed-in user: the same acts behind the API and the page. */
export class EndpointTokenActs {
  readonly #parts: EndpointTokenActsParts;

  constructor(parts: EndpointTokenActsParts) {
    this.#parts = parts;
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
    const { tokens } = this.#parts;
    const issued = await tokens.issue(user.identity, { audience, label, lifetime: seconds * 1000 });
    if (issued === 'unavailable') return AWAY;
    if (issued === 'too-many') return TOO_MANY;
    this.#audit('endpoint_token_issued', user, issued.record);
    return issued;
  }

  /** One of the user's own, or of anybody whom the user administers. Undefined when it is done. */
  async revoke(user: User, id: string): Promise<Answer | undefined> {
    const { identity } = user;
    const revoked = await this.#parts.tokens.revoke(
      (one) => isOf(one, identity) || administersCompany(identity, one.companyId),
      id,
    );
    if (revoked === 'unavailable') return AWAY;
    if (revoked === undefined) return NO_SUCH_TOKEN;
    this.#audit('endpoint_token_revoked', user, { id, userId: revoked.userId });
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
    if (route.access === 'task') {
      const ids = route.endpoints.map(({ id }) => id);
      const seen = await auth.viewer.visible(user, ids);
      if ('outcome' in seen) return seen;
      if (seen.size === 0) return NOTHING;
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
      'An endpoint token was made or revoked',
    );
  }
}
