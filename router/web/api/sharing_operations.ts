import { RateLimit } from '../../load/rate_limit.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import { parseJson } from '../../grammar/json.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnRequest } from '../../pages/own_pages.ts';
import type { ActGuard } from '../acts/act_guard.ts';
import type { User } from '../acts/user.ts';
import type { PageAnswer } from '../parts/reply.ts';
import { badRequest } from '../parts/refusals.ts';
import { readBody } from '../parts/request_body.ts';
import type { GrantActs } from '../sharing/acts.ts';
import { accessJson, grantJson } from '../sharing/grant_json.ts';
import { SHORTEST_QUERY, type People } from '../sharing/people.ts';
import { BAD_GRANT_WISH, readGrantWish } from '../sharing/wish.ts';
import { PEOPLE_AWAY, SHARING_OFF, triedTooOften } from '../sharing/words.ts';
import type { Operation } from './api.ts';
import { json } from './json_answer.ts';

/** What the operations of sharing act through. */
export interface SharingOperationParts {
  /** Undefined where sharing is off. */
  readonly grants: GrantActs | undefined;
  readonly people: People;
  readonly guard: ActGuard;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Enough for whoever types a name, too little to read out a company. */
const LOOKUPS = { atOnce: 40, perSecond: 1 };
const TOO_SHORT = badRequest(`Expected "q" of ${SHORTEST_QUERY} to 256 characters.`);
const LONGEST_QUERY = 256;

type Reply = Promise<PageAnswer | Answer | Denied>;

/** What owners give, to whom, and whom there is to give it to. */
export function sharingOperations(parts: SharingOperationParts): Operation[] {
  const { grants, people, guard, now } = parts;
  const lookups = new RateLimit(LOOKUPS, now);
  const shared =
    (act: (acts: GrantActs, user: User, request: OwnRequest, id: string) => Reply) =>
    async (request: OwnRequest, known: Known, id: string): Reply => {
      const { identity } = known;
      if (grants === undefined || identity === undefined) return SHARING_OFF;
      return act(grants, { ...known, identity }, request, id);
    };
  return [
    {
      method: 'GET',
      path: '/api/v1/endpoints/{id}/access',
      answer: shared(async (acts, user, _request, id) => {
        const access = await acts.access(user, id);
        return 'status' in access ? access : json(200, accessJson(access));
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/grants',
      answer: shared(async (acts, user, { query }) => {
        const everybody = new URLSearchParams(query).get('everybody') === 'true';
        const list = await acts.list(user, everybody);
        return 'status' in list ? list : json(200, { grants: list.map(grantJson) });
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/grants',
      answer: shared(async (acts, user, { message, clientAddress }) => {
        const wish = readGrantWish(parseJson((await readBody(message)) ?? ''));
        if (wish === undefined) return BAD_GRANT_WISH;
        const refusal = await guard.refusal(user, wish, clientAddress);
        if (refusal !== undefined) return refusal;
        const given = await acts.give(user, wish);
        if ('status' in given) return given;
        const { grant, url } = given;
        return json(201, { ...grantJson(grant), ...(url === undefined ? {} : { url }) });
      }),
    },
    {
      method: 'DELETE',
      path: '/api/v1/grants/{id}',
      answer: shared(async (acts, user, _request, id) => {
        return (await acts.revoke(user, id)) ?? { status: 204, body: undefined };
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/people',
      answer: async ({ query }, { identity }) => {
        if (grants === undefined || identity === undefined) return SHARING_OFF;
        const wanted = (new URLSearchParams(query).get('q') ?? '').trim();
        if (wanted.length < SHORTEST_QUERY || wanted.length > LONGEST_QUERY) return TOO_SHORT;
        const { userId } = identity;
        if (!lookups.take(userId)) {
          return triedTooOften(lookups.wait(userId), 'You have looked for too many people.');
        }
        const found = await people.find(identity, wanted);
        return found === undefined ? PEOPLE_AWAY : json(200, { people: found });
      },
    },
  ];
}
