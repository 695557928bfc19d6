import * as z from 'zod';
import type { Denied } from '../../auth/gate/decision.ts';
import { isOwnForm } from '../../auth/gate/cross_site.ts';
import type { EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import { endpointAudience, readAudience, staticAudience } from '../../auth/sealed/audience.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import { ENDPOINT_TOKENS_PATH } from '../../auth/sessions/return_path.ts';
import type { Answer } from '../../pages/answer.ts';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import { staticRouteUrl } from '../../routes/static/static_routes.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { endpointLabel } from '../overview/endpoint_row.ts';
import {
  TOKENS_OFF,
  WISH,
  subjectQuery,
  type EndpointTokenActs,
  type Subject,
  type User,
} from './acts.ts';
import { endpointTokensPage, tokenMadePage, type TokenSubject } from './page.ts';
import { programUrl, staticRoutes } from '../overview/list_routes.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import { type OwnPages, type OwnRequest } from '../../pages/own_pages.ts';
import { viewerRequest } from '../parts/viewer_request.ts';
import { pageAnswer } from '../parts/page_assets.ts';
import { readBody } from '../parts/request_body.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import { administers } from '../overview/roles.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { ActGuard } from './act_guard.ts';
import type { Places } from '../overview/sources.ts';

/** What the revoke buttons of the page send to. */
const REVOKE_PATH = `${ENDPOINT_TOKENS_PATH}/revoke`;

export interface EndpointTokenPagesParts {
  /** Undefined where endpoint tokens are off. */
  readonly tokens: EndpointTokenActs | undefined;
  readonly guard: ActGuard;
  readonly viewer: Viewer;
  readonly refuse: PageDenials;
  readonly routes: RouteSource;
  readonly places: Places;
  readonly pagesUrl: RouterUrl;
}

const SUBJECT = z.object({
  endpoint: z.string().regex(ENDPOINT_ID).optional(),
  route: z.string().min(1).max(128).optional(),
});
const FORM = WISH.extend({ expires_in: z.coerce.number().pipe(z.int().min(60).max(31_536_000)) });
const REVOCATION = z.object({ id: z.string().max(64) });

const NO_LABEL = { status: 400, detail: 'Give the token a label of 1 to 100 characters.' };

/**
 * The page on which a user makes, sees and revokes endpoint tokens. Plain forms, bound to the router's own origin as the sign-out
 * form is; a token is in the body of one answer that nobody may keep, never in a URL.
 */
export function createEndpointTokenPages(parts: EndpointTokenPagesParts): OwnPages {
  const pages = new EndpointTokenPages(parts);
  return async (request, response) => {
    const { path, message } = request;
    if (path !== ENDPOINT_TOKENS_PATH && path !== REVOKE_PATH) return false;
    sendReply(message, response, await pages.answer(request));
    return true;
  };
}

class EndpointTokenPages {
  readonly #parts: EndpointTokenPagesParts;

  constructor(parts: EndpointTokenPagesParts) {
    this.#parts = parts;
  }

  async answer(request: OwnRequest): Promise<PageAnswer | Answer> {
    const { message, path } = request;
    const { tokens, viewer, refuse, pagesUrl } = this.#parts;
    const { method } = message;
    const reads = path === ENDPOINT_TOKENS_PATH && (method === 'GET' || method === 'HEAD');
    if (!reads && method !== 'POST') {
      return methodNotAllowed(path === REVOKE_PATH ? 'POST' : 'GET, HEAD, POST');
    }
    const known = await viewer.identify(
      viewerRequest(message, reads ? undefined : ENDPOINT_TOKENS_PATH),
    );
    if (known.outcome === 'denied') return refuse.denied(known, request);
    const { identity } = known;
    if (tokens === undefined || identity === undefined) return TOKENS_OFF;
    const user = { ...known, identity };
    if (reads) return this.#show(tokens, user, new URLSearchParams(request.query));
    if (!isOwnForm(message.headers, pagesUrl)) return refuse.foreign(request, identity);
    const fields = new URLSearchParams((await readBody(message)) ?? '');
    if (path === REVOKE_PATH) return this.#revoke(tokens, user, fields);
    const issued = await this.#issue(tokens, user, fields, request.clientAddress);
    return 'outcome' in issued ? refuse.denied(issued, request) : issued;
  }

  /** The tokens of one endpoint or route, or, where none is named, all of the user's; for administrators those of everybody. */
  async #show(
    tokens: EndpointTokenActs,
    user: User,
    fields: URLSearchParams,
    problem?: Pick<Answer, 'status' | 'detail' | 'headers'>,
  ): Promise<PageAnswer | Answer> {
    const everybody = fields.has('everybody') && administers(user.identity);
    const records = await tokens.list(user, everybody);
    if ('status' in records) return records;
    const wanted = everybody ? undefined : readSubject(fields);
    const subject = wanted === undefined ? undefined : await this.#subject(tokens, user, wanted);
    const names = wanted === undefined ? await this.#names(user, records) : new Map();
    const view = {
      names,
      user: { id: user.identity.userId, name: user.identity.userName },
      records: records.filter((record) => wanted === undefined || isFor(record, wanted)),
      subject,
      everybody,
      problem: problem?.detail,
      asksKeys: this.#parts.guard.asksKeys(user),
      revoked: fields.has('revoked'),
      wrong: { label: fields.get('label') ?? '' },
      now: Date.now(),
    };
    const shown = pageAnswer(problem?.status ?? 200, endpointTokensPage(view));
    return { ...shown, headers: { ...shown.headers, ...pairs(problem?.headers) } };
  }

  /** What the endpoints of these records are called, as far as the user may see them now. */
  async #names(
    user: User,
    records: readonly EndpointTokenRecord[],
  ): Promise<ReadonlyMap<string, string>> {
    const { routes, viewer } = this.#parts;
    const { endpoints } = routes.current();
    const ids = records.flatMap(({ audience }) => {
      const opens = readAudience(audience);
      return 'endpoint' in opens ? [opens.endpoint] : [];
    });
    const visible = await viewer.visible(user, ids);
    const names = new Map<string, string>();
    for (const id of 'outcome' in visible ? [] : visible) {
      const endpoint = endpoints.get(id);
      if (endpoint !== undefined) names.set(id, endpointLabel(endpoint.task, endpoint.name));
    }
    return names;
  }

  async #issue(
    tokens: EndpointTokenActs,
    user: User,
    fields: URLSearchParams,
    client: string,
  ): Promise<PageAnswer | Answer | Denied> {
    const wish = FORM.safeParse(Object.fromEntries(fields));
    const wanted = readSubject(fields);
    if (!wish.success || wanted === undefined) {
      return this.#show(tokens, user, fields, NO_LABEL);
    }
    const refusal = await this.#parts.guard.refusal(user, wish.data, client);
    if (refusal !== undefined) return this.#show(tokens, user, fields, refusal);
    const issued = await tokens.issue(user, wish.data);
    if ('status' in issued) return issued;
    const subject = await this.#subject(tokens, user, wanted);
    const { userId: id, userName: name } = user.identity;
    return pageAnswer(200, tokenMadePage({ issued, subject, user: { id, name }, now: Date.now() }));
  }

  async #revoke(
    tokens: EndpointTokenActs,
    user: User,
    fields: URLSearchParams,
  ): Promise<PageAnswer | Answer> {
    const { data } = REVOCATION.safeParse(Object.fromEntries(fields));
    const failed = await tokens.revoke(user, data?.id ?? '');
    if (failed !== undefined) return failed;
    const subject = readSubject(fields);
    const back = subject === undefined ? new URLSearchParams() : subjectQuery(subject);
    if (fields.has('everybody')) back.set('everybody', '1');
    back.set('revoked', '1');
    const headers = { Location: `${ENDPOINT_TOKENS_PATH}?${back.toString()}` };
    return { status: 303, headers, body: undefined };
  }

  /** What the page may say of it: nothing but what was asked for, unless it is open to this user. */
  async #subject(tokens: EndpointTokenActs, user: User, wanted: Subject): Promise<TokenSubject> {
    const { routes, places } = this.#parts;
    const { endpoint: id, route: name } = wanted;
    const fallback = { ...wanted, label: id ?? name ?? '', open: undefined };
    if (typeof (await tokens.audience(user, wanted)) !== 'string') return fallback;
    const table = routes.current();
    const endpoint = id === undefined ? undefined : table.endpoints.get(id);
    if (endpoint !== undefined) {
      const { task, http, tcp } = endpoint;
      const label = endpointLabel(task, endpoint.name);
      const url = programUrl(endpoint, places);
      if (url === undefined) return { ...wanted, label, open: undefined };
      return { ...wanted, label, open: { url, http: http !== undefined, tcp: tcp !== undefined } };
    }
    const route = staticRoutes(table).find((one) => one.name === name);
    if (route === undefined) return fallback;
    const url = staticRouteUrl(route, places.router);
    return { ...wanted, label: route.name, open: { url, http: true, tcp: false } };
  }
}

function readSubject(fields: URLSearchParams): Subject | undefined {
  const { data } = SUBJECT.safeParse({
    endpoint: fields.get('endpoint') ?? undefined,
    route: fields.get('route') ?? undefined,
  });
  if (data?.endpoint !== undefined) return { endpoint: data.endpoint };
  return data?.route === undefined ? undefined : { route: data.route };
}

function isFor({ audience }: EndpointTokenRecord, { endpoint, route = '' }: Subject): boolean {
  return audience === (endpoint === undefined ? staticAudience(route) : endpointAudience(endpoint));
}

function pairs(headers: readonly string[] = []): Record<string, string> {
  const [name, value] = headers;
  return name === undefined || value === undefined ? {} : { [name]: value };
}
