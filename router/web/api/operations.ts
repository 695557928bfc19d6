import type { Denied } from '../../auth/gate/decision.ts';
import type { EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import { readAudience } from '../../auth/sealed/audience.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import { parseJson } from '../../grammar/json.ts';
import { preferredForm } from '../../grammar/accept.ts';
import type { Answer } from '../../pages/answer.ts';
import type { ActGuard } from '../endpoint_tokens/act_guard.ts';
import type { Operation } from './api.ts';
import type { ConnectivityTest } from './connectivity_test.ts';
import { connectivityPage } from './connectivity_page.ts';
import {
  BAD_WISH,
  TOKENS_OFF,
  WISH,
  type EndpointTokenActs,
  type User,
} from '../endpoint_tokens/acts.ts';
import type { Lister } from '../overview/lister.ts';
import { openApiDocument } from './openapi.ts';
import type { PageAnswer } from '../parts/reply.ts';
import type { OwnRequest } from '../../pages/own_pages.ts';
import { BY_USER, pageAnswer } from '../parts/page_assets.ts';
import { readBody } from '../parts/request_body.ts';

/** What the operations act through. */
export interface OperationParts {
  readonly lister: Lister;
  readonly test: ConnectivityTest;
  /** Undefined where endpoint tokens are off. */
  readonly tokens: EndpointTokenActs | undefined;
  readonly guard: ActGuard;
  readonly origin: string;
}

/** Everything under /api/v1/. */
export function apiOperations(parts: OperationParts): Operation[] {
  const { lister, test, tokens, guard, origin } = parts;
  const withTokens =
    (act: (acts: EndpointTokenActs, user: User, request: OwnRequest, id: string) => Reply) =>
    async (request: OwnRequest, known: Known, id: string) => {
      const { identity } = known;
      if (tokens === undefined || identity === undefined) return TOKENS_OFF;
      return act(tokens, { ...known, identity }, request, id);
    };
  return [
    {
      method: 'GET',
      path: '/api/v1/routes',
      answer: async (_request, known) => {
        const listing = await lister(known);
        return 'outcome' in listing ? listing : json(200, listing);
      },
    },
    {
      method: 'GET',
      path: '/api/v1/openapi.json',
      answer: async () => json(200, openApiDocument(origin)),
    },
    {
      method: 'POST',
      path: '/api/v1/endpoints/{id}/test',
      answer: async ({ message, clientAddress }, known, id) => {
        const result = await test.run(known, id, clientAddress);
        if ('status' in result) return result;
        const { accept, 'sec-fetch-mode': mode } = message.headers;
        if (preferredForm(accept, mode) !== 'html') return json(200, result);
        return pageAnswer(200, connectivityPage(result));
      },
    },
    {
      method: 'GET',
      path: '/api/v1/endpoint-tokens',
      answer: withTokens(async (acts, user, { query }) => {
        const everybody = new URLSearchParams(query).get('everybody') === 'true';
        const records = await acts.list(user, everybody);
        if ('status' in records) return records;
        return json(200, { endpoint_tokens: records.map(tokenJson) });
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/endpoint-tokens',
      answer: withTokens(async (acts, user, { message, clientAddress }) => {
        const wish = WISH.safeParse(parseJson((await readBody(message)) ?? ''));
        if (!wish.success) return BAD_WISH;
        const { endpoint, route } = wish.data;
        if ((endpoint === undefined) === (route === undefined)) return BAD_WISH;
        const refusal = await guard.refusal(user, wish.data, clientAddress);
        if (refusal !== undefined) return refusal;
        const issued = await acts.issue(user, wish.data);
        if ('status' in issued) return issued;
        return json(201, { ...tokenJson(issued.record), token: issued.text });
      }),
    },
    {
      method: 'DELETE',
      path: '/api/v1/endpoint-tokens/{id}',
      answer: withTokens(async (acts, user, _request, id) => {
        return (await acts.revoke(user, id)) ?? { status: 204, body: undefined };
      }),
    },
  ];
}

type Reply = Promise<PageAnswer | Answer | Denied>;

function json(status: number, value: unknown): PageAnswer {
  return { status, headers: BY_USER, body: { json: value } };
}

/** The API's own words for a record; its text is never among them. */
function tokenJson(record: EndpointTokenRecord) {
  const { id, label, userId, audience, createdAt, expiresAt } = record;
  return {
    id,
    label,
    user: userId,
    ...readAudience(audience),
    created: new Date(createdAt).toISOString(),
    expires: new Date(expiresAt).toISOString(),
  };
}
