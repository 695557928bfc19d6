import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStaticNames } from '../../../../router/routes/claims/static_names.ts';
import type { StaticRouteRule } from '../../../../router/routes/static/static_routes.ts';
import { taskId } from '../../../support/auth_fixture.ts';

const ALICE = taskId('a');
const BOB = taskId('b');
const CAROL = taskId('c');

function rule(people: readonly string[]): StaticRouteRule {
  return {
    name: 'chat',
    type: 'path',
    match: 'chat',
    access: 'people',
    people,
    loadBalanced: false,
    enabled: true,
  };
}

/** The names of a route as a server of these users has them. */
async function known(users: Readonly<Record<string, string>>, people: readonly string[]) {
  const names = createStaticNames({
    users: () => Promise.resolve(new Map(Object.entries(users))),
    queues: () => Promise.reject(new Error('nobody asked for queues')),
  });
  const one = rule(people);
  const changed = await names.refresh([one]);
  return { names, one, changed };
}

test('people of a static route are found by id and by name', async () => {
  const { names, one, changed } = await known({ [ALICE]: 'alice', [BOB]: 'bob' }, ['alice', BOB]);
  assert.equal(changed, true);
  assert.deepEqual(names.people(one), ['alice', ALICE, BOB]);
  assert.deepEqual(names.problems(), []);
  assert.equal(names.people({ ...one, people: undefined }), undefined);
});

test('a name that several have, and an id that somebody took as name, let nobody else in', async () => {
  const users = { [ALICE]: 'alice', [BOB]: 'alice', [CAROL]: ALICE };
  const { names, one } = await known(users, ['alice', ALICE, 'nobody']);
  assert.deepEqual(names.people(one), ['alice', ALICE, 'nobody']);
  assert.deepEqual(names.problems(), [
    'the static route "chat" names "alice" among its people, as several are called: name the id',
    'the static route "chat" names "nobody" among its people: ClearML has none of that name or id',
  ]);
});
