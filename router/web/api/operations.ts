import type { Denied } from '../../auth/gate/decision.ts';
import { isDeviceToken, type EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import { readAudience } from '../../auth/sealed/audience.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import { parseJson } from '../../grammar/json.ts';
import { preferredForm } from '../../grammar/accept.ts';
import type { Answer } from '../../pages/answer.ts';
import type { ActGuard } from '../acts/act_guard.ts';
import type { User } from '../acts/user.ts';
import type { Operation } from './api.ts';
import { deviceOperations } from './device_operations.ts';
import { json } from './json_answer.ts';
import { sharingOperations } from './sharing_operations.ts';
import { BAD_ASK, NO_SIGN_IN } from '../asking/answers.ts';
import type { Asking } from '../asking/asking.ts';
import { ASK_WISH, KEYS } from '../asking/wish.ts';
import type { ConnectivityTest } from './connectivity_test.ts';
import type { Keeping } from './keeping.ts';
import { connectivityPage } from './connectivity_page.ts';
import type { SshLogin } from '../device/ssh_login.ts';
import { BAD_WISH, TOKENS_OFF, WISH, type EndpointTokenActs } from '../endpoint_tokens/acts.ts';
import type { GrantActs } from '../sharing/acts.ts';
import type { People } from '../sharing/people.ts';
import type { Lister } from '../overview/lister.ts';
import { openApiDocument } from './openapi.ts';
import type { PageAnswer } from '../parts/reply.ts';
import type { OwnRequest } from '../../pages/own_pages.ts';
import { pageAnswer } from '../parts/page_assets.ts';
import { readBody } from '../parts/request_body.ts';

/** What the operations act through. */
export interface OperationParts {
  readonly lister: Lister;
  readonly test: ConnectivityTest;
  readonly keeping: Keeping;
  readonly asking: Asking;
  /** Undefined where endpoint tokens are off. */
  readonly tokens: EndpointTokenActs | undefined;
  /** Undefined where sharing is off. */
  readonly grants: GrantActs | undefined;
  readonly people: People;
  readonly ssh: SshLogin;
  readonly guard: ActGuard;
  readonly origin: string;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Everything under /api/v1/. */
export function apiOperations(parts: OperationParts): Operation[] {
  const { lister, test, keeping, asking, tokens, grants, people, ssh, guard, origin, now } = parts;
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
        const listing = await lister(known, ({ endpoints }) => endpoints);
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
      method: 'POST',
      path: '/api/v1/endpoints/{id}/keep',
      answer: async ({ message }, known, id) => {
        const refused = await keeping.keep(known, id);
        if (refused !== undefined) return refused;
        const { accept, 'sec-fetch-mode': mode } = message.headers;
        if (preferredForm(accept, mode) !== 'html') return { status: 204, body: undefined };
        return { status: 303, headers: { Location: '/' }, body: undefined };
      },
    },
    {
      method: 'POST',
      path: '/api/v1/endpoints',
      answer: async ({ message, clientAddress }, known) => {
        const { identity } = known;
        if (identity === undefined) return NO_SIGN_IN;
        const wish = ASK_WISH.safeParse(parseJson((await readBody(message)) ?? ''));
        if (!wish.success) return BAD_ASK;
        const refusal = await guard.refusal(known, wish.data, clientAddress);
        if (refusal !== undefined) return refusal;
        const asked = await asking.ask({ ...known, identity }, wish.data);
        return 'id' in asked ? json(201, asked) : asked;
      },
    },
    {
      method: 'DELETE',
      path: '/api/v1/endpoints/{id}',
      answer: async ({ message, clientAddress }, known, id) => {
        const { identity } = known;
        if (identity === undefined) return NO_SIGN_IN;
        const keys = KEYS.safeParse(parseJson((await readBody(message)) ?? '')).data ?? {};
        const refusal = await guard.refusal(known, keys, clientAddress);
        if (refusal !== undefined) return refusal;
        const failed = await asking.withdraw({ ...known, identity }, id);
        return failed ?? { status: 204, body: undefined };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/endpoint-tokens',
      answer: withTokens(async (acts, user, { query }) => {
        const everybody = new URLSearchParams(query).get('everybody') === 'true';
        const records = await acts.list(user, everybody);
        if ('status' in records) return records;
        const made = records.filter((record) => !isDeviceToken(record));
        return json(200, { endpoint_tokens: made.map(tokenJson) });
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
        return (
          (await acts.revoke(user, id, (one) => !isDeviceToken(one))) ?? {
            status: 204,
            body: undefined,
          }
        );
      }),
    },
    ...deviceOperations({ tokens, ssh }),
    ...sharingOperations({ grants, people, guard, now }),
  ];
}

type Reply = Promise<PageAnswer | Answer | Denied>;

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
