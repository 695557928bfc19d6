import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { DenialReason } from '../../../../router/auth/gate/decision.ts';
import type { Identity } from '../../../../router/auth/identity/identity.ts';
import { SIGN_OUTS, SignOuts } from '../../../../router/auth/access/sign_outs.ts';
import { LOOK_EVERY_MS } from '../../../../router/state/shared_state.ts';
import { createLog } from '../../../../router/telemetry/log.ts';
import { ConfigMapApi, replicaOf } from '../../state/config_map_api.ts';
import {
  bearer,
  claims,
  cookie,
  endpoint,
  lab,
  request,
  sign,
  table,
  taskId,
} from '../../../support/auth_fixture.ts';
import type { Lab } from '../../../support/auth_fixture.ts';

const MINE = taskId('a');

/** A replica on the ConfigMap, whose ClearML takes tokens on after their logout. */
async function replica(t: TestContext, api: ConfigMapApi, token: string): Promise<Lab> {
  const parts = await lab(table([endpoint(MINE)]), {}, () => replicaOf(api));
  t.after(() => parts.auth.close());
  parts.clearml.logoutRevokes = false;
  parts.clearml.grant(token, MINE);
  return parts;
}

async function look(t: TestContext): Promise<void> {
  t.mock.timers.tick(LOOK_EVERY_MS);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

describe('a sign-out where auth.logout revokes nothing (A69)', () => {
  it('holds at every replica, ends what is open there, and outlives a restart', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    const api = new ConfigMapApi();
    const token = await sign(claims('owner'));
    const other = await sign({ ...claims('owner'), session_id: 'another' });
    const [here, there] = [await replica(t, api, token), await replica(t, api, token)];
    there.clearml.grant(other, MINE);
    const admitted = await there.auth.gate.admit(request(MINE, bearer(token)));
    assert.equal(admitted.outcome, 'admitted');
    const ends: DenialReason[] = [];
    there.auth.gate.hold(admitted, (reason) => void ends.push(reason));

    const out = await here.auth.signIn?.sessions.signOut(cookie(token));
    assert.deepEqual(out?.userIds, ['owner']);
    const refused = await here.auth.gate.admit(request(MINE, bearer(token)));
    assert.deepEqual(
      [refused.outcome, 'reason' in refused && refused.reason],
      ['denied', 'token-revoked'],
    );
    await look(t);
    assert.deepEqual(ends, ['token-revoked']);
    assert.equal((await there.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'denied');
    assert.equal((await there.auth.gate.admit(request(MINE, bearer(other)))).outcome, 'admitted');
    const kept = api.data?.['sign-outs.json'] ?? '';
    assert.ok(kept.includes('owner') && !kept.includes(token.slice(-43)), 'no token is kept');

    // A replica that starts lets nobody in before it knows.
    const { promise, resolve } = Promise.withResolvers<void>();
    api.waits = promise;
    const again = await replica(t, api, token);
    const decided = again.auth.gate.admit(request(MINE, bearer(token)));
    await new Promise(setImmediate);
    resolve();
    assert.equal((await decided).outcome, 'denied');
    const calls = api.calls.length;
    await again.auth.signIn?.sessions.signOut(cookie(token));
    assert.deepEqual([api.calls.length, again.clearml.loggedOut], [calls, []]);
  });

  it('holds here while the ConfigMap is away, and is written once it is back', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    const api = new ConfigMapApi();
    const token = await sign(claims('owner'));
    const here = await replica(t, api, token);
    assert.equal((await here.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'admitted');
    api.away = true;
    await here.auth.signIn?.sessions.signOut(cookie(token));
    assert.equal((await here.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'denied');
    assert.ok(here.lines.some((line) => line.includes('sign_out_not_shared')));
    api.away = false;
    await look(t);
    const there = await replica(t, api, token);
    assert.equal((await there.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'denied');
  });

  it('without a place to keep it holds for as long as the process lives', async (t) => {
    const parts = await lab(table([endpoint(MINE)]));
    t.after(() => parts.auth.close());
    parts.clearml.logoutRevokes = false;
    const token = await sign(claims('owner'));
    parts.clearml.grant(token, MINE);
    assert.equal((await parts.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'admitted');
    await parts.auth.signIn?.sessions.signOut(cookie(token));
    assert.equal((await parts.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'denied');
    parts.pass(600_000);
    assert.equal((await parts.auth.gate.admit(request(MINE, bearer(token)))).outcome, 'denied');
  });
});

describe('the record of sign-outs', () => {
  const log = createLog('error', { write: () => undefined });
  const START = 1_800_000_000_000;
  const DAY = 86_400_000;

  function recorded(t: TestContext) {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const api = new ConfigMapApi();
    const state = replicaOf(api);
    t.after(() => state.close());
    const clock = { now: START };
    const signOuts = new SignOuts(state.section(SIGN_OUTS), state.looked, () => clock.now, log);
    const size = (): number => Buffer.byteLength(api.data?.['sign-outs.json'] ?? '');
    return { signOuts, clock, size };
  }

  function identity(userId: string, number: number, issuedAt: number): Identity {
    const tokenKey = String(number).padEnd(43, 'k');
    return { userId, tokenKey, issuedAt, expiresAt: issuedAt + 30 * DAY } as Identity;
  }

  it('forgets a token that has ended', async (t) => {
    const { signOuts, clock, size } = recorded(t);
    await signOuts.add(identity('one', 1, clock.now));
    const one = size();
    clock.now += 31 * DAY;
    await signOuts.add(identity('two', 2, clock.now));
    assert.equal(size(), one);
  });

  it('of a user who signs out for ever stays small: then all that they were issued so far is out', async (t) => {
    const { signOuts, clock, size } = recorded(t);
    const all = Array.from({ length: 500 }, (_, number) => identity('one', number, START + number));
    for (const one of all) {
      clock.now += 1_000;
      await signOuts.add(one);
    }
    assert.ok(size() < 4_096, `${size()} bytes`);
    for (const one of all) assert.ok(signOuts.has(one));
    assert.ok(!signOuts.has(identity('one', 501, clock.now + 1_000)), 'signed in again');
    assert.ok(!signOuts.has(identity('two', 1, START)), 'another user');
  });

  it('fits the ConfigMap, however many users sign out, and forgets those first whose tokens end soonest', async (t) => {
    const { signOuts, size } = recorded(t);
    const soon = { ...identity('soon', 1, START), expiresAt: START + DAY };
    const users = Array.from({ length: 6_000 }, (_, index) => [
      identity(index.toString(16).padStart(32, '0'), 2 * index, START),
      identity(index.toString(16).padStart(32, '0'), 2 * index + 1, START),
    ]).flat();
    await Promise.all([soon, ...users].map((one) => signOuts.add(one)));
    assert.ok(size() <= SIGN_OUTS.mostBytes, `${size()} bytes`);
    assert.ok(!signOuts.has(soon));
    const held = users.filter((one) => signOuts.has(one)).length;
    assert.ok(held > 6_000, `${held} of ${users.length} are held`);
  });
});
