import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DeviceCodes } from '../../../../router/auth/devices/device_code.ts';
import { DeviceSignIns } from '../../../../router/auth/devices/device_sign_ins.ts';
import { DEVICE_SIGN_INS, type DeviceSignIn } from '../../../../router/auth/devices/store.ts';
import { newUserCode, type UserCode } from '../../../../router/auth/devices/user_code.ts';
import { EndpointTokens } from '../../../../router/auth/endpoint_tokens/endpoint_tokens.ts';
import { ENDPOINT_TOKENS } from '../../../../router/auth/endpoint_tokens/store.ts';
import type { Identity } from '../../../../router/auth/identity/identity.ts';
import { Sealer } from '../../../../router/auth/sealed/seal.ts';
import { ConfigMapApi, replicaOf } from '../../state/config_map_api.ts';

const HOUR = 3_600_000;

function user(userId: string, token = `${userId}.token.x`): Identity {
  return {
    userId,
    userName: `${userId} name`,
    companyId: 'c',
    role: 'user',
    tokenKey: userId,
    token,
    expiresAt: Date.now() + HOUR,
  };
}

/** Replicas of one router, which share one ConfigMap and nothing else. */
function world(t: TestContext) {
  const api = new ConfigMapApi();
  const clock = { now: Date.now() };
  const now = () => clock.now;
  const replica = () => {
    const state = replicaOf(api);
    t.after(() => state.close());
    const sealer = new Sealer(() => [new Uint8Array(32)], now);
    const tokens = new EndpointTokens(state.section(ENDPOINT_TOKENS), sealer, now);
    t.after(() => tokens.close());
    const devices = new DeviceSignIns({
      section: state.section(DEVICE_SIGN_INS),
      codes: new DeviceCodes(sealer, 'https://router.example.com', now),
      sealer,
      tokens,
      now,
      steady: now,
    });
    return { state, sealer, tokens, devices };
  };
  const records = () => JSON.parse(api.data?.['device-sign-ins.json'] ?? '[]') as DeviceSignIn[];
  return { api, clock, replica, records };
}

type Replica = ReturnType<ReturnType<typeof world>['replica']>;

async function begin({ devices }: Replica, label = 'laptop') {
  const begun = await devices.begin(label, '192.0.2.7');
  assert.ok(begun !== undefined);
  return begun;
}

describe('the sign-in of a computer', () => {
  it('goes through, whichever replica hears each of its steps', async (t) => {
    const { api, clock, replica } = world(t);
    const owner = user('owner');
    const { text, code } = await begin(replica());
    assert.equal(api.data, undefined, 'nothing is kept of who is not signed in');

    const typed = await replica().devices.claim(owner, code);
    assert.ok(typeof typed !== 'string');
    assert.equal(typed.device, undefined);
    // Each replica reads the ConfigMap as it starts, which stands for its look every four seconds.
    const second = replica();
    await second.state.looked;
    assert.deepEqual(await second.devices.poll(text), { outcome: 'authorization_pending' });
    const seen = await replica().devices.look(owner, code);
    assert.ok(typeof seen !== 'string');
    assert.deepEqual([seen.device?.label, seen.device?.address], ['laptop', '192.0.2.7']);

    const record = await replica().devices.allow(owner, code);
    assert.ok(typeof record !== 'string');
    assert.deepEqual([record.label, record.audience], ['laptop', 'device']);
    assert.equal(record.expiresAt, owner.expiresAt);
    // What lies in the ConfigMap opens nothing: no token of the user's, and no device token.
    const kept = JSON.stringify(api.data);
    assert.ok(!kept.includes(owner.token) && !kept.includes('ttd_'));

    const third = replica();
    await third.state.looked;
    clock.now += 5_000;
    const polled = await third.devices.poll(text);
    assert.ok(polled.outcome === 'allowed');
    assert.deepEqual(polled.user, { id: 'owner', name: 'owner name' });
    const opened = await third.sealer.open('device-token', polled.token.slice('ttd_'.length));
    assert.deepEqual(
      [opened?.id, opened?.audience, opened?.token],
      [record.id, 'device', owner.token],
    );
  });

  it('gives one token for one code, to whoever is first of two (A88)', async (t) => {
    const { clock, replica, records } = world(t);
    const one = replica();
    const { text, code } = await begin(one);
    await one.devices.claim(user('owner'), code);
    await one.devices.poll(text);
    await one.devices.allow(user('owner'), code);
    const others = [replica(), replica(), replica()];
    await Promise.all(others.map(({ state }) => state.looked));
    clock.now += 5_000;
    const polled = await Promise.all(others.map(({ devices }) => devices.poll(text)));
    assert.deepEqual(polled.map(({ outcome }) => outcome).toSorted(), [
      'allowed',
      'expired_token',
      'expired_token',
    ]);
    assert.deepEqual(
      records().map(({ answer }) => answer),
      ['taken'],
    );
    clock.now += 5_000;
    assert.deepEqual(await one.devices.poll(text), { outcome: 'expired_token' });
    // The short code is spent, too.
    assert.equal(await one.devices.allow(user('owner'), code), 'not-there');
    assert.equal(await one.devices.claim(user('thief'), code), 'not-there');
  });

  it('tells a no, and never takes it back', async (t) => {
    const { clock, replica } = world(t);
    const { devices, state, tokens } = replica();
    await state.looked;
    const { text, code } = await begin({ devices } as Replica);
    await devices.claim(user('owner'), code);
    await devices.poll(text);
    assert.ok(typeof (await devices.refuse(user('owner'), code)) !== 'string');
    clock.now += 5_000;
    assert.deepEqual(await devices.poll(text), { outcome: 'access_denied' });
    assert.equal(await devices.allow(user('owner'), code), 'not-there');
    assert.deepEqual(await tokens.list(() => true), []);
  });

  it('is over after ten minutes, at each of its steps', async (t) => {
    const { clock, replica } = world(t);
    const { devices } = replica();
    const { text, code } = await begin({ devices } as Replica);
    await devices.claim(user('owner'), code);
    await devices.poll(text);
    clock.now += 601_000;
    assert.deepEqual(await devices.poll(text), { outcome: 'expired_token' });
    assert.equal(await devices.allow(user('owner'), code), 'not-there');
    assert.equal(await devices.look(user('owner'), code), 'not-there');
  });

  it('is its user’s alone: whoever typed the code first (A88)', async (t) => {
    const { replica } = world(t);
    const { devices } = replica();
    const { text, code } = await begin({ devices } as Replica);
    await devices.claim(user('owner'), code);
    assert.equal(await devices.claim(user('other'), code), 'not-there');
    await devices.poll(text);
    assert.equal(await devices.look(user('other'), code), 'not-there');
    assert.equal(await devices.allow(user('other'), code), 'not-there');
    assert.equal(await devices.refuse(user('other'), code), 'not-there');
    const namesake = { ...user('owner'), companyId: 'another' };
    assert.equal(await devices.look(namesake, code), 'not-there');
  });

  it('cannot be allowed before its computer is known', async (t) => {
    const { replica } = world(t);
    const { devices, tokens } = replica();
    const { code } = await begin({ devices } as Replica);
    await devices.claim(user('owner'), code);
    assert.equal(await devices.allow(user('owner'), code), 'not-there');
    assert.equal(await devices.refuse(user('owner'), code), 'not-there');
    assert.deepEqual(await tokens.list(() => true), []);
  });

  it('is told to go slower that asks too often (A90)', async (t) => {
    const { clock, replica } = world(t);
    const { devices } = replica();
    const { text } = await begin({ devices } as Replica);
    const at = async (pause: number) => {
      clock.now += pause;
      return (await devices.poll(text)).outcome;
    };
    assert.equal(await at(0), 'authorization_pending');
    assert.equal(await at(1_000), 'slow_down');
    assert.equal(await at(1_000), 'slow_down');
    assert.equal(await at(2_000), 'authorization_pending');
  });

  it('takes no code that is none, or is another router’s', async (t) => {
    const { replica } = world(t);
    const { devices, sealer } = replica();
    const content = {
      id: 'x',
      token: JSON.stringify({ code: 'BCDF-GHJK', label: 'l', address: 'a' }),
      expiresAt: Date.now() + 60_000,
    };
    const session = await sealer.seal('session', {
      ...content,
      audience: 'https://router.example.com',
    });
    const foreign = await sealer.seal('device-code', {
      ...content,
      audience: 'https://other.example.com',
    });
    for (const text of ['', 'x', 'a..b.c.d', session ?? '', foreign ?? '', 'x'.repeat(100_000)]) {
      assert.deepEqual(await devices.poll(text), { outcome: 'expired_token' });
    }
  });

  it('of nobody signed in writes nothing, however many there are (A90)', async (t) => {
    const { api, replica } = world(t);
    const { devices } = replica();
    const begun = await Promise.all(
      Array.from({ length: 500 }, () => begin({ devices } as Replica)),
    );
    api.calls.length = 0;
    for (const { text } of begun) {
      assert.deepEqual(await devices.poll(text), { outcome: 'authorization_pending' });
    }
    assert.deepEqual(api.calls, []);
    assert.equal(api.data, undefined);
  });

  it('leaves others room, whatever one user types and allows (A90)', async (t) => {
    const { replica, records } = world(t);
    const { devices } = replica();
    for (let i = 0; i < 20; i += 1) await devices.claim(user('owner'), newUserCode());
    assert.equal(records().length, 3, 'codes that no computer was found for');
    const long = user('owner', 'x'.repeat(8_000));
    const outcomes: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { text, code } = await begin({ devices } as Replica);
      await devices.claim(long, code);
      await devices.poll(text);
      const allowed = await devices.allow(long, code);
      outcomes.push(typeof allowed === 'string' ? allowed : 'allowed');
    }
    assert.deepEqual(outcomes, ['allowed', 'too-many', 'too-many', 'too-many']);
    const { text, code } = await begin({ devices } as Replica);
    await devices.claim(user('other'), code);
    await devices.poll(text);
    assert.ok(typeof (await devices.allow(user('other'), code)) !== 'string');
  });

  it('leaves no token behind that its computer cannot have', async (t) => {
    const { api, replica } = world(t);
    const { devices, tokens } = replica();
    const { text, code } = await begin({ devices } as Replica);
    await devices.claim(user('owner'), code);
    await devices.poll(text);
    const long = user('owner', 'x'.repeat(20_000));
    assert.equal(await devices.allow(long, code), 'too-many');
    assert.deepEqual(await tokens.list(() => true), []);
    api.away = true;
    const codeOf: UserCode = newUserCode();
    assert.equal(await devices.claim(user('owner'), codeOf), 'unavailable');
    assert.equal(await devices.look(user('owner'), code), 'unavailable');
    assert.equal(await devices.allow(user('owner'), code), 'unavailable');
  });
});

describe('the last use of a token', () => {
  it('is written once in an hour, of all tokens together', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { api, clock, replica } = world(t);
    const { tokens } = replica();
    const wish = { audience: 'device', label: 'laptop', lifetime: Infinity };
    const owner = { ...user('owner'), expiresAt: clock.now + 10 * HOUR };
    const made = [await tokens.register(owner, wish), await tokens.register(owner, wish)];
    const [one, other] = made.map((record) => {
      assert.ok(typeof record !== 'string');
      return record.id;
    });
    const writes = () => api.calls.filter(({ method }) => method === 'PATCH').length;
    const used = async () => {
      assert.equal(tokens.stands(one ?? ''), true);
      assert.equal(tokens.stands(other ?? ''), true);
      t.mock.timers.tick(10_000);
      // Of one process changes are written in turn, so this one comes after those of the uses.
      await tokens.revoke(() => false, 'x');
    };
    const before = writes();
    await used();
    assert.equal(writes(), before + 1);
    assert.equal(tokens.get(one ?? '')?.lastUsedAt, clock.now);
    clock.now += HOUR - 1_000;
    await used();
    assert.equal(writes(), before + 1);
    clock.now += 2_000;
    await used();
    assert.equal(writes(), before + 2);
    assert.equal(tokens.get(other ?? '')?.lastUsedAt, clock.now);
  });
});
