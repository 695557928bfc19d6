import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { letsIn, usesLeft } from '../../../../router/auth/sharing/links.ts';
import { isLink } from '../../../../router/auth/sharing/store.ts';
import { endpoint } from '../../../support/auth_fixture.ts';
import { MINE, link, people, person, two } from './world.ts';

async function made(t: TestContext, changes: object = {}) {
  const world = two(t);
  const [here, there] = world.replicas;
  const gives = link({ guests: true, expiresAt: world.clock.at + 60_000, ...changes });
  const grant = await here.grants.give(person('owner'), { endpoint: MINE }, gives);
  assert.ok(typeof grant !== 'string');
  const record = () => {
    const known = here.grants.get(grant.id);
    assert.ok(known !== undefined && isLink(known));
    return known.gives.link;
  };
  return { ...world, here, there, id: grant.id, record };
}

describe('the uses of a link that lets in guests', () => {
  it('are spent by guests and users together, by each guest anew', async (t) => {
    const { here, id, record } = await made(t, { uses: 3 });
    assert.equal(await here.grants.admitGuest(id, 'Zoë'), 'redeemed');
    assert.equal(await here.grants.redeem(id, person('carol')), 'redeemed');
    assert.equal(usesLeft(record()), 1);
    assert.equal(await here.grants.admitGuest(id, 'Zoë'), 'redeemed');
    assert.equal(await here.grants.admitGuest(id, 'Yves'), 'spent');
    assert.equal(await here.grants.redeem(id, person('dave')), 'spent');
    assert.equal(await here.grants.redeem(id, person('carol')), 'redeemed');
    assert.deepEqual(
      record().admitted?.map(({ name }) => name),
      ['Zoë', 'Zoë'],
    );
    assert.deepEqual([letsIn(record(), 'carol'), letsIn(record(), 'dave')], [true, false]);
  });

  it('are never more than it has, of many at once at two replicas', async (t) => {
    const { api, here, there, id } = await made(t, { uses: 3 });
    api.rivals = 2;
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const { grants } = index % 2 === 0 ? here : there;
        return index < 6
          ? grants.admitGuest(id, `guest ${index}`)
          : grants.redeem(id, person(`user ${index}`));
      }),
    );
    assert.deepEqual(outcomes.toSorted(), [
      ...Array.from({ length: 3 }, () => 'redeemed'),
      ...Array.from({ length: 5 }, () => 'spent'),
    ]);
    const [record] = (await there.grants.list(() => true)) ?? [];
    assert.ok(record !== undefined && isLink(record));
    assert.equal(usesLeft(record.gives.link), 0);
    const { redeemed, admitted = [] } = record.gives.link;
    assert.equal(redeemed.length + admitted.length, 3);
  });

  it('are nothing to guests of another link, an expired one, one that was taken back, or other grants', async (t) => {
    const { clock, here, id } = await made(t, { uses: 9, guests: false });
    assert.equal(await here.grants.admitGuest(id, 'Zoë'), 'spent');
    const named = await here.grants.give(person('owner'), { endpoint: MINE }, people('carol'));
    assert.ok(typeof named !== 'string');
    assert.equal(await here.grants.admitGuest(named.id, 'Zoë'), 'spent');
    const gives = link({ guests: true, uses: 9, expiresAt: clock.at + 60_000 });
    const other = await here.grants.give(person('owner'), { endpoint: MINE }, gives);
    assert.ok(typeof other !== 'string');
    assert.equal(await here.grants.admitGuest(other.id, 'Zoë'), 'redeemed');
    clock.at += 60_000;
    assert.equal(await here.grants.admitGuest(other.id, 'Zoë'), 'spent');
    clock.at -= 60_000;
    await here.grants.revoke(() => true, other.id);
    assert.equal(await here.grants.admitGuest(other.id, 'Zoë'), 'spent');
  });

  it('make no guest one of the people of the endpoint, and nobody’s name opens anything', async (t) => {
    const { here, id } = await made(t, { uses: 9 });
    for (const name of ['carol', 'owner', 'guest']) await here.grants.admitGuest(id, name);
    for (const user of ['carol', '', 'guest', `guest of ${id}`]) {
      assert.equal(here.grants.given(endpoint(MINE), person(user)), undefined);
    }
  });
});
