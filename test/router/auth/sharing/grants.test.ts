import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Grant } from '../../../../router/auth/sharing/store.ts';
import { SECTION_BYTES, shareOfUser } from '../../../../router/state/section_bytes.ts';
import { LOOK_EVERY_MS } from '../../../../router/state/shared_state.ts';
import { endpoint, table } from '../../../support/auth_fixture.ts';
import { ConfigMapApi } from '../../state/config_map_api.ts';
import {
  FOREIGN,
  KEY,
  MINE,
  PROJECT,
  inProject,
  link,
  people,
  person,
  replica,
  two,
} from './world.ts';

const OWNER = person('owner');
const HERE = { endpoint: MINE };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function look(t: TestContext): Promise<void> {
  t.mock.timers.tick(LOOK_EVERY_MS);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

function one(t: TestContext, keys?: () => readonly Uint8Array[]) {
  const api = new ConfigMapApi();
  const clock = { at: Date.now() };
  return { api, clock, ...replica(t, api, clock, keys) };
}

async function gave(made: Promise<Grant | string>): Promise<Grant> {
  const grant = await made;
  assert.ok(typeof grant !== 'string', JSON.stringify(grant));
  return grant;
}

const kept = (api: ConfigMapApi) =>
  JSON.parse(api.data?.['grants.json'] ?? '[]') as (Grant & { mac: string })[];

describe('what an owner gave', () => {
  it('is one endpoint to people by name, or to everybody who may see it', async (t) => {
    const { grants } = one(t);
    const mine = endpoint(MINE);
    const named = await gave(grants.give(OWNER, HERE, people('carol')));
    assert.equal(grants.given(mine, person('carol')), 'people');
    assert.equal(grants.given(mine, person('dave')), undefined);
    assert.equal(grants.given(mine, person('carol', 'another company')), undefined);
    assert.equal(grants.given(endpoint(`${MINE}__named`), person('carol')), undefined);
    await gave(grants.give(OWNER, HERE, { everybody: true }));
    assert.equal(grants.given(mine, person('carol')), 'people');
    assert.equal(grants.given(mine, person('dave')), 'visible');
    assert.deepEqual(await grants.revoke(() => true, named.id), named);
    assert.equal(grants.given(mine, person('carol')), 'visible');
    assert.equal(await grants.revoke(() => true, named.id), undefined);
  });

  it('is all of the owner’s own tasks in one project, and of no other’s there', async (t) => {
    const { grants } = one(t);
    await gave(grants.give(OWNER, { project: PROJECT }, people('carol')));
    assert.equal(grants.given(inProject(MINE, PROJECT), person('carol')), 'people');
    assert.equal(grants.given(inProject(FOREIGN, PROJECT), person('carol')), 'people');
    assert.equal(grants.given(inProject(FOREIGN, PROJECT, 'other'), person('carol')), undefined);
    assert.equal(grants.given(inProject(MINE, `${PROJECT}/x`), person('carol')), undefined);
    assert.equal(grants.given(endpoint(MINE), person('carol')), undefined);
  });

  it('never widens the task of another: not one that came to be another’s, nor of another company', async (t) => {
    const { grants } = one(t);
    await gave(grants.give(OWNER, { endpoint: FOREIGN }, people('carol')));
    await gave(grants.give(person('owner', 'another company'), HERE, people('carol')));
    assert.equal(grants.given(endpoint(FOREIGN, 'other'), person('carol')), undefined);
    assert.equal(grants.given(endpoint(MINE), person('carol')), undefined);
  });

  it('goes on when the task is made public: to the owner’s colleagues by name, and to everybody', async (t) => {
    const { grants } = one(t);
    const mine = endpoint(MINE);
    const open = { ...mine, task: { ...mine.task, companyId: '' } };
    const { id } = await gave(grants.give(OWNER, HERE, people('carol')));
    const given = (user: string, company?: string) => grants.given(open, person(user, company));
    assert.deepEqual([given('carol'), given('dave')], ['people', undefined]);
    assert.equal(given('carol', 'another company'), undefined);
    assert.deepEqual(
      grants.of(open).map((grant) => grant.id),
      [id],
    );
    await gave(grants.give(OWNER, HERE, { everybody: true }));
    assert.deepEqual([given('dave'), given('carol', 'another company')], ['visible', 'visible']);
    await gave(grants.give(person('other'), { endpoint: FOREIGN }, { everybody: true }));
    assert.equal(grants.given(endpoint(FOREIGN), person('dave')), undefined);
  });

  it('lists what concerns an endpoint, with its project', async (t) => {
    const { grants } = one(t);
    const first = await gave(grants.give(OWNER, HERE, people('carol')));
    const second = await gave(grants.give(OWNER, { project: PROJECT }, people('dave')));
    await gave(grants.give(OWNER, { endpoint: FOREIGN }, people('erin')));
    await gave(grants.give(person('other'), HERE, people('erin')));
    assert.deepEqual(grants.of(inProject(MINE, PROJECT)), [first, second]);
    assert.deepEqual(grants.of(endpoint(MINE)), [first]);
  });
});

describe('the records of grants', () => {
  it('that somebody edited, made up or spoilt count for nothing, hide no other, and are logged once', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { api, grants, lines } = one(t);
    await gave(grants.give(OWNER, HERE, people('carol')));
    await gave(grants.give(OWNER, { endpoint: `${MINE}__b` }, people('dave')));
    const [first, second] = kept(api);
    assert.ok(first !== undefined && second !== undefined);
    const forgeries: readonly object[] = [
      { ...first, gives: people('mallory') },
      { ...first, gives: { everybody: true } },
      { ...first, subject: { project: PROJECT } },
      { ...first, ownerId: 'other' },
      { ...first, mac: second.mac },
      { ...first, mac: '' },
      { ...first, id: 7 },
      {},
    ];
    const write = (records: readonly object[]) => {
      api.version += 1;
      api.data = { 'grants.json': JSON.stringify(records) };
      return look(t);
    };
    for (const forgery of forgeries) {
      await write([forgery, second]);
      for (const user of ['carol', 'mallory']) {
        assert.equal(
          grants.given(endpoint(MINE), person(user)),
          undefined,
          JSON.stringify(forgery),
        );
      }
      assert.equal(grants.given(endpoint(`${MINE}__b`), person('dave')), 'people');
      await write([first, second]);
      assert.equal(grants.given(endpoint(MINE), person('carol')), 'people');
    }
    await write([forgeries[0] ?? {}, second]);
    await write([forgeries[1] ?? {}, second]);
    const told = lines.filter((line) => line.includes('grant_not_genuine'));
    assert.equal(told.length, forgeries.length + 1);
    // The next act leaves out what is not genuine.
    await gave(grants.give(OWNER, HERE, people('erin')));
    assert.deepEqual(
      kept(api).map(({ id }) => id),
      [second.id, ...grants.of(endpoint(MINE)).map(({ id }) => id)],
    );
  });

  it('hold by an older key while there are two, and not before there is one', async (t) => {
    let keys: readonly Uint8Array[] = [];
    const { grants, api } = one(t, () => keys);
    assert.equal(await grants.give(OWNER, HERE, people('carol')), 'unavailable');
    assert.equal(await grants.list(() => true), undefined);
    keys = [KEY];
    grants.rekeyed();
    await gave(grants.give(OWNER, HERE, people('carol')));
    const given = () => grants.given(endpoint(MINE), person('carol'));
    const next = new Uint8Array(32).fill(2);
    for (const [now, says] of [
      [[next, KEY], 'people'],
      [[next], undefined],
      [[KEY], 'people'],
    ] as const) {
      keys = now;
      grants.rekeyed();
      assert.equal(given(), says);
    }
    // Any act writes all of them by the key of now.
    keys = [next, KEY];
    grants.rekeyed();
    await gave(grants.give(OWNER, HERE, people('dave')));
    keys = [next];
    grants.rekeyed();
    assert.equal(given(), 'people');
    assert.equal(kept(api).length, 2);
  });

  it('are known to the other replica with its next look, which tells who listens', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { replicas } = two(t);
    const [here, there] = replicas;
    await look(t);
    let heard = 0;
    there.grants.onChange(() => {
      heard += 1;
    });
    const { id } = await gave(here.grants.give(OWNER, HERE, people('carol')));
    assert.equal(there.grants.given(endpoint(MINE), person('carol')), undefined);
    await look(t);
    assert.equal(there.grants.given(endpoint(MINE), person('carol')), 'people');
    assert.equal(heard, 1);
    await there.grants.revoke(() => true, id);
    assert.equal(heard, 2);
    await look(t);
    assert.equal(here.grants.given(endpoint(MINE), person('carol')), undefined);
  });

  it('of two replicas that write at once are all kept', async (t) => {
    const { replicas, api } = two(t);
    api.rivals = 3;
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((name, index) =>
        gave((replicas[index % 2] ?? replicas[0]).grants.give(OWNER, HERE, people(name))),
      ),
    );
    assert.equal(kept(api).length, 4);
  });

  it('keeps each record as it stands that no change concerns', async (t) => {
    const { api, grants } = one(t);
    const first = await gave(grants.give(OWNER, HERE, people('carol')));
    // In another order, which means the same: whoever sealed it anew would write it in the order of the schema.
    const [record = assert.fail()] = kept(api);
    const { mac, ...rest } = record;
    api.data = { 'grants.json': JSON.stringify([{ mac, ...rest }]) };
    api.version += 1;
    await gave(grants.give(OWNER, HERE, people('dave')));
    assert.deepEqual(Object.keys(kept(api)[0] ?? {})[0], 'mac');
    assert.equal(kept(api).length, 2);
    assert.deepEqual(await grants.revoke(() => true, first.id), first);
  });

  it('by a link is looked up in the store once for each user, however often they come', async (t) => {
    const { api, grants } = one(t);
    const { id } = await gave(grants.give(OWNER, HERE, link({ uses: 2 })));
    assert.equal(await grants.redeem(id, person('carol')), 'redeemed');
    const { length } = api.calls;
    assert.equal(await grants.redeem(id, person('carol')), 'redeemed');
    assert.equal(api.calls.length, length);
    assert.equal(await grants.redeem(id, person('carol', 'another company')), 'spent');
  });

  it('say that they cannot be reached, and what was given goes on', async (t) => {
    const { api, grants } = one(t);
    const { id } = await gave(grants.give(OWNER, HERE, people('carol')));
    api.away = true;
    assert.equal(await grants.give(OWNER, HERE, people('dave')), 'unavailable');
    assert.equal(await grants.revoke(() => true, id), 'unavailable');
    assert.equal(await grants.redeem(id, person('dave')), 'unavailable');
    assert.equal(await grants.list(() => true), undefined);
    assert.equal(grants.given(endpoint(MINE), person('carol')), 'people');
  });
});

describe('the bounds of grants', () => {
  it('are fifty for one user', async (t) => {
    const { grants } = one(t);
    for (let count = 0; count < 50; count += 1) {
      await gave(grants.give(OWNER, HERE, people('carol')));
    }
    assert.equal(await grants.give(OWNER, HERE, people('carol')), 'too-many');
    await gave(grants.give(person('other'), HERE, people('carol')));
  });

  it('are an eighth of the bytes for one user, whom links let in included', async (t) => {
    const { grants } = one(t);
    const hundred = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(32, '0'));
    let count = 0;
    while (typeof (await grants.give(OWNER, HERE, people(...hundred))) !== 'string') count += 1;
    const bytes = Buffer.byteLength(JSON.stringify(await grants.list(() => true)));
    assert.ok(count > 3 && bytes <= shareOfUser('grants'), `${count} grants, ${bytes} bytes`);
    const other = person('other');
    const made = await gave(grants.give(other, { endpoint: FOREIGN }, link({ uses: 10_000 })));
    let redeemed = 0;
    while (
      (await grants.redeem(made.id, person(`${redeemed}`.padStart(250, '0')))) === 'redeemed'
    ) {
      redeemed += 1;
    }
    assert.ok(redeemed > 10 && redeemed < 1_000, `${redeemed}`);
  });

  it('are what the section holds for all users together', async (t) => {
    const { api, grants } = one(t);
    const filler = { filler: 'x'.repeat(SECTION_BYTES.grants) };
    api.data = { 'grants.json': JSON.stringify([filler]) };
    // What is not genuine takes no room from those who give.
    await gave(grants.give(OWNER, HERE, people('carol')));
    const hundred = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(32, '0'));
    let user = 0;
    for (; user < 100; user += 1) {
      const owner = person(`user ${user}`);
      let made: Grant | string = '';
      for (let count = 0; count < 3; count += 1) {
        made = await grants.give(owner, HERE, people(...hundred));
      }
      if (typeof made === 'string') break;
    }
    assert.ok(user >= 8 && user < 100, `${user}`);
  });
});

describe('pruning', () => {
  it('leaves out what has expired with the next write', async (t) => {
    const { api, clock, grants } = one(t);
    await gave(grants.give(OWNER, HERE, link({ expiresAt: clock.at + 1_000 })));
    clock.at += 1_000;
    assert.deepEqual(await grants.list(() => true), []);
    assert.equal(kept(api).length, 1);
    const made = await gave(grants.give(OWNER, HERE, people('carol')));
    assert.deepEqual(
      kept(api).map(({ id }) => id),
      [made.id],
    );
  });

  it('leaves out an endpoint that was not routed for a day, and what runs again before has its grants', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { api, clock, grants, routes } = one(t);
    const { id } = await gave(grants.give(OWNER, HERE, people('carol')));
    const shown = routes.current();
    const pass = async (time: number) => {
      clock.at += time;
      t.mock.timers.tick(HOUR);
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    };
    // While it runs, that it was seen is written once an hour.
    for (let hour = 0; hour < 30; hour += 1) await pass(HOUR);
    assert.equal(kept(api)[0]?.seenAt, clock.at);
    routes.swap({ ...shown, endpoints: new Map(), confirmedAt: clock.at });
    await pass(DAY - HOUR);
    assert.equal(kept(api)[0]?.id, id);
    routes.swap(shown);
    await pass(HOUR);
    routes.swap({ ...shown, endpoints: new Map() });
    await pass(DAY - 1);
    assert.equal(kept(api)[0]?.id, id);
    await pass(1);
    assert.deepEqual(kept(api), []);
    assert.equal(grants.given(endpoint(MINE), person('carol')), undefined);
  });

  it('takes nothing for gone while the router does not know what runs', async (t) => {
    const { api, clock, grants, routes } = one(t);
    const shown = routes.current();
    await gave(grants.give(OWNER, HERE, people('carol')));
    clock.at += 2 * DAY;
    const unsure = [
      { ...table([]), confirmedAt: 0 },
      { ...table([]), confirmedAt: clock.at, stale: true },
    ];
    for (const [index, one] of unsure.entries()) {
      routes.swap(one);
      await gave(grants.give(OWNER, { project: PROJECT }, people('carol')));
      assert.equal(kept(api).length, index + 2);
    }
    routes.swap({ ...shown, confirmedAt: clock.at });
    await gave(grants.give(OWNER, { project: PROJECT }, people('carol')));
    assert.equal(kept(api).length, 4);
    assert.equal(kept(api)[0]?.seenAt, clock.at);
  });
});
