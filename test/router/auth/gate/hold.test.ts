import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Admitted, DenialReason } from '../../../../router/auth/gate/decision.ts';
import {
  bearer,
  claims,
  endpoint,
  lab,
  request,
  sign,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';

const MINE = taskId('a');

/** A session that is open under its watch, with a clock that the test moves and looks that it can wait for. */
async function held(t: TestContext, environment: Record<string, string> = {}) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const route = staticRoute('chat', 'authenticated', [endpoint(MINE)]);
  const parts = await lab(table([endpoint(MINE)], [route]), environment);
  t.after(() => parts.auth.close());
  const token = await sign({ ...claims('owner'), exp: Math.floor(Date.now() / 1000) + 900 });
  parts.clearml.grant(token, MINE);
  const decision = await parts.auth.gate.admit(request(MINE, bearer(token)));
  assert.equal(decision.outcome, 'admitted');
  const ends: DenialReason[] = [];
  const release = parts.auth.gate.hold(decision, (reason) => void ends.push(reason));
  /** Moves the clock in steps of a second, looking in each. Returns the seconds until the session ended. */
  const until = async (seconds: number): Promise<number | undefined> => {
    for (let second = 1; second <= seconds; second += 1) {
      parts.pass(1_000);
      t.mock.timers.tick(1_000);
      for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
      if (ends.length > 0) return second;
    }
    return undefined;
  };
  return { ...parts, token, ends, release, until };
}

describe('an open session', () => {
  it('stays as long as the right stands, and asks ClearML once in ACCESS_CACHE_SECONDS', async (t) => {
    const { clearml, until } = await held(t);
    assert.equal(await until(120), undefined);
    assert.ok(clearml.calls >= 4 && clearml.calls <= 6, `${clearml.calls} calls`);
  });

  it('shares its question with all other sessions of the same user and task', async (t) => {
    const { auth, clearml, token, until } = await held(t);
    for (let i = 0; i < 50; i += 1) {
      const admitted = await auth.gate.admit(request(MINE, bearer(token)));
      auth.gate.hold(admitted as Admitted, () => {});
    }
    await until(65);
    assert.ok(clearml.calls <= 4, `${clearml.calls} calls`);
  });

  it('ends at most ACCESS_CACHE_SECONDS plus 5 s after the user lost the task', async (t) => {
    const { clearml, token, ends, until } = await held(t);
    clearml.sees.set(token, new Set());
    const seconds = await until(35);
    assert.ok(seconds !== undefined);
    assert.deepEqual(ends, ['not-visible']);
  });

  it('ends when the token was logged out at ClearML', async (t) => {
    const { clearml, token, ends, until } = await held(t);
    clearml.refused.add(token);
    assert.ok((await until(35)) !== undefined);
    assert.deepEqual(ends, ['token-revoked']);
  });

  it('ends within a look when the token expires', async (t) => {
    const { ends, until } = await held(t);
    const seconds = await until(905);
    assert.ok(seconds !== undefined && seconds >= 895 && seconds <= 902, `${seconds}`);
    assert.deepEqual(ends, ['token-expired']);
  });

  it('ends with the next table when the task has ended', async (t) => {
    const { routes, ends } = await held(t);
    routes.swap(table([]));
    assert.deepEqual(ends, ['unknown-endpoint']);
  });

  it('outlives an absent ClearML for ACCESS_STALE_SECONDS, and no longer', async (t) => {
    const { clearml, ends, until } = await held(t, { ACCESS_STALE_SECONDS: '60' });
    clearml.state = 'away';
    const seconds = await until(120);
    assert.ok(seconds !== undefined && seconds >= 85 && seconds <= 95, `${seconds}`);
    assert.deepEqual(ends, ['clearml-unavailable']);
  });

  it('is told once, and not at all after it was let go', async (t) => {
    const { routes, ends, release } = await held(t);
    release();
    routes.swap(table([]));
    assert.deepEqual(ends, []);
  });

  it('of a static route ends when the route is disabled or open to others than before, or its token refused', async (t) => {
    const { auth, routes, clearml, until } = await held(t);
    const other = await tokenOf('other');
    clearml.grant(other);
    const open = async () => {
      const route = routes.current().staticPaths.get('chat');
      assert.ok(route !== undefined);
      const target = { kind: 'static', route, cut: 5 } as const;
      const admitted = await auth.gate.admit({ ...request(MINE, bearer(other)), target });
      assert.equal(admitted.outcome, 'admitted');
      const ends: DenialReason[] = [];
      auth.gate.hold(admitted, (reason) => void ends.push(reason));
      return ends;
    };
    const first = await open();
    const route = staticRoute('chat', 'authenticated', [endpoint(MINE)]);
    routes.swap(table([endpoint(MINE)], [{ ...route, enabled: false }]));
    assert.deepEqual(first, ['unknown-endpoint']);
    routes.swap(table([endpoint(MINE)], [route]));
    const narrowed = await open();
    routes.swap(table([endpoint(MINE)], [{ ...route, access: 'visible' }]));
    assert.deepEqual(narrowed, ['unknown-endpoint']);
    routes.swap(table([endpoint(MINE)], [route]));
    const second = await open();
    clearml.refused.add(other);
    await until(35);
    assert.deepEqual(second, ['token-revoked']);
  });

  it('A63: ends at once when a table came between the decision and its hold', async (t) => {
    const { auth, routes, token } = await held(t);
    const admitted = await auth.gate.admit(request(MINE, bearer(token)));
    routes.swap(table([]));
    const ends: DenialReason[] = [];
    auth.gate.hold(admitted as Admitted, (reason) => void ends.push(reason));
    await Promise.resolve();
    assert.deepEqual(ends, ['unknown-endpoint']);
  });

  for (const AUTH_ENABLED of ['true', 'false']) {
    it(`A63: of a static route ends when its task no longer serves the route, sign-in ${AUTH_ENABLED}`, async (t) => {
      const { auth, routes, token } = await held(t, {
        AUTH_ENABLED,
        AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
      });
      const route = routes.current().staticPaths.get('chat');
      assert.ok(route !== undefined);
      const target = { kind: 'static', route, cut: 5 } as const;
      const admitted = await auth.gate.admit({ ...request(MINE, bearer(token)), target });
      const ends: DenialReason[] = [];
      auth.gate.hold(admitted as Admitted, (reason) => void ends.push(reason));
      routes.swap(
        table([endpoint(MINE)], [staticRoute('chat', 'authenticated', [endpoint(MINE)])]),
      );
      assert.deepEqual(ends, []);
      const other = endpoint(taskId('b'));
      routes.swap(table([endpoint(MINE), other], [staticRoute('chat', 'authenticated', [other])]));
      assert.deepEqual(ends, ['unknown-endpoint']);
    });
  }
});
