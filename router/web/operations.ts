import type { Denied } from '../auth/decision.ts';
import type { EndpointTokenRecord } from '../auth/endpoint_token_store.ts';
import { readAudience } from '../auth/audience.ts';
import type { Known } from '../auth/viewer.ts';
import { preferredForm } from '../proxy/accept.ts';
import type { Answer } from '../proxy/answer.ts';
import type { Operation } from './api.ts';
import type { ConnectivityTest } from './connectivity_test.ts';
import { connectivityPage } from './connectivity_page.ts';
import {
  BAD_WISH,
  TOKENS_OFF,
  WISH,
  type EndpointTokenActs,
  type User,
} from './endpoint_token_acts.ts';
import type { Lister } from './lister.ts';
import { openApiDocument } from './openapi.ts';
import type { OwnAnswer } from './own_answer.ts';
import type { OwnRequest } from './own_pages.ts';
import { PAGE_HEADERS } from './page_assets.ts';
import { readBody } from './request_body.ts';

/** What the operations act through. */
export interface OperationParts {
  readonly lister: Lister;
  readonly test: ConnectivityTest;
  /** Undefined where endpoint tokens are off. */
  readonly tokens: EndpointTokenActs | undefined;
  readonly origin: string;
}

/** Everything under /api/v1/. */
export function apiOperations({ lister, test, tokens, origin }: OperationParts): Operation[] {
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
        return { status: 200, headers: PAGE_HEADERS, body: { page: connectivityPage(result) } };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/endpoint-tokens',
      answer: withTokens(async (acts, user) => {
        const records = await acts.list(user);
        if ('status' in records) return records;
        return json(200, { endpoint_tokens: records.map(tokenJson) });
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/endpoint-tokens',
      answer: withTokens(async (acts, user, { message }) => {
        const wish = WISH.safeParse(readJson(await readBody(message)));
        if (!wish.success) return BAD_WISH;
        const { endpoint, route } = wish.data;
        if ((endpoint === undefined) === (route === undefined)) return BAD_WISH;
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

type Reply = Promise<OwnAnswer | Answer | Denied>;

function json(status: number, value: unknown): OwnAnswer {
  return { status, headers: { Vary: 'Cookie, Authorization' }, body: { json: value } };
}

/** The API's own words for a record; its text is never among them. */
function tokenJson({ id, label, audience, createdAt, expiresAt }: EndpointTokenRecord) {
  return {
    id,
    label,
    ...readAudience(audience),
    created: new Date(createdAt).toISOString(),
    expires: new Date(expiresAt).toISOString(),
  };
}

function readJson(body: string | undefined): unknown {
  try {
    return body === undefined ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}
