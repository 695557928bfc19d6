import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLEARML_COOKIE, claims, sign, taskId, tokenOf } from '../../../support/auth_fixture.ts';
import { guarded, type Guarded } from '../../../support/guarded_router.ts';
import { HANDSHAKE } from '../../../support/web_socket_handshake.ts';

const MINE = taskId('a');
const T = `/service/${MINE}`;
const APP_KEY = 'Authorization: Bearer sk-of-the-app';

describe('A96: an app with an API key of its own, and X-ClearML-Token', () => {
  let world: Guarded;
  let good = '';
  let expired = '';
  before(async () => {
    world = await guarded([MINE]);
    good = await tokenOf('owner');
    expired = await sign({ ...claims('owner'), exp: 1_000_000_000 });
    world.clearml.grant(good, MINE);
  });
  after(() => world.close());

  async function passed(...lines: readonly string[]): Promise<string> {
    const from = world.task.seen().length;
    const answer = await world.ask(`GET ${T}/v1/models`, ...lines);
    assert.equal(answer.status, 200, lines.join());
    const seen = world.task.seen().slice(from);
    assert.ok(!seen.includes(good) && !/x.clearml.token/i.test(seen), seen);
    return seen;
  }

  it('signs in and ends here, and the app gets its key', async () => {
    assert.ok((await passed(`X-ClearML-Token: ${good}`, APP_KEY)).includes(APP_KEY));
    assert.ok((await passed(APP_KEY, `x-clearml-token: ${good}`)).includes(APP_KEY));
    await passed(`X-ClearML-Token: ${good}`);
  });

  it('leaves other schemes to the app', async () => {
    const basic = 'Authorization: Basic YTpi';
    assert.ok((await passed(`X-ClearML-Token: ${good}`, basic)).includes(basic));
  });

  it('a cookie does the same', async () => {
    assert.ok((await passed(`Cookie: ${CLEARML_COOKIE}=${good}`, APP_KEY)).includes(APP_KEY));
  });

  it('of Authorization beside it the app gets no token of ours, not an old one either', async () => {
    for (const ours of [good, expired]) {
      const seen = await passed(`X-ClearML-Token: ${good}`, `Authorization: Bearer ${ours}`);
      assert.ok(!/authorization/i.test(seen), seen);
    }
  });

  it('lets nobody in where it does not hold, whatever stands in Authorization', async () => {
    const before = world.task.connections.length;
    for (const token of ['', 'garbage', `Bearer ${good}`, `${good} `.repeat(2), expired]) {
      const lines = [`X-ClearML-Token: ${token}`, `Authorization: Bearer ${good}`];
      assert.equal((await world.ask(`GET ${T}/`, ...lines)).status, 401, token);
    }
    const twice = [`X-ClearML-Token: ${good}`, `X-ClearML-Token: ${good}`];
    assert.equal((await world.ask(`GET ${T}/`, ...twice)).status, 401);
    assert.equal((await world.ask(`GET ${T}/`, `X_ClearML_Token: ${good}`)).status, 401);
    assert.equal(world.task.connections.length, before);
  });

  it('a cookie still holds where it does not, and it never reaches the app', async () => {
    const cookie = `Cookie: ${CLEARML_COOKIE}=${good}`;
    assert.ok(!(await passed('X-ClearML-Token: garbage', cookie)).includes('garbage'));
    await passed(`X_ClearML_Token: ${good}`, cookie);
  });

  it('opens WebSockets', async () => {
    const lines = [...HANDSHAKE, `X-ClearML-Token: ${good}`, APP_KEY];
    assert.equal((await world.ask(`GET ${T}/ws`, ...lines)).status, 101);
  });

  it('is not logged', () => {
    assert.ok(!world.lines.join('').includes(good.slice(-43)));
  });
});
