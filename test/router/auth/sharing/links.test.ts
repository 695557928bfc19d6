import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import {
  letsIn,
  linkText,
  newSecret,
  withoutSecret,
} from '../../../../router/auth/sharing/links.ts';
import { endpoint } from '../../../support/auth_fixture.ts';
import { MINE, link, people, person, two } from './world.ts';

const OWNER = person('owner');
const HERE = { endpoint: MINE };

async function made(t: TestContext, uses = 1) {
  const world = two(t);
  const { secret, hash } = newSecret();
  const [here, there] = world.replicas;
  const grant = await here.grants.give(
    OWNER,
    HERE,
    link({ hash, uses, expiresAt: world.clock.at + 60_000 }),
  );
  assert.ok(typeof grant !== 'string');
  return { ...world, here, there, id: grant.id, secret, text: linkText(grant.id, secret) };
}

describe('a link', () => {
  it('is opened by its whole text alone, until it expires or is taken back', async (t) => {
    const { api, clock, here, id, secret, text } = await made(t);
    assert.equal(here.links.open(text)?.id, id);
    const other = await here.grants.give(OWNER, HERE, people('carol'));
    assert.ok(typeof other !== 'string');
    const wrong = [
      '',
      id,
      `${id}.`,
      linkText(id, newSecret().secret),
      linkText(other.id, secret),
      linkText(crypto.randomUUID(), secret),
      `${text}A`,
      text.slice(0, -1),
      text.toUpperCase(),
      linkText(id, here.grants.get(id)?.id ?? ''),
    ];
    for (const one of wrong) assert.equal(here.links.open(one), undefined, one);
    assert.ok(!JSON.stringify(api.data).includes(secret));
    clock.at += 60_000;
    assert.equal(here.links.open(text), undefined);
    clock.at -= 60_000;
    await here.grants.revoke(() => true, id);
    assert.equal(here.links.open(text), undefined);
  });

  it('makes whom it lets in one of the people, for as long as it stands', async (t) => {
    const { clock, here, id } = await made(t);
    const given = () => here.grants.given(endpoint(MINE), person('carol'));
    assert.equal(given(), undefined);
    assert.equal(await here.grants.redeem(id, person('carol')), 'redeemed');
    assert.equal(given(), 'people');
    clock.at += 60_000;
    assert.equal(given(), undefined);
    clock.at -= 60_000;
    await here.grants.revoke(() => true, id);
    assert.equal(given(), undefined);
    assert.equal(await here.grants.redeem(id, person('carol')), 'spent');
  });

  it('spends one use for each user, whatever the clicks', async (t) => {
    const { here, id } = await made(t, 2);
    const redeem = (user: string) => here.grants.redeem(id, person(user));
    assert.deepEqual(
      [await redeem('carol'), await redeem('carol'), await redeem('dave'), await redeem('erin')],
      ['redeemed', 'redeemed', 'redeemed', 'spent'],
    );
    assert.equal(await redeem('carol'), 'redeemed');
    assert.equal(await here.grants.redeem(id, person('dave', 'another company')), 'spent');
    const record = here.grants.get(id);
    assert.ok(record !== undefined && 'link' in record.gives);
    assert.deepEqual(
      record.gives.link.redeemed.map((one) => one.id),
      ['carol', 'dave'],
    );
    const { link: kept } = record.gives;
    assert.deepEqual([letsIn(kept, 'carol'), letsIn(kept, 'erin')], [true, false]);
  });

  it('lets in no more than it has uses, of many at once at two replicas', async (t) => {
    const { api, here, there, id } = await made(t, 3);
    api.rivals = 2;
    const users = Array.from({ length: 8 }, (_, index) => `user ${index}`);
    const outcomes = await Promise.all(
      users.map((user, index) => (index % 2 === 0 ? here : there).grants.redeem(id, person(user))),
    );
    assert.equal(outcomes.filter((one) => one === 'redeemed').length, 3);
    assert.equal(outcomes.filter((one) => one === 'spent').length, 5);
    const [record] = (await here.grants.list(() => true)) ?? [];
    assert.ok(record !== undefined && 'link' in record.gives);
    assert.equal(record.gives.link.redeemed.length, 3);
  });

  it('is none where the grant names people', async (t) => {
    const { here } = await made(t);
    const grant = await here.grants.give(OWNER, HERE, people('carol'));
    assert.ok(typeof grant !== 'string');
    assert.equal(await here.grants.redeem(grant.id, person('dave')), 'spent');
  });
});

describe('the path of a link in a log', () => {
  it('keeps the id, and nothing that could open anything, however it is misspelt', () => {
    const { secret } = newSecret();
    const id = crypto.randomUUID();
    for (const [path, shown] of [
      [`/share/${id}.${secret}`, `/share/${id}…`],
      [`/share/${id}%2e${secret}/`, `/share/${id}…`],
      [`/share/${id}${secret}`, `/share/${id}…`],
      [`/share/${id.slice(1)}.${secret}`, `/share/${id.slice(1)}…`],
      [`/share/.${secret}`, '/share/…'],
      [`//share/${id}.${secret}`, `//share/${id}…`],
      [`/share//${id}.${secret}`, `/share//${id.slice(0, -1)}…`],
      [`http://router.example.com/share/${id}.${secret}`, `http://router.example.com/share/${id}…`],
      ['/share/', '/share/'],
      ['/share/x', '/share/x'],
      [`/shared/${'x'.repeat(90)}`, `/shared/${'x'.repeat(90)}`],
      [`/service/${id}.${secret}`, `/service/${id}.${secret}`],
    ] as const) {
      assert.equal(withoutSecret(path), shown);
      assert.equal(withoutSecret(shown), shown);
    }
  });
});
