import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { table } from '../../../support/auth_fixture.ts';
import { GUEST_COOKIES } from '../../../support/guest_links.ts';
import type { Reply } from '../../../support/site.ts';
import { HOST, guestSite } from './guest_site.ts';
import { BROWSER, ENDPOINTS, MINE, OTHERS, OWN, PROJECT, json } from './shared_site.ts';

const NO_NAME = /Type a name of 1 to 64 characters, of letters, numbers and signs alone\./;

const toSignIn = ({ status, headers, text }: Reply) => {
  assert.deepEqual([status, headers.location], [302, `${HOST}/auth/sign-in?next=%2Fshare%2F`]);
  assert.doesNotMatch(text, /guest/i);
};

describe('the page of a link that lets in guests', () => {
  it('gives whoever is not signed in two ways, and looking spends nothing', async (t) => {
    const { give, look, grantOf } = await guestSite(t);
    const { id, path } = await give({ endpoint: MINE, link: { uses: 1, guests: true } });
    for (let looked = 0; looked < 3; looked += 1) {
      const page = await look(path);
      assert.equal(page.status, 200);
      assert.match(page.text, /<h1>owner name shares a task with you<\/h1>/);
      assert.match(page.text, /<a class="button" href="\?sign-in">Sign in<\/a>/);
      assert.match(page.text, /<button class="main">Go on as a guest<\/button>/);
      assert.equal(page.headers['referrer-policy'], 'strict-origin');
      assert.equal(page.headers['cache-control'], 'no-store');
      assert.ok(!page.text.includes(path.slice(-43)));
      assert.equal(page.cookies.size, 0);
    }
    assert.equal((await grantOf(id)).admitted, undefined);
    // To sign in, the link waits in its cookie, as others do.
    const signIn = await look(`${path}?sign-in`);
    toSignIn(signIn);
    assert.equal(`/share/${signIn.cookies.get('__Host-router_share')}`, path);
  });

  it('lets in under the name that is typed, to this endpoint alone', async (t) => {
    const { site, give, goOn, may, grantOf } = await guestSite(t);
    const { id, path } = await give({ endpoint: MINE, link: { uses: 2, guests: true } });
    const reply = await goOn(path, ' Zoë <b>&amp;</b> ');
    assert.deepEqual(
      [reply.status, reply.headers.location, reply.headers['referrer-policy']],
      [303, `${HOST}/service/${MINE}/`, 'no-referrer'],
    );
    const set = String(reply.headers['set-cookie']);
    const age = Number(/Max-Age=(\d+)/.exec(set)?.[1]);
    assert.ok(age > 86_390 && age <= 7 * 86_400, set);
    assert.ok(set.endsWith('; HttpOnly; SameSite=Lax; Secure'), set);
    assert.ok(set.includes(`; Path=/service/${MINE}/; `), set);
    const session = reply.cookies.get(GUEST_COOKIES.path) ?? '';
    assert.deepEqual([await may(session), await may(session, OTHERS)], ['admitted', 401]);
    assert.deepEqual(
      (await grantOf(id)).admitted?.map(({ name }) => name),
      ['Zoë <b>&amp;</b>'],
    );
    const line = site.lines.find((one) => one.includes('guest_admitted')) ?? '{}';
    const {
      time: _time,
      level: _level,
      message: _message,
      ...told
    } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual(told, {
      event: 'guest_admitted',
      guest: 'Zoë <b>&amp;</b>',
      owner: 'owner',
      grant: id,
      endpoint: MINE,
      client: '192.0.2.1',
    });
    assert.ok(!site.lines.join('').includes(path.slice(-43)));
    assert.ok(!site.lines.join('').includes(session));
  });

  it('tells the owner who came, marked and escaped', async (t) => {
    const { site, owner, give, goOn } = await guestSite(t);
    const { path } = await give({ endpoint: MINE, link: { uses: 3, guests: true } });
    await goOn(path, '<b>Zoë</b>');
    const page = await site.open(owner, `/auth/sharing?endpoint=${MINE}`);
    const text = page.text.replaceAll(/\s+/g, ' ');
    assert.match(
      text,
      /a link, guests too, 2 of 3 uses left: let in <bdi>&lt;b&gt;Zoë&lt;\/b&gt; \(guest\)<\/bdi>/,
    );
    const [grant] = (
      json(await site.call(owner, 'GET', '/api/v1/grants')) as {
        grants: { link: Record<string, unknown> }[];
      }
    ).grants;
    const { uses_left, redeemed, guests_let_in } = grant?.link ?? {};
    assert.deepEqual([uses_left, redeemed], [2, []]);
    assert.deepEqual(
      (guests_let_in as { name: string }[]).map(({ name }) => name),
      ['<b>Zoë</b>'],
    );
  });

  it('spends a use for each guest, and looks then like every other link', async (t) => {
    const { give, look, goOn, may } = await guestSite(t);
    const { path } = await give({ endpoint: MINE, link: { uses: 3, guests: true } });
    const replies = await Promise.all(Array.from({ length: 8 }, (_, at) => goOn(path, `g${at}`)));
    const admitted = replies.filter(({ status }) => status === 303);
    assert.equal(admitted.length, 3);
    for (const reply of replies.filter(({ status }) => status !== 303)) {
      toSignIn(reply);
      assert.ok(!reply.cookies.has(GUEST_COOKIES.path));
    }
    toSignIn(await look(path));
    // Those who are in stay in.
    assert.equal(await may(admitted[0]?.cookies.get(GUEST_COOKIES.path) ?? ''), 'admitted');
  });

  it('asks for another name where it is none, shows it escaped, and spends nothing', async (t) => {
    const { give, goOn, grantOf } = await guestSite(t);
    const { id, path } = await give({ endpoint: MINE, link: { uses: 1, guests: true } });
    for (const name of ['', '   ', 'x'.repeat(65), 'a\r\nX: y', '"><script>\u0007']) {
      const page = await goOn(path, name);
      assert.equal(page.status, 400);
      assert.match(page.text, NO_NAME);
      assert.equal(page.cookies.size, 0);
      assert.ok(!page.text.includes('"><script>\u0007'));
    }
    assert.equal((await grantOf(id)).admitted, undefined);
  });

  it('takes a form of its own alone', async (t) => {
    const { give, goOn, grantOf } = await guestSite(t);
    const { id, path } = await give({ endpoint: MINE, link: { uses: 1, guests: true } });
    for (const headers of [
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
      { Origin: `https://${OTHERS}.tasks.example.com`, 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
    ]) {
      const reply = await goOn(path, 'Zoë', headers);
      assert.deepEqual([reply.status, reply.cookies.size], [403, 0]);
    }
    assert.equal((await grantOf(id)).admitted, undefined);
  });

  it('is that of every other link to whoever is signed in, and to the button of who was', async (t) => {
    const { site, give, grantOf } = await guestSite(t);
    const carol = await site.user('carol');
    const { id, path } = await give({ endpoint: MINE, link: { uses: 2, guests: true } });
    const page = await site.open(carol, path);
    assert.match(page.text, /<button class="main">Open it<\/button>/);
    assert.doesNotMatch(page.text, /guest/);
    const reply = await site.post(carol, path, { name: 'Zoë' });
    assert.equal(reply.status, 303);
    assert.ok(!reply.cookies.has(GUEST_COOKIES.path));
    const link = await grantOf(id);
    assert.deepEqual([link.redeemed.length, link.admitted], [1, undefined]);
    toSignIn(await site.ask('POST', path, { ...BROWSER, ...OWN }, ''));
  });

  it('lets in nobody while what is shared cannot be written', async (t) => {
    const { site, give, goOn, grantOf } = await guestSite(t);
    const { id, path } = await give({ endpoint: MINE, link: { uses: 1, guests: true } });
    const file = join(site.folder, 'state');
    const state = await readFile(file, 'utf8');
    await writeFile(file, 'not json');
    const reply = await goOn(path, 'Zoë');
    assert.deepEqual([reply.status, reply.cookies.size], [503, 0]);
    await writeFile(file, state);
    assert.equal((await grantOf(id)).admitted, undefined);
  });
});

describe('no guest is let in', () => {
  it('by a link that says nothing of guests, is wrong, spent, expired or taken back, or leads to nothing', async (t) => {
    const { site, owner, give, look, goOn } = await guestSite(t);
    const link = { guests: true };
    const plain = await give({ endpoint: MINE, link: {} });
    const revoked = await give({ endpoint: MINE, link });
    await site.call(owner, 'DELETE', `/api/v1/grants/${revoked.id}`);
    const expired = await give({ endpoint: MINE, link: { ...link, expires_in: 60 } });
    const good = await give({ endpoint: MINE, link });
    const wrong = `${good.path.slice(0, -1)}${good.path.endsWith('A') ? 'B' : 'A'}`;
    site.pass(61_000);
    for (const path of [plain.path, revoked.path, expired.path, wrong, '/share/x']) {
      toSignIn(await look(path));
      toSignIn(await goOn(path, 'Zoë'));
    }
    site.routes.swap(table(ENDPOINTS.map((one) => ({ ...one, access: 'owner' }))));
    toSignIn(await look(good.path));
    toSignIn(await goOn(good.path, 'Zoë'));
    site.routes.swap(table(ENDPOINTS.filter(({ id }) => id !== MINE)));
    toSignIn(await look(good.path));
    assert.ok(!site.lines.some((line) => line.includes('guest_admitted')));
  });

  it('to a project', async (t) => {
    const { site, owner } = await guestSite(t);
    const wish = { project: PROJECT, link: { guests: true } };
    const reply = await site.call(owner, 'POST', '/api/v1/grants', wish);
    assert.equal(reply.status, 400);
    assert.match(reply.text, /A link that lets in guests is for one endpoint, not for a project\./);
  });

  it('where the stack no longer allows it', async (t) => {
    const environment = { STATE_FILE: '' };
    const first = await guestSite(t);
    const { path } = await first.give({ endpoint: MINE, link: { guests: true } });
    environment.STATE_FILE = join(first.site.folder, 'state');
    const off = await guestSite(t, { ...environment, ACCESS_GUESTS: 'false' });
    toSignIn(await off.look(path));
    toSignIn(await off.goOn(path, 'Zoë'));
    const on = await guestSite(t, environment);
    assert.equal((await on.look(path)).status, 200);
  });
});
