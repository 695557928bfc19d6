import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawClient, RawTask } from '../../support/raw_peers.ts';
import { endTask } from '../../lab/clearml/asks.ts';
import { callApi } from '../../lab/clearml/client.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { echoTask, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

/** ACCESS_CACHE_SECONDS of the test plus the 5 s of the rule. Milliseconds. */
const LATEST = 5_300;

describe('a right that is withdrawn', () => {
  let world: Outside;
  let task: RawTask;
  let id: string;
  before(async () => {
    world = await startOutside({ ACCESS_CACHE_SECONDS: '0.3' }, { edition: 'enterprise' });
    task = await echoTask();
    id = await world.serve(task);
  });
  after(async () => {
    await world.stop();
    await task.close();
  });

  async function open(authorization: string): Promise<RawClient> {
    const client = await world.connect(`GET /service/${id}/`, ...HANDSHAKE, authorization);
    const { status } = await client.answer();
    assert.equal(status, 101);
    return client;
  }
  const bearerOf = async (user: string, session: string): Promise<string> =>
    `Authorization: Bearer ${await world.clearml.token(user, { claims: { session_id: session } })}`;

  test('of user, of token, by its end: open WebSockets end in time, and others stay', async () => {
    const [staying, user, token, expiring] = await Promise.all([
      open(world.bearer),
      open(await bearerOf(ids.bob, 'one')),
      open(await bearerOf(ids.admin, 'two')),
      open(`Authorization: Bearer ${await world.clearml.token(ids.admin, { expiresIn: 2 })}`),
    ]);
    world.clearml.state.restrictTask(id, [ids.alice]);
    const revoked = (await bearerOf(ids.admin, 'two')).slice('Authorization: '.length);
    await callApi(world.clearml.url, 'auth.logout', {}, revoked);
    const began = performance.now();
    await Promise.all([user, token, expiring].map((client) => client.untilClosed(LATEST + 1_000)));
    assert.ok(performance.now() - began < LATEST + 500);
    assert.equal(staying.closed, false);
    for (const client of [user, token]) {
      // A close frame that says why: 1008, policy violation.
      assert.equal(client.pending.slice(2, 4), '\u0003\u00f0', JSON.stringify(client.pending));
    }
    endTask(world.clearml, id);
    await staying.untilClosed(2_000);
  });
});
