import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AccessDecisions } from '../../../../router/auth/access/access.ts';
import type { Identity } from '../../../../router/auth/identity/identity.ts';
import { RouterError } from '../../../../router/errors.ts';
import { taskId } from '../../../support/auth_fixture.ts';

const MINE = taskId('a');
const FOREIGN = taskId('b');
const NEW = taskId('c');

/** A server that answers once it is told to. */
function slow() {
  const asked: (readonly string[])[] = [];
  let answer = Promise.withResolvers<ReadonlySet<string>>();
  const access = new AccessDecisions(
    {
      visibleTasks: (_token, ids) => {
        asked.push(ids);
        return answer.promise;
      },
      currentUser: () => assert.fail('nobody asked for the user'),
    },
    { keepYes: 30_000, keepStale: 0 },
    () => 0,
    { has: () => false, loading: undefined },
  );
  const next = () => {
    const { resolve, reject } = answer;
    answer = Promise.withResolvers();
    return { resolve, reject };
  };
  return { access, asked, next };
}

const userOf = (name: string): Identity => ({
  userId: name,
  userName: name,
  companyId: 'company',
  role: 'user',
  tokenKey: name.padEnd(43, '-'),
  expiresAt: Infinity,
  token: name,
});

it('asks once for all lists of one user that are asked for at a time (A50)', async () => {
  const { access, asked, next } = slow();
  const [owner, other] = [userOf('owner'), userOf('other')];
  const lists = Array.from({ length: 40 }, () => access.askAll(owner, [MINE, FOREIGN]));
  const theirs = access.askAll(other, [MINE, FOREIGN]);
  await new Promise(setImmediate);
  assert.equal(asked.length, 2);
  next().resolve(new Set([MINE]));
  for (const seen of await Promise.all([...lists, theirs])) {
    assert.deepEqual(seen, new Set([MINE]));
  }
  const more = access.askAll(owner, [MINE, FOREIGN, NEW]);
  await new Promise(setImmediate);
  next().resolve(new Set([NEW]));
  assert.deepEqual(await more, new Set([MINE, NEW]));
  assert.deepEqual(asked.at(-1), [NEW]);
  assert.equal(asked.length, 3);
});

it('tells all who wait for one list why there is none', async () => {
  for (const [code, told] of [
    ['CLEARML_UNAUTHORIZED', 'revoked'],
    ['CLEARML_UNAVAILABLE', 'unavailable'],
    ['CLEARML_REFUSED', new Set()],
  ] as const) {
    const { access, next } = slow();
    const lists = [1, 2].map(() => access.askAll(userOf('owner'), [MINE]));
    await new Promise(setImmediate);
    next().reject(new RouterError(code, 'no'));
    assert.deepEqual(await Promise.all(lists), [told, told]);
  }
});
