import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claims, sign, taskId, tokenOf } from '../support/auth_fixture.ts';
import { guarded } from '../support/guarded_router.ts';
import { header } from '../support/raw_peers.ts';

const MINE = taskId('a');
const FOREIGN = taskId('b');

const idOf = (number: number) => number.toString(16).padStart(32, '0');

describe('A42: a task of another company', () => {
  it('is not there for the user, even where the addresses are the same', async (t) => {
    const world = await guarded([MINE, FOREIGN]);
    t.after(() => world.close());
    const token = await tokenOf('owner');
    world.clearml.grant(token, MINE);
    const bearer = `Authorization: Bearer ${token}`;
    assert.equal((await world.ask(`GET /service/${MINE}/`, bearer)).status, 200);
    const foreign = await world.ask(`GET /service/${FOREIGN}/`, bearer);
    const unknown = await world.ask(`GET /service/${taskId('f')}/`, bearer);
    assert.equal(foreign.status, 404);
    const shape = ({ status, headers, body }: typeof foreign) => ({
      status,
      headers: headers.filter(([name]) => name !== 'date'),
      body,
    });
    assert.deepEqual(shape(foreign), shape(unknown));
  });
});

describe('A50: floods', () => {
  it('of bad tokens make no call to ClearML', async (t) => {
    const world = await guarded([MINE]);
    t.after(() => world.close());
    for (let i = 0; i < 100; i += 1) {
      const token = await sign(claims(`user-${i}`), 'not-the-secret-of-the-server');
      const answer = await world.ask(`GET /service/${MINE}/`, `Authorization: Bearer ${token}`);
      assert.equal(answer.status, 401);
    }
    assert.equal(world.clearml.calls, 0);
  });

  it('of requests with one revoked token make one call in five seconds', async (t) => {
    const world = await guarded([MINE]);
    t.after(() => world.close());
    const token = await tokenOf('gone');
    const asks = Array.from({ length: 50 }, (_, i) =>
      world.ask(`GET /service/${idOf(i % 5)}/`, `Authorization: Bearer ${token}`),
    );
    for (const { status } of await Promise.all(asks)) assert.equal(status, 401);
    const { calls } = world.clearml;
    // Five ids were asked about at the same moment, before the first answer said that the token is dead.
    assert.ok(calls <= 5, `${calls} calls`);
    await world.ask(`GET /service/${MINE}/`, `Authorization: Bearer ${token}`);
    assert.equal(world.clearml.calls, calls);
    world.pass(5_001);
    await world.ask(`GET /service/${MINE}/`, `Authorization: Bearer ${token}`);
    assert.equal(world.clearml.calls, calls + 1);
  });

  it('of questions about one id share one flight, and its answer for five seconds', async (t) => {
    const world = await guarded([MINE]);
    t.after(() => world.close());
    const token = await tokenOf('owner');
    world.clearml.grant(token);
    const ask = () => world.ask(`GET /service/${FOREIGN}/`, `Authorization: Bearer ${token}`);
    const answers = await Promise.all(Array.from({ length: 40 }, ask));
    for (const { status } of answers) assert.equal(status, 404);
    assert.equal(world.clearml.calls, 1);
    world.pass(3_000);
    await ask();
    assert.equal(world.clearml.calls, 1);
    world.pass(2_001);
    await ask();
    assert.equal(world.clearml.calls, 2);
  });

  it('of unknown ids end in 429 when the budget of the user is spent, whatever the token', async (t) => {
    const world = await guarded([MINE]);
    t.after(() => world.close());
    const tokens = await Promise.all(
      [0, 1000, 2000].map((age) => tokenOf('prober', Date.now() - age)),
    );
    for (const token of tokens) world.clearml.grant(token, MINE);
    const bearerOf = (i: number) => `Authorization: Bearer ${tokens[i % tokens.length]}`;
    const statuses = new Map<number, number>();
    for (let i = 0; i < 100; i += 1) {
      const answer = await world.ask(`GET /service/${idOf(i)}/`, bearerOf(i));
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 429) assert.ok(Number(header(answer, 'retry-after')) > 0);
    }
    assert.ok((statuses.get(404) ?? 0) >= 60 && (statuses.get(404) ?? 0) <= 65);
    assert.equal((statuses.get(404) ?? 0) + (statuses.get(429) ?? 0), 100);
    assert.ok(world.clearml.calls <= 65);
    // Another user is not held back, and the budget comes back.
    const other = await tokenOf('other');
    world.clearml.grant(other, MINE);
    const bearer = `Authorization: Bearer ${other}`;
    assert.equal((await world.ask(`GET /service/${MINE}/`, bearer)).status, 200);
    world.pass(10_000);
    assert.equal((await world.ask(`GET /service/${MINE}/`, bearerOf(0))).status, 200);
  });

  it('a user with many tasks of their own is not held back', async (t) => {
    const ids = Array.from({ length: 150 }, (_, i) => idOf(i));
    const world = await guarded(ids);
    t.after(() => world.close());
    const token = await tokenOf('busy');
    world.clearml.grant(token, ...ids);
    for (const id of ids) {
      const answer = await world.ask(`GET /service/${id}/`, `Authorization: Bearer ${token}`);
      assert.equal(answer.status, 200);
    }
  });

  it('while ClearML is away make one call a second for each question', async (t) => {
    const world = await guarded([MINE]);
    t.after(() => world.close());
    const token = await tokenOf('owner');
    world.clearml.grant(token, MINE);
    world.clearml.state = 'away';
    for (let i = 0; i < 20; i += 1) {
      const answer = await world.ask(`GET /service/${MINE}/`, `Authorization: Bearer ${token}`);
      assert.equal(answer.status, 503);
      assert.ok(Number(header(answer, 'retry-after')) > 0);
    }
    assert.ok(world.clearml.calls <= 2, `${world.clearml.calls} calls`);
  });
});
