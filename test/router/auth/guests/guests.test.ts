import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { endpoint, lab, table, taskId } from '../../../support/auth_fixture.ts';
import { guestLink, guestSession } from '../../../support/guest_links.ts';

const ID = taskId('a');
const OTHER = taskId('b');
const DAY = 86_400_000;

async function start(t: TestContext, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'guests-'));
  const world = await lab(table([endpoint(ID), endpoint(OTHER)]), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    ACCESS_GUESTS: 'true',
    ...environment,
  });
  t.after(() => {
    world.auth.close();
    rmSync(folder, { recursive: true });
  });
  const guests = world.auth.sharing?.guests;
  assert.ok(guests !== undefined);
  return { ...world, guests };
}

/** Path and seconds of each Set-Cookie. */
const pathAndAge = (cookies: readonly string[] | undefined) =>
  cookies?.map((one) => [/Path=([^;]+)/.exec(one)?.[1], Number(/Max-Age=(\d+)/.exec(one)?.[1])]);

describe('sessions of guests', () => {
  it('end with the link, or after seven days', async (t) => {
    const world = await start(t);
    for (const [days, seconds] of [
      [1, 86_400],
      [30, 7 * 86_400],
    ] as const) {
      const link = await guestLink(world, ID, { expiresAt: world.now() + days * DAY });
      const session = await guestSession(world, link);
      const [[, age] = []] = pathAndAge(await world.guests.cookiesFor(session, 'router')) ?? [];
      assert.ok(age !== undefined && Number(age) <= seconds && Number(age) > seconds - 5, `${age}`);
    }
  });

  it('have a cookie at the endpoint’s own host and below its path, and nowhere else', async (t) => {
    const world = await start(t);
    const session = await guestSession(world, await guestLink(world, ID));
    const at = async (audience: string) =>
      (await world.guests.cookiesFor(session, audience))?.map((one) => one.split(session));
    const attributes = '; Max-Age=3599; HttpOnly; SameSite=Lax; Secure';
    const right = (name: string, path: string) => [[`${name}=`, `; Path=${path}${attributes}`]];
    const round = (found: readonly (readonly string[])[] | undefined) =>
      found?.map(([name, rest]) => [name, rest?.replace(/=359\d;|=3600;/, '=3599;')]);
    assert.deepEqual(round(await at(`endpoint:${ID}`)), right('__Host-router_guest', '/'));
    const path = `/service/${ID}/`;
    assert.deepEqual(round(await at('router')), right('__Secure-router_guest', path));
    for (const audience of [`endpoint:${OTHER}`, 'pages', `static:${ID}`, 'static:chat', '']) {
      assert.equal(await at(audience), undefined, audience);
    }
    assert.equal(await world.guests.cookiesFor('x', 'router'), undefined);
  });

  it('are sealed for one purpose: the word of the page for one opens nothing by itself', async (t) => {
    const world = await start(t);
    const session = await guestSession(world, await guestLink(world, ID));
    const visit = await world.guests.visitCookie(session, ID);
    const text = visit?.split(/[=;]/)[1] ?? '';
    assert.equal(await world.guests.cookiesFor(text, 'router'), undefined);
    const back = { location: 'https://x.example.com/', audience: `endpoint:${ID}` };
    const cookie = (value: string) => ['Cookie', `__Host-router_guest_visit=${value}`];
    assert.equal(await world.guests.visiting(cookie(text), back), session);
    assert.equal(await world.guests.visiting(cookie(session), back), undefined);
    for (const location of [
      `https://router.example.com/service/${OTHER}/`,
      `https://router.example.com/service/${ID}__x/`,
      `https://evil.example/service/${ID}/`,
      `/service/${ID}/`,
    ]) {
      const elsewhere = { location, audience: 'router' };
      assert.equal(await world.guests.visiting(cookie(text), elsewhere), undefined, location);
    }
  });

  it('hold while the link does: each of what it says is asked', async (t) => {
    const world = await start(t);
    const { guests, pass } = world;
    const link = await guestLink(world, ID);
    const one = endpoint(ID);
    assert.equal(guests.admits(link.id, one), true);
    assert.equal(guests.admits(crypto.randomUUID(), one), false);
    assert.equal(guests.admits(link.id, endpoint(OTHER)), false);
    assert.equal(guests.admits(link.id, endpoint(`${ID}__x`)), false);
    assert.equal(guests.admits(link.id, endpoint(ID, 'other')), false);
    assert.equal(guests.admits(link.id, { ...one, access: 'owner' }), false);
    assert.equal(guests.admits(link.id, { ...one, access: 'people' }), true);
    const task = { ...one.task, companyId: 'd'.repeat(32) };
    assert.equal(guests.admits(link.id, { ...one, task }), false);
    const plain = await guestLink(world, ID, { guests: false });
    assert.equal(guests.admits(plain.id, one), false);
    pass(3_600_000);
    assert.equal(guests.admits(link.id, one), false);
  });

  it('are of nobody where ACCESS_WIDEST is owner', async (t) => {
    const world = await start(t, { ACCESS_WIDEST: 'owner' });
    const link = await guestLink(world, ID);
    assert.equal(world.guests.admits(link.id, endpoint(ID)), false);
  });
});
