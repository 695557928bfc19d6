import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Admitted, Denied } from '../../../../router/auth/gate/decision.ts';
import type { Lab } from '../../../support/auth_fixture.ts';
import {
  CLEARML_COOKIE,
  NAVIGATION,
  bearer,
  cookie,
  endpoint,
  lab,
  request,
  sign,
  claims,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';

const MINE = taskId('a');
const FOREIGN = taskId('b');
const UNKNOWN = taskId('f');

let open: Lab | undefined;

async function start(environment: Record<string, string> = {}): Promise<Lab> {
  open = await lab(table([endpoint(MINE), endpoint(FOREIGN)]), environment);
  return open;
}

afterEach(() => open?.auth.close());

/** Lets questions that are answered come home. */
async function flown(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
}

/** Status and reason of a denial; fails where the request was admitted. */
async function refusal(decision: unknown): Promise<Denied> {
  const settled = (await decision) as Admitted | Denied;
  assert.equal(settled.outcome, 'denied');
  return settled;
}

async function admission(decision: unknown): Promise<Admitted> {
  const settled = (await decision) as Admitted | Denied;
  assert.equal(settled.outcome, 'admitted', JSON.stringify(settled));
  return settled;
}

describe('the gate', () => {
  it('lets in who holds a token and may see the task, by cookie and by Bearer', async () => {
    const { auth, clearml } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    const byBearer = await admission(auth.gate.admit(request(MINE, bearer(token))));
    assert.equal(byBearer.identity?.userId, 'owner');
    assert.equal(byBearer.credential, 'bearer');
    assert.equal(byBearer.stripAuthorization, true);
    assert.equal(byBearer.endpoint.id, MINE);
    const byCookie = await admission(auth.gate.admit(request(MINE, cookie(token))));
    assert.equal(byCookie.credential, 'cookie');
    assert.equal(byCookie.stripAuthorization, false);
  });

  it('answers at once, without a promise, when everything is cached', async () => {
    const { auth, clearml } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    await auth.gate.admit(request(MINE, cookie(token)));
    const decision = auth.gate.admit(request(MINE, cookie(token)));
    assert.ok(!(decision instanceof Promise));
    assert.equal(decision.outcome, 'admitted');
    assert.equal(clearml.calls, 1);
  });

  it('answers 401 without a token, and 302 to sign-in for a navigation', async () => {
    const { auth, clearml } = await start();
    const plain = await refusal(auth.gate.admit(request(MINE)));
    assert.deepEqual([plain.status, plain.reason], [401, 'no-token']);
    const person = await refusal(auth.gate.admit(request(MINE, NAVIGATION)));
    assert.equal(person.status, 302);
    assert.equal(
      person.location,
      `https://router.example.com/auth/sign-in?next=${encodeURIComponent(`/service/${MINE}/x?y=1`)}`,
    );
    assert.equal(clearml.calls, 0);
  });

  it('answers the same 404 for a foreign task and for an unknown one, after the same question', async () => {
    const { auth, clearml } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    for (const id of [FOREIGN, UNKNOWN]) {
      const denied = await refusal(auth.gate.admit(request(id, bearer(token))));
      assert.deepEqual([denied.status, denied.reason], [404, 'not-visible']);
    }
    assert.deepEqual(clearml.questions, [[FOREIGN], [UNKNOWN]]);
  });

  it('asks about the task of a named endpoint, and serves that endpoint alone', async () => {
    const named = `${MINE}__api`;
    open = await lab(table([endpoint(named)]));
    const token = await tokenOf('owner');
    open.clearml.grant(token, MINE);
    const admitted = await admission(open.auth.gate.admit(request(named, bearer(token))));
    assert.equal(admitted.endpoint.id, named);
    const bare = await refusal(open.auth.gate.admit(request(MINE, bearer(token))));
    assert.deepEqual([bare.status, bare.reason], [404, 'unknown-endpoint']);
  });

  it('passes an Authorization that is not a ClearML token when the cookie lets the user in', async () => {
    const { auth, clearml } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    for (const value of [
      'Basic abc',
      'Bearer an-api-key',
      `Bearer ${await sign(claims('x'), 'another-secret-of-others')}`,
    ]) {
      const headers = [...cookie(token), 'Authorization', value];
      const admitted = await admission(auth.gate.admit(request(MINE, headers)));
      assert.equal(admitted.stripAuthorization, false, value);
    }
    const expired = await sign({ ...claims('owner'), exp: 1_000_000_000 });
    const admitted = await admission(
      auth.gate.admit(request(MINE, [...cookie(token), ...bearer(expired)])),
    );
    assert.equal(admitted.credential, 'cookie');
    assert.equal(admitted.stripAuthorization, true);
  });

  it('says 503 while ClearML is away, and lets in who was let in before', async () => {
    const { auth, clearml, pass } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    await admission(auth.gate.admit(request(MINE, bearer(token))));
    clearml.state = 'away';
    pass(31_000);
    await admission(auth.gate.admit(request(MINE, bearer(token))));
    const other = await refusal(auth.gate.admit(request(FOREIGN, bearer(token))));
    assert.deepEqual([other.status, other.reason], [503, 'clearml-unavailable']);
    assert.ok((other.retryAfter ?? 0) > 0);
    pass(601_000);
    const late = await refusal(auth.gate.admit(request(MINE, bearer(token))));
    assert.equal(late.status, 503);
  });

  it("takes ClearML's own 401 for a token that does not hold", async () => {
    const { auth, clearml } = await start();
    const token = await tokenOf('owner');
    clearml.refused.add(token);
    const denied = await refusal(auth.gate.admit(request(MINE, bearer(token))));
    assert.deepEqual([denied.status, denied.reason], [401, 'token-revoked']);
  });

  it('forgets every yes of a token that ClearML refused, about other tasks too', async () => {
    const { auth, clearml, pass } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE, FOREIGN);
    await admission(auth.gate.admit(request(MINE, bearer(token))));
    pass(10_000);
    clearml.refused.add(token);
    assert.equal((await refusal(auth.gate.admit(request(FOREIGN, bearer(token))))).status, 401);
    assert.equal((await refusal(auth.gate.admit(request(MINE, bearer(token))))).status, 401);
    pass(6_000);
    const { calls } = clearml;
    assert.equal((await refusal(auth.gate.admit(request(MINE, bearer(token))))).status, 401);
    assert.equal(clearml.calls, calls + 1);
    clearml.state = 'away';
    pass(6_000);
    assert.equal((await refusal(auth.gate.admit(request(MINE, bearer(token))))).status, 503);
  });

  it('refuses a token that expires while its check is kept', async () => {
    const { auth, clearml, pass } = await start({ ACCESS_CACHE_SECONDS: '7200' });
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    await admission(auth.gate.admit(request(MINE, bearer(token))));
    pass(3_601_000);
    const denied = await refusal(auth.gate.admit(request(MINE, bearer(token))));
    assert.deepEqual([denied.status, denied.reason], [401, 'token-expired']);
  });

  it('does not wait for a silent ClearML where a yes is kept', async (t) => {
    const { auth, clearml, pass } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    await admission(auth.gate.admit(request(MINE, bearer(token))));
    clearml.state = 'silent';
    pass(31_000);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const waiting = auth.gate.admit(request(MINE, bearer(token)));
    assert.ok(waiting instanceof Promise);
    t.mock.timers.tick(3_001);
    await admission(waiting);
    assert.ok(!(auth.gate.admit(request(MINE, bearer(token))) instanceof Promise));
    pass(1_001);
    const calls = clearml.calls;
    assert.ok(!(auth.gate.admit(request(MINE, bearer(token))) instanceof Promise), 'waits again');
    assert.equal(clearml.calls, calls + 1, 'is asked on');
    // It is back, and says no: known with the answer to the first question.
    t.mock.timers.tick(3_001);
    await flown();
    clearml.state = 'here';
    clearml.refused.add(token);
    pass(1_001);
    await admission(auth.gate.admit(request(MINE, bearer(token))));
    await flown();
    assert.equal((await refusal(auth.gate.admit(request(MINE, bearer(token))))).status, 401);
  });

  it('lets nobody in while the signing key does not fit the server', async () => {
    const { auth, clearml, lines } = await start({ AUTH_BASE64_JWKS_KEY: 'some-other-key' });
    assert.equal(auth.keyState(), 'mismatch');
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    const denied = await refusal(auth.gate.admit(request(MINE, bearer(token))));
    assert.deepEqual([denied.status, denied.reason], [503, 'not-ready']);
    assert.match(lines.join(''), /AUTH_BASE64_JWKS_KEY does not verify/);
  });

  it('writes an audit line for each denial that holds nothing of what was presented', async () => {
    const { auth, registry, lines } = await start();
    await auth.gate.admit(request(MINE, bearer('x'.repeat(40))));
    const line = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
    assert.equal(line['event'], 'denied');
    assert.equal(line['reason'], 'token-invalid');
    assert.equal(line['endpoint'], MINE);
    assert.ok(!lines.join('').includes('xxxx'));
    const metric = await registry.getSingleMetricAsString('task_router_denials_total');
    assert.match(metric, /reason="token-invalid"\} 1/);
  });
});

describe('static routes', () => {
  const route = (access: 'visible' | 'authenticated' | 'public', served = true) => {
    const route = staticRoute('chat', access, served ? [endpoint(MINE)] : []);
    return { ...request(MINE), target: { kind: 'static', route, cut: 5 } as const };
  };

  it('task: those who may see the task', async () => {
    const { auth, clearml } = await start();
    const [owner, other] = [await tokenOf('owner'), await tokenOf('other')];
    clearml.grant(owner, MINE);
    clearml.grant(other);
    const admit = (token: string) =>
      auth.gate.admit({ ...route('visible'), rawHeaders: bearer(token) });
    assert.equal((await admission(admit(owner))).access, 'visible');
    assert.equal((await refusal(admit(other))).status, 404);
    assert.equal((await refusal(auth.gate.admit(route('visible')))).status, 401);
  });

  it('authenticated: everybody whose token the server takes', async () => {
    const { auth, clearml } = await start();
    const [other, gone] = [await tokenOf('other'), await tokenOf('gone')];
    clearml.grant(other);
    const admit = (token: string) =>
      auth.gate.admit({ ...route('authenticated'), rawHeaders: bearer(token) });
    assert.equal((await admission(admit(other))).access, 'authenticated');
    assert.equal((await refusal(admit(gone))).status, 401);
  });

  it('public: everybody, and nobody is named; a token of the user still stays here', async () => {
    const { auth, clearml } = await start();
    clearml.state = 'away';
    const admitted = await admission(auth.gate.admit(route('public')));
    assert.equal(admitted.identity, undefined);
    assert.equal(admitted.credential, 'none');
    const headers = bearer(await tokenOf('owner'));
    const withToken = auth.gate.admit({ ...route('public'), rawHeaders: headers });
    assert.equal((await admission(withToken)).stripAuthorization, true);
  });

  it('says 503 while nothing serves it, except where only the task could tell who may know', async () => {
    const { auth, clearml } = await start();
    const token = await tokenOf('owner');
    clearml.grant(token, MINE);
    const admit = (access: 'visible' | 'authenticated' | 'public') =>
      auth.gate.admit({ ...route(access, false), rawHeaders: bearer(token) });
    assert.equal((await refusal(admit('public'))).status, 503);
    assert.equal((await refusal(admit('authenticated'))).status, 503);
    assert.equal((await refusal(admit('visible'))).status, 404);
  });
});

describe('with AUTH_ENABLED=false', () => {
  it('everybody reaches every task', async () => {
    const { auth } = await start({
      AUTH_ENABLED: 'false',
      AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
    });
    const admitted = await admission(auth.gate.admit(request(MINE)));
    assert.equal(admitted.identity, undefined);
    assert.equal((await refusal(auth.gate.admit(request(UNKNOWN)))).status, 404);
    assert.ok(auth.cookieNames().includes('__Host-router_session'));
  });
});

describe('cookies that never reach a task', () => {
  it("are the router's own and ClearML's, as learned from the router's login", async () => {
    const { auth } = await start();
    assert.deepEqual(auth.cookieNames(), [
      '__Host-router_session',
      '__Host-router_session_1',
      '__Host-router_session_2',
      '__Host-router_session_3',
      '__Host-router_sign_in',
      '__Host-router_state',
      '__Host-router_share',
      '__Host-router_guest',
      '__Secure-router_guest',
      '__Host-router_guest_visit',
      CLEARML_COOKIE,
    ]);
  });
});
