import * as z from 'zod';
import type { Audience } from '../auth/audience.ts';
import { endpointAudience, staticAudience } from '../auth/audience.ts';
import type { Auth } from '../auth/auth.ts';
import type { Denied } from '../auth/decision.ts';
import type { EndpointTokenRecord } from '../auth/endpoint_token_store.ts';
import type { EndpointTokens, IssuedToken } from '../auth/endpoint_tokens.ts';
import type { Identity } from '../auth/identity.ts';
import type { Known } from '../auth/viewer.ts';
import type { Answer } from '../proxy/answer.ts';
import { ENDPOINT_ID } from '../routes/endpoint_id.ts';
import type { RouteSource } from '../routes/table.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { Log } from '../telemetry/log.ts';

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

const MONTH = 30 * 24 * 3600;
const YEAR = 365 * 24 * 3600;

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
      .max(YEAR)
      .default(MONTH)
      .meta({ description: 'Seconds; cut to the life of the user’s own ClearML token.' }),
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

const NOTHING: Answer = {
  status: 404,
  code: 'not-found',
  title: 'There is nothing here for you',
  detail: 'There is no such endpoint or route, or it is not open to you.',
};

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

  async list({ identity }: User): Promise<readonly EndpointTokenRecord[] | Answer> {
    return (await this.#parts.tokens.list(identity)) ?? AWAY;
  }

  async issue(user: User, wish: z.infer<typeof WISH>): Promise<IssuedToken | Answer | Denied> {
    const { label, expires_in: seconds } = wish;
    const audience = await this.audience(user, wish);
    if (typeof audience !== 'string') return audience;
    const { tokens } = this.#parts;
    const issued = await tokens.issue(user.identity, { audience, label, lifetime: seconds * 1000 });
    if (issued === 'unavailable') return AWAY;
    if (issued === 'too-many') return TOO_MANY;
    this.#audit('endpoint-token-issued', user, issued.record);
    return issued;
  }

  /** Undefined when it is done. */
  async revoke(user: User, id: string): Promise<Answer | undefined> {
    const revoked = await this.#parts.tokens.revoke(user.identity, id);
    if (revoked === 'unavailable') return AWAY;
    if (!revoked) return NO_SUCH_TOKEN;
    this.#audit('endpoint-token-revoked', user, { id });
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
    const all = [...table.staticPaths.values(), ...table.staticHosts.values()];
    const route = all.find(({ name, enabled }) => name === routeName && enabled);
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
        token: record.id,
        opens: record.audience === undefined ? undefined : excerpt(record.audience),
        label: record.label === undefined ? undefined : excerpt(record.label),
      },
      'An endpoint token was made or revoked',
    );
  }
}
