import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { Auth } from '../auth/auth.ts';
import type { Audience } from '../auth/audience.ts';
import { endpointAudience, readAudience, staticAudience } from '../auth/audience.ts';
import type { Denied } from '../auth/decision.ts';
import type { EndpointTokenRecord } from '../auth/endpoint_token_store.ts';
import type { EndpointTokens } from '../auth/endpoint_tokens.ts';
import { isOwnForm } from '../auth/form_origin.ts';
import type { Known } from '../auth/viewer.ts';
import type { RouteSource } from '../routes/table.ts';
import type { Settings } from '../settings/settings.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { Log } from '../telemetry/log.ts';
import type { OwnAnswer } from './own_answer.ts';
import { sendOwn } from './own_answer.ts';
import type { OwnPages, OwnRequest } from './own_pages.ts';
import { readBody } from './request_body.ts';

/** Path of the API; a token's own path is this, a slash and its id. */
export const ENDPOINT_TOKENS_PATH = '/api/v1/endpoint-tokens';

/** What the API is made of. */
export interface EndpointTokensApiParts {
  readonly settings: Pick<Settings, 'ROUTER_URL'>;
  readonly auth: Auth;
  readonly routes: RouteSource;
  readonly log: Log;
}

const MONTH = 30 * 24 * 3600;
const YEAR = 365 * 24 * 3600;

const ENDPOINT_ID = /^[0-9a-f]{32}(?:__[A-Za-z0-9._-]{1,64})?$/;

/** Either an endpoint's id or a static route's name; times in seconds. */
const WISH = z
  .strictObject({
    endpoint: z.string().regex(ENDPOINT_ID).optional(),
    route: z.string().max(128).optional(),
    label: z.string().trim().min(1).max(100),
    expires_in: z.number().int().min(60).max(YEAR).default(MONTH),
  })
  .refine(({ endpoint, route }) => (endpoint === undefined) !== (route === undefined));

/**
 * Makes, lists and revokes endpoint tokens of the signed-in user:
 * `POST {endpoint | route, label, expires_in?}` → 201 with `token`, `GET` → 200, `DELETE /<id>` → 204.
 */
export function createEndpointTokensApi(parts: EndpointTokensApiParts): OwnPages {
  const api = new EndpointTokensApi(parts);
  return async (request, response) => {
    const answer = await api.answer(request);
    if (answer === undefined) return false;
    sendOwn(response, answer);
    return true;
  };
}

class EndpointTokensApi {
  readonly #parts: EndpointTokensApiParts;

  constructor(parts: EndpointTokensApiParts) {
    this.#parts = parts;
  }

  async answer({ message, path }: OwnRequest): Promise<OwnAnswer | undefined> {
    const { auth, settings } = this.#parts;
    const id = path.startsWith(`${ENDPOINT_TOKENS_PATH}/`)
      ? path.slice(ENDPOINT_TOKENS_PATH.length + 1)
      : undefined;
    if (path !== ENDPOINT_TOKENS_PATH && id === undefined) return undefined;
    const { method = 'GET', rawHeaders, url: rawUrl = '/' } = message;
    const known = await auth.viewer.identify({
      method,
      rawHeaders,
      rawUrl,
      host: message.headers.host ?? '',
    });
    if (known.outcome === 'denied') return denied(known);
    if (auth.endpointTokens === undefined || known.identity === undefined) {
      return problem(404, 'endpoint-tokens-off', 'This router keeps no endpoint tokens.');
    }
    const reads = method === 'GET' || method === 'HEAD';
    if (!reads && !isOwnForm(message.headers, settings.ROUTER_URL)) {
      return problem(403, 'foreign-origin', 'This request was sent by another site.');
    }
    const user = { ...known, identity: known.identity };
    if (id === undefined && reads) return this.#list(auth.endpointTokens, user);
    if (id === undefined && method === 'POST') {
      return this.#issue(auth.endpointTokens, user, message);
    }
    if (id !== undefined && method === 'DELETE') return this.#revoke(auth.endpointTokens, user, id);
    const allow = id === undefined ? 'GET, HEAD, POST' : 'DELETE';
    return {
      ...problem(405, 'method-not-allowed', `Allowed: ${allow}.`),
      headers: { Allow: allow },
    };
  }

  async #list(tokens: EndpointTokens, { identity }: User): Promise<OwnAnswer> {
    const records = await tokens.list(identity);
    if (records === undefined) return away();
    return { status: 200, body: { json: { endpoint_tokens: records.map(toJson) } } };
  }

  async #issue(tokens: EndpointTokens, user: User, message: IncomingMessage): Promise<OwnAnswer> {
    const body = await readBody(message);
    const wish = WISH.safeParse(body === undefined ? undefined : readJson(body));
    if (!wish.success) {
      return problem(
        400,
        'bad-request',
        'Expected JSON with either "endpoint" (an id) or "route" (a static route\'s name), a "label" of 1 to 100 characters, and "expires_in" in seconds, 60 to 31536000, if at all.',
      );
    }
    const { endpoint, route, label, expires_in: seconds } = wish.data;
    const audience = await this.#audience(user, endpoint, route);
    if (typeof audience !== 'string') return audience;
    const issued = await tokens.issue(user.identity, { audience, label, lifetime: seconds * 1000 });
    if (issued === 'unavailable') return away();
    if (issued === 'too-many') {
      return problem(409, 'too-many', 'There are too many endpoint tokens; revoke some first.');
    }
    this.#audit('endpoint-token-issued', user, issued.record);
    return {
      status: 201,
      body: { json: { ...toJson(issued.record), token: issued.text } },
    };
  }

  async #revoke(tokens: EndpointTokens, user: User, id: string): Promise<OwnAnswer> {
    const revoked = await tokens.revoke(user.identity, id);
    if (revoked === 'unavailable') return away();
    if (!revoked) return problem(404, 'not-found', 'You have no endpoint token of this id.');
    this.#audit('endpoint-token-revoked', user, { id });
    return { status: 204, body: undefined };
  }

  /** What the user may make a token for: an endpoint or a static route that is open to them now. */
  async #audience(
    user: User,
    endpoint: string | undefined,
    routeName: string | undefined,
  ): Promise<Audience | OwnAnswer> {
    const table = this.#parts.routes.current();
    const nothing = problem(404, 'not-found', 'There is no such endpoint or route for you.');
    if (endpoint !== undefined) {
      const seen = await this.#parts.auth.viewer.sees(user, endpoint);
      if (typeof seen !== 'boolean') return denied(seen);
      return seen && table.endpoints.has(endpoint) ? endpointAudience(endpoint) : nothing;
    }
    const routes = [...table.staticPaths.values(), ...table.staticHosts.values()];
    const route = routes.find(({ name, enabled }) => name === routeName && enabled);
    if (route === undefined) return nothing;
    if (route.access === 'task') {
      const ids = route.endpoints.map(({ id }) => id);
      const seen = await this.#parts.auth.viewer.visible(user, ids);
      if ('outcome' in seen) return denied(seen);
      if (seen.size === 0) return nothing;
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

type User = Known & { readonly identity: NonNullable<Known['identity']> };

/** The API's own words for a record; its text is never among them. */
function toJson({ id, label, audience, createdAt, expiresAt }: EndpointTokenRecord) {
  return {
    id,
    label,
    ...readAudience(audience),
    created: new Date(createdAt).toISOString(),
    expires: new Date(expiresAt).toISOString(),
  };
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function problem(status: number, code: string, message: string): OwnAnswer {
  return { status, body: { json: { error: { code, message } } } };
}

function away(): OwnAnswer {
  const answer = problem(503, 'unavailable', 'The place of the records cannot be reached now.');
  return { ...answer, headers: { 'Retry-After': '5' } };
}

/** Programs are never redirected. */
function denied({ status, reason, retryAfter }: Denied): OwnAnswer {
  const code = status === 302 ? 401 : status;
  const answer = problem(code, reason, 'Sign in, or send a ClearML token as Bearer.');
  const headers = {
    ...(code === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  };
  return { ...answer, headers };
}
