import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClearMl } from '../../../router/clearml/clearml.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { connect, serve } from '../../support/installation.ts';

/** More than all connections of a kind. */
const MANY = 40;
/** Far below the time after which a call is given up. Milliseconds. */
const SOON = 5_000;

async function soon(answers: readonly Promise<unknown>[]): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('it waited for calls of another kind')), SOON);
  try {
    await Promise.race([Promise.all(answers), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What fills which connections, and what is asked meanwhile. */
const CASES: readonly {
  readonly hanging: string;
  readonly fill: (clearml: ClearMl, token: string) => Promise<unknown>;
  readonly ask: (clearml: ClearMl, token: string, other: string) => readonly Promise<unknown>[];
}[] = [
  {
    hanging: 'auth.login',
    fill: (clearml) => clearml.loginWith('somebody', 'slow'),
    ask: (clearml, token, other) => [
      clearml.visibleTasks(token, ['a'.repeat(32)]),
      clearml.currentUser(token),
      clearml.tasks({ running: true }, 0),
      clearml.logout(other),
    ],
  },
  {
    hanging: 'users.get_current_user',
    fill: (clearml, token) => clearml.currentUser(token),
    ask: (clearml, _token, other) => [
      clearml.loginWith('alice', 'lab-alice-password'),
      clearml.tasks({ running: true }, 0),
      clearml.logout(other),
    ],
  },
  {
    hanging: 'auth.logout',
    fill: (clearml, token) => clearml.logout(token),
    ask: (clearml, token) => [
      clearml.loginWith('alice', 'lab-alice-password'),
      clearml.visibleTasks(token, ['a'.repeat(32)]),
      clearml.tasks({ running: true }, 0),
    ],
  },
];

for (const { hanging, fill, ask } of CASES) {
  test(`while ClearML is silent to ${hanging}, all other calls are answered (A58)`, async (t) => {
    const server = await serve(t);
    const clearml = connect(t, server);
    await clearml.queues();
    const [token, other] = [await userToken(server, 'alice'), await userToken(server, 'alice')];
    const fault = server.faults.add({ kind: 'hang', calls: [hanging] });
    const filling = Array.from({ length: MANY }, () => fill(clearml, token).catch(String));
    await fault.next();
    await soon(ask(clearml, token, other));
    fault.clear();
    await Promise.all(filling);
  });
}

test('calls that wait for a silent ClearML are bounded (A58)', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  await clearml.queues();
  const token = await userToken(server, 'alice');
  const fault = server.faults.add({ kind: 'hang', calls: ['auth.logout'] });
  const waiting = Array.from({ length: 256 }, () => clearml.logout(token).catch(String));
  await fault.next();
  await assert.rejects(clearml.logout(token), {
    code: 'CLEARML_UNAVAILABLE',
    message: /256 calls wait/,
  });
  fault.clear();
  await Promise.all(waiting);
});
