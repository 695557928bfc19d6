import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { CLEARML_COOKIE, table } from '../../../support/auth_fixture.ts';
import { form } from '../../../support/site.ts';
import {
  BROWSER,
  ENDPOINTS,
  MINE,
  OTHERS,
  OWN,
  PROJECT,
  UNSEEN,
  json,
  sharedSite,
} from './shared_site.ts';

const NOTHING =
  'This link is not valid, or no longer, or ClearML does not show you the task that it leads to.';
const HOST = 'https://router.example.com';

async function start(t: TestContext, environment: Record<string, string> = {}) {
  const site = await sharedSite(t, environment);
  const owner = await site.user('owner');
  const carol = await site.user('carol');
  const give = async (wish: object) => {
    const reply = await site.call(owner, 'POST', '/api/v1/grants', wish);
    assert.equal(reply.status, 201, reply.text);
    const { id, url } = json(reply) as { id: string; url: string };
    return { id, path: new URL(url).pathname };
  };
  const usesLeft = async (id: string) => {
    const grants = (await site.auth.sharing?.grants.list((one) => one.id === id)) ?? [];
    const [grant] = grants;
    assert.ok(grant !== undefined && 'link' in grant.gives);
    return grant.gives.link.uses - grant.gives.link.redeemed.length;
  };
  const click = (token: string, path: string) => site.post(token, path, {});
  return { site, owner, carol, give, usesLeft, click };
}

describe('the page of a link', () => {
  it('says who shares what, and looking spends nothing: the button does, and lets in', async (t) => {
    const { site, carol, give, usesLeft, click } = await start(t);
    const { id, path } = await give({ endpoint: MINE, link: { uses: 2 } });
    for (let looked = 0; looked < 3; looked += 1) {
      const page = await site.open(carol, path);
      assert.equal(page.status, 200);
      assert.match(page.text, /<h1>owner name shares a task with you<\/h1>/);
      assert.match(
        page.text,
        /<form class="form" method="post">\s*<button class="main">Open it<\/button>/,
      );
    }
    assert.equal(
      (await site.ask('HEAD', path, { ...BROWSER, Cookie: `${CLEARML_COOKIE}=${carol}` })).status,
      200,
    );
    assert.deepEqual([await usesLeft(id), await site.may(carol)], [2, 404]);
    const opened = await click(carol, path);
    assert.deepEqual([opened.status, opened.headers.location], [303, `${HOST}/service/${MINE}/`]);
    assert.deepEqual([await usesLeft(id), await site.may(carol)], [1, 'admitted']);
    // Once more, by the same user, is free.
    assert.equal((await click(carol, path)).status, 303);
    assert.equal(await usesLeft(id), 1);
    const [line = ''] = site.lines.filter((one) => one.includes('link_redeemed'));
    const { event, user, owner, grant } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual(
      { event, user, owner, grant },
      { event: 'link_redeemed', user: 'carol', owner: 'owner', grant: id },
    );
  });

  it('tells its secret neither to logs nor to where it leads, and nobody may keep it', async (t) => {
    const { site, carol, give, click } = await start(t, { LOG_LEVEL: 'debug' });
    const { path } = await give({ endpoint: MINE, link: {} });
    const page = await site.open(carol, path);
    const secret = path.slice(-43);
    assert.ok(!page.text.includes(secret));
    assert.equal(page.headers['referrer-policy'], 'strict-origin');
    assert.equal(page.headers['cache-control'], 'no-store');
    const opened = await click(carol, path);
    assert.equal(opened.headers['referrer-policy'], 'no-referrer');
    assert.ok(!JSON.stringify(opened.headers).includes(secret));
    const stranger = await site.ask('GET', path, BROWSER);
    assert.equal(stranger.status, 302);
    const denied = site.lines.filter((line) => line.includes('"denied"'));
    const id = path.slice('/share/'.length, -44);
    assert.equal((JSON.parse(denied.at(-1) ?? '') as { page: string }).page, `/share/${id}…`);
    const foreign = { Cookie: `${CLEARML_COOKIE}=${carol}`, Origin: 'https://evil.example' };
    assert.equal((await site.ask('POST', path, foreign)).status, 403);
    assert.ok(!site.lines.join('').includes(secret));
  });

  it('of a project leads to its one task that the user sees, or to the list of all', async (t) => {
    const { site, carol, give, click } = await start(t);
    const { path } = await give({ project: PROJECT, link: { uses: 5 } });
    // Two endpoints of the task that carol sees are not their owner's own alone.
    assert.match(
      (await site.open(carol, path)).text,
      /owner name shares their tasks in Churn with you/,
    );
    assert.equal((await click(carol, path)).headers.location, '/');
    const dave = await site.user('dave', {}, UNSEEN);
    const opened = await click(dave, path);
    assert.equal(opened.headers.location, `${HOST}/service/${UNSEEN}/`);
    assert.deepEqual(
      [await site.may(dave, UNSEEN), await site.may(dave, OTHERS), await site.may(carol, OTHERS)],
      ['admitted', 404, 404],
    );
  });

  it('leads to the endpoint’s own host, and the policy of the page lets its form end there', async (t) => {
    const { site, carol, give, click } = await start(t, {
      ROUTER_WILDCARD_HOST: 'tasks.example.com',
    });
    const { path } = await give({ endpoint: MINE, link: {} });
    const origin = `https://${MINE}.tasks.example.com`;
    const page = await site.open(carol, path);
    assert.ok(page.headers['content-security-policy']?.includes(`form-action 'self' ${origin};`));
    assert.equal((await click(carol, path)).headers.location, `${origin}/`);
  });

  it('is at the host of the router’s own pages, where that is another', async (t) => {
    const pages = 'pages.example.com';
    const { site, owner, carol } = await start(t, { ROUTER_PAGES_URL: `https://${pages}` });
    // No page of a task is there, and no keys are asked for.
    const given = await site.ask(
      'POST',
      '/api/v1/grants',
      { Host: pages, Origin: `https://${pages}`, Cookie: `${CLEARML_COOKIE}=${owner}` },
      JSON.stringify({ endpoint: MINE, link: {} }),
    );
    const { url } = json(given) as { url: string };
    const path = new URL(url).pathname;
    assert.equal(url, `https://${pages}${path}`);
    const Cookie = `${CLEARML_COOKIE}=${carol}`;
    const beside = await site.ask('GET', path, { ...BROWSER, Cookie });
    assert.deepEqual([beside.status, beside.headers.location], [307, url]);
    const own = { ...BROWSER, Cookie, Host: pages, Origin: `https://${pages}` };
    const page = await site.ask('GET', path, own);
    assert.equal(page.status, 200);
    assert.ok(page.headers['content-security-policy']?.includes(`form-action 'self' ${HOST};`));
    const opened = await site.ask('POST', path, own);
    assert.deepEqual([opened.status, opened.headers.location], [303, `${HOST}/service/${MINE}/`]);
  });

  it('takes its owner to what is theirs, and spends nothing', async (t) => {
    const { owner, give, usesLeft, click } = await start(t);
    const { id, path } = await give({ endpoint: MINE, link: {} });
    assert.equal((await click(owner, path)).status, 303);
    assert.equal(await usesLeft(id), 1);
  });
});

describe('a link that leads nowhere', () => {
  it('looks the same whatever the reason, and asks ClearML the same', async (t) => {
    const { site, owner, give, click } = await start(t);
    const dave = await site.user('dave');
    const blind = await site.user('blind', {}, OTHERS);
    const good = await give({ endpoint: MINE, link: { uses: 9 } });
    const spent = await give({ endpoint: MINE, link: { uses: 1 } });
    await click(dave, spent.path);
    const revoked = await give({ endpoint: MINE, link: {} });
    await site.call(owner, 'DELETE', `/api/v1/grants/${revoked.id}`);
    const expired = await give({ endpoint: MINE, link: { expires_in: 60 } });
    site.pass(61_000);
    const away = await give({ endpoint: MINE, link: {} });
    const cases: readonly (readonly [string, string])[] = [
      [`${good.path.slice(0, -1)}${good.path.endsWith('A') ? 'B' : 'A'}`, await site.user('u1')],
      [`/share/${crypto.randomUUID()}.${'x'.repeat(43)}`, await site.user('u2')],
      ['/share/x', await site.user('u3')],
      [`${good.path}/`, await site.user('u4')],
      [spent.path, await site.user('u5')],
      [revoked.path, await site.user('u6')],
      [expired.path, await site.user('u7')],
      [good.path, blind],
    ];
    const seen = new Set<string>();
    const look = async (path: string, token: string) => {
      site.clearml.questions.length = 0;
      for (const reply of [await site.open(token, path), await click(token, path)]) {
        assert.equal(reply.status, 404, path);
        assert.ok(reply.text.includes(NOTHING), reply.text);
        seen.add(reply.text);
      }
      return site.clearml.questions.length;
    };
    for (const [path, token] of cases) assert.equal(await look(path, token), 1, path);
    assert.equal(await site.may(blind), 404);
    site.routes.swap(table(ENDPOINTS.filter(({ id }) => id !== MINE)));
    assert.equal(await look(away.path, await site.user('u9')), 1);
    assert.equal(seen.size, 1);
  });

  it('is refused after a few tries, also when one is right', async (t) => {
    const { site, carol, give } = await start(t);
    const { path } = await give({ endpoint: MINE, link: {} });
    const wrong = `/share/${crypto.randomUUID()}.${'x'.repeat(43)}`;
    const statuses: number[] = [];
    for (let tried = 0; tried < 11; tried += 1) {
      statuses.push((await site.open(carol, wrong)).status);
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 404), 429]);
    const refused = await site.open(carol, path);
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '6']);
    // Another user is not held back where their addresses are not known.
    assert.equal((await site.open(await site.user('dave'), path)).status, 200);
  });

  it('is refused to an address that tries too often, where addresses are known', async (t) => {
    const { site } = await start(t, { TRUSTED_PROXIES: '10.0.0.0/8' });
    const statuses: number[] = [];
    for (let user = 0; user < 5; user += 1) {
      const token = await site.user(`u${user}`);
      for (let tried = 0; tried < 9; tried += 1) {
        statuses.push((await site.open(token, `/share/x${tried}`)).status);
      }
    }
    assert.deepEqual(
      statuses.slice(0, 40),
      Array.from({ length: 40 }, () => 404),
    );
    assert.deepEqual(
      statuses.slice(41),
      Array.from({ length: 4 }, () => 429),
    );
  });

  it('says that ClearML is away, or the place of grants, and spends nothing', async (t) => {
    const { site, carol, give, usesLeft, click } = await start(t);
    const { id, path } = await give({ endpoint: MINE, link: {} });
    // What is not kept yet is asked; that the token holds was asked before.
    await site.call(carol, 'GET', '/api/v1/grants');
    site.clearml.state = 'away';
    assert.match((await click(carol, path)).text, /ClearML does not answer/);
    site.clearml.state = 'here';
    site.pass(2_000);
    const file = join(site.folder, 'state');
    const state = await readFile(file, 'utf8');
    await writeFile(file, 'not json');
    assert.match((await click(carol, path)).text, /What is shared cannot be reached/);
    await writeFile(file, state);
    assert.equal(await usesLeft(id), 1);
    assert.equal((await click(carol, path)).status, 303);
  });
});

describe('whoever opens a link without a session', () => {
  it('signs in first, and the link waits in a cookie meanwhile, in no URL', async (t) => {
    const { site, give } = await start(t);
    const { path } = await give({ endpoint: MINE, link: {} });
    const secret = path.slice(-43);
    const stranger = await site.ask('GET', path, BROWSER);
    assert.equal(stranger.status, 302);
    assert.equal(stranger.headers.location, `${HOST}/auth/sign-in?next=%2Fshare%2F`);
    const kept = stranger.cookies.get('__Host-router_share') ?? '';
    assert.equal(`/share/${kept}`, path);
    await site.user('dave');
    const keys = { access_key: 'dave', secret_key: 'SK', next: '/share/' };
    const login = site.clearml.credentials.get('dave:SK') ?? '';
    site.clearml.grant(login, MINE);
    const signedIn = await site.ask(
      'POST',
      '/auth/sign-in',
      { ...BROWSER, ...OWN, Cookie: `__Host-router_share=${kept}` },
      form(keys),
    );
    assert.deepEqual([signedIn.status, signedIn.headers.location], [303, '/share/']);
    const session = signedIn.cookies.get('__Host-router_session') ?? '';
    const Cookie = `__Host-router_session=${session}; __Host-router_share=${kept}`;
    const back = await site.ask('GET', '/share/', { ...BROWSER, Cookie });
    assert.deepEqual([back.status, back.headers.location], [303, path]);
    assert.match(String(back.headers['set-cookie']), /^__Host-router_share=; Path=\/; Max-Age=0;/);
    assert.equal((await site.ask('GET', path, { ...BROWSER, Cookie })).status, 200);
    assert.ok(!site.lines.join('').includes(secret));
    assert.ok(site.auth.cookieNames().includes('__Host-router_share'));
  });

  it('signs in at ClearML, whose server does not learn the link either', async (t) => {
    const { site, give } = await start(t, { CLEARML_WEB_URL: 'https://app.clear.example.com' });
    const { path } = await give({ endpoint: MINE, link: {} });
    const { headers, cookies } = await site.ask('GET', path, BROWSER);
    assert.equal(
      headers.location,
      `https://app.clear.example.com/login?redirect=${encodeURIComponent(`${HOST}/share/`)}`,
    );
    assert.ok(cookies.has('__Host-router_share') && cookies.has('__Host-router_sign_in'));
  });

  it('finds nothing at /share/ where no link waits, and keeps none that is not of the form', async (t) => {
    const { site, carol } = await start(t);
    for (const value of ['', '; __Host-router_share=x', '; __Host-router_share=//evil.example']) {
      const Cookie = `${CLEARML_COOKIE}=${carol}${value}`;
      const reply = await site.ask('GET', '/share/', { ...BROWSER, Cookie });
      assert.equal(reply.status, 404);
      assert.ok(reply.text.includes(NOTHING));
    }
    const stranger = await site.ask('GET', '/share/x', BROWSER);
    assert.deepEqual([stranger.status, stranger.cookies.size], [302, 0]);
    const program = await site.ask('GET', `/share/${'x'.repeat(36)}.${'x'.repeat(43)}`);
    assert.deepEqual([program.status, program.cookies.size], [401, 0]);
    assert.equal(
      (await site.ask('DELETE', '/share/x', { Cookie: `${CLEARML_COOKIE}=${carol}` })).status,
      405,
    );
  });
});
