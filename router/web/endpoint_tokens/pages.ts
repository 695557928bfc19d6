import * as z from 'zod';
import type { Denied } from '../../auth/gate/decision.ts';
import { isDeviceToken, type EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import { endpointAudience, readAudience, staticAudience } from '../../auth/sealed/audience.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import { ENDPOINT_TOKENS_PATH } from '../../auth/sessions/return_path.ts';
import type { Answer } from '../../pages/answer.ts';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import { staticRouteUrl } from '../../routes/static/static_routes.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { namesOfVisible } from '../overview/endpoint_names.ts';
import { endpointLabel } from '../overview/endpoint_row.ts';
import { TOKENS_OFF, WISH, subjectQuery, type EndpointTokenActs, type Subject } from './acts.ts';
import { endpointTokensPage, tokenMadePage, type TokenSubject } from './page.ts';
import { staticRoutes } from '../overview/list_routes.ts';
import type { PageAnswer } from '../parts/reply.ts';
import type { OwnPages } from '../../pages/own_pages.ts';
import { named } from '../parts/named.ts';
import { formAnswer, pageAnswer, type Problem } from '../parts/page_assets.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import { administers } from '../../auth/access/roles.ts';
import { programUrl, type EndpointPlaces } from '../../settings/urls.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { ActGuard } from '../acts/act_guard.ts';
import { createFormPages, type FormPaths } from '../acts/form_pages.ts';
import type { User } from '../acts/user.ts';

/** What the revoke buttons of the page send to. */
const REVOKE_PATH = `${ENDPOINT_TOKENS_PATH}/revoke`;

export interface EndpointTokenPagesParts {
  /** Undefined where endpoint tokens are off. */
  readonly tokens: EndpointTokenActs | undefined;
  readonly guard: ActGuard;
  readonly viewer: Viewer;
  readonly refuse: PageDenials;
  readonly routes: RouteSource;
  readonly places: EndpointPlaces;
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
  const home = ENDPOINT_TOKENS_PATH;
  const paths: FormPaths<EndpointTokenActs> = new Map([
    [
      home,
      {
        show: (tokens, user, fields) => pages.show(tokens, user, fields),
        act: (tokens, user, fields, client) => pages.issue(tokens, user, fields, client),
      },
    ],
    [REVOKE_PATH, { act: (tokens, user, fields) => pages.revoke(tokens, user, fields) }],
  ]);
  return createFormPages({ through: parts.tokens, home, paths, off: TOKENS_OFF }, parts);
}

class EndpointTokenPages {
  readonly #parts: EndpointTokenPagesParts;

  constructor(parts: EndpointTokenPagesParts) {
    this.#parts = parts;
  }

  /** The tokens of one endpoint or route, or, where none is named, all of the user's; for administrators those of everybody. */
  async show(
    tokens: EndpointTokenActs,
    user: User,
    fields: URLSearchParams,
    problem?: Problem,
  ): Promise<PageAnswer | Answer> {
    const everybody = fields.has('everybody') && administers(user.identity);
    const all = await tokens.list(user, everybody);
    if ('status' in all) return all;
    const records = all.filter((record) => !isDeviceToken(record));
    const wanted = everybody ? undefined : readSubject(fields);
    const subject = wanted === undefined ? undefined : await this.#subject(tokens, user, wanted);
    const names = wanted === undefined ? await this.#names(user, records) : new Map();
    const view = {
      names,
      user: named(user.identity),
      records: records.filter((record) => wanted === undefined || isFor(record, wanted)),
      devices: wanted === undefined ? all.filter(isDeviceToken) : undefined,
      subject,
      everybody,
      problem: problem?.detail,
      asksKeys: this.#parts.guard.asksKeys(user),
      revoked: fields.has('revoked'),
      wrong: { label: fields.get('label') ?? '' },
      now: Date.now(),
    };
    return formAnswer(endpointTokensPage(view), problem);
  }

  /** What the endpoints of these records are called. */
  #names(
    user: User,
    records: readonly EndpointTokenRecord[],
  ): Promise<ReadonlyMap<string, string>> {
    const ids = records.flatMap(({ audience }) => {
      const opens = readAudience(audience);
      return 'endpoint' in opens ? [opens.endpoint] : [];
    });
    return namesOfVisible(this.#parts, user, ids);
  }

  async issue(
    tokens: EndpointTokenActs,
    user: User,
    fields: URLSearchParams,
    client: string,
  ): Promise<PageAnswer | Answer | Denied> {
    const wish = FORM.safeParse(Object.fromEntries(fields));
    const wanted = readSubject(fields);
    if (!wish.success || wanted === undefined) {
      return this.show(tokens, user, fields, NO_LABEL);
    }
    const refusal = await this.#parts.guard.refusal(user, wish.data, client);
    if (refusal !== undefined) return this.show(tokens, user, fields, refusal);
    const issued = await tokens.issue(user, wish.data);
    if ('status' in issued) return issued;
    const subject = await this.#subject(tokens, user, wanted);
    return pageAnswer(
      200,
      tokenMadePage({ issued, subject, user: named(user.identity), now: Date.now() }),
    );
  }

  async revoke(
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
      const url = programUrl(places, endpoint);
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
