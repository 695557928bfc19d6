import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { request } from '../../../support/auth_fixture.ts';
import { GUEST_COOKIES } from '../../../support/guest_links.ts';
import { HOST, guestSite } from './guest_site.ts';
import { BROWSER, MINE, OTHERS } from './shared_site.ts';

const WILDCARD = { ROUTER_WILDCARD_HOST: 'tasks.example.com' };
const OWN_HOST = `${MINE}.tasks.example.com`;
const PAGES = { ROUTER_PAGES_URL: 'https://pages.example.org' };

/** In UTF-8, four bytes each: cookies and the code have to hold it. */
const LONGEST_NAME = '𝒳'.repeat(64);

describe('a guest on the way to a host of the endpoint’s own', () => {
  /** The way of a browser from the page of a link, up to the code that its host gets. */
  async function upToCode(t: TestContext, environment: Record<string, string> = WILDCARD) {
    const world = await guestSite(t, environment);
    const { site, give, goOn } = world;
    const pages = new URL(environment['ROUTER_PAGES_URL'] ?? HOST);
    const own = environment['ROUTER_WILDCARD_HOST'] !== undefined;
    const onPages = { Host: pages.host, Origin: pages.origin };
    const { path } = await give({ endpoint: MINE, link: { guests: true } });
    const posted = await goOn(path, LONGEST_NAME, onPages);
    const url = new URL(posted.headers.location ?? '');
    const target = own
      ? ({ kind: 'endpoint', form: 'wildcard', id: MINE, cut: 0 } as const)
      : request(MINE).target;
    const at = (rawUrl: string, ...headers: readonly string[]) =>
      site.auth.gate.admit({
        ...request(MINE, [...headers, 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document']),
        target,
        host: url.host,
        rawUrl,
      });
    const stranger = await at(url.pathname);
    assert.equal(stranger.outcome, 'denied');
    const state = stranger.setCookie?.[0]?.split(';')[0] ?? '';
    const signIn = new URL(stranger.location ?? '');
    const visit = posted.cookies.get('__Host-router_guest_visit') ?? '';
    const arrive = (cookie: string) =>
      site.ask('GET', signIn.pathname + signIn.search, {
        ...BROWSER,
        Host: pages.host,
        Cookie: cookie,
      });
    return { ...world, posted, url, at, state, visit, arrive };
  }

  it('is brought there by a code that is good once, and then has a session there alone', async (t) => {
    const { posted, url, at, state, visit, arrive, may } = await upToCode(t);
    assert.equal(url.href, `https://${OWN_HOST}/`);
    assert.deepEqual([...posted.cookies.keys()], ['__Host-router_guest_visit']);
    assert.match(String(posted.headers['set-cookie']), /; Path=\/; Max-Age=60; HttpOnly;/);
    const onward = await arrive(`__Host-router_guest_visit=${visit}`);
    assert.equal(onward.status, 302);
    assert.match(
      String(onward.headers['set-cookie']),
      /^__Host-router_guest_visit=; Path=\/; Max-Age=0;/,
    );
    const entry = new URL(onward.headers.location ?? '');
    assert.equal(entry.host, OWN_HOST);
    assert.ok(visit.length < 4_000 && entry.href.length < 4_000, `${entry.href.length}`);
    const rawUrl = entry.pathname + entry.search;
    const entered = await at(rawUrl, 'Cookie', state);
    assert.equal(entered.outcome, 'handed-over');
    assert.equal(entered.location, `https://${OWN_HOST}/`);
    const [cookie = '', ...others] = entered.setCookie;
    assert.match(
      cookie,
      /^__Host-router_guest=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
    );
    assert.match(others.join(), /^__Host-router_state=; /);
    const [pair = ''] = cookie.split(';');
    assert.equal((await at('/', 'Cookie', pair)).outcome, 'admitted');
    assert.notEqual(await may(visit), 'admitted');
    // Once more, also with another spelling of the last character.
    for (const again of [
      rawUrl,
      rawUrl.replace(/.(?=&to=)/, (last) => (last === 'A' ? 'B' : 'A')),
    ]) {
      const spent = await at(again, 'Cookie', state);
      assert.deepEqual([spent.outcome, 'status' in spent && spent.status], ['denied', 302]);
    }
  });

  it('is nobody in another browser, at another endpoint, or after a minute', async (t) => {
    const { site, at, state, visit, arrive } = await upToCode(t);
    const rawUrl = async () => {
      const { headers } = await arrive(`__Host-router_guest_visit=${visit}`);
      const { pathname, search } = new URL(headers.location ?? '');
      return pathname + search;
    };
    const nonce = `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`;
    for (const cookies of [[], ['Cookie', nonce]]) {
      const decision = await at(await rawUrl(), ...cookies);
      assert.equal(decision.outcome, 'denied');
      assert.equal(decision.reason, 'sign-in-spent');
    }
    const target = { kind: 'endpoint', form: 'wildcard', id: OTHERS, cut: 0 } as const;
    const elsewhere = await site.auth.gate.admit({
      ...request(OTHERS, ['Cookie', state]),
      target,
      rawUrl: await rawUrl(),
    });
    assert.equal(elsewhere.outcome, 'denied');
    // The word of the page counts for the endpoint of its link alone, and not as anything else.
    const other = `/auth/sign-in?next=https%3A%2F%2F${OTHERS}.tasks.example.com%2F&state=x`;
    const cookie = { Cookie: `__Host-router_guest_visit=${visit}` };
    assert.equal((await site.ask('GET', other, { ...BROWSER, ...cookie })).status, 200);
    assert.equal((await site.ask('GET', '/', cookie)).status, 401);
    const late = await rawUrl();
    site.pass(61_000);
    const decision = await at(late, 'Cookie', state);
    assert.equal(decision.outcome, 'denied');
    assert.equal((await arrive(`__Host-router_guest_visit=${visit}`)).status, 200);
  });

  it('goes the same way where the router’s own pages have a host of their own', async (t) => {
    const { site, url, state, visit, arrive, may } = await upToCode(t, PAGES);
    assert.equal(url.href, `${HOST}/service/${MINE}/`);
    const onward = await arrive(`__Host-router_guest_visit=${visit}`);
    const { host, pathname, search } = new URL(onward.headers.location ?? '');
    const entered = await site.ask('GET', pathname + search, {
      ...BROWSER,
      Host: host,
      Cookie: state,
    });
    assert.deepEqual([entered.status, entered.headers.location], [302, `${HOST}/service/${MINE}/`]);
    assert.match(
      String(entered.headers['set-cookie']),
      new RegExp(`^__Secure-router_guest=[^;]+; Path=/service/${MINE}/; `),
    );
    assert.equal(await may(entered.cookies.get(GUEST_COOKIES.path) ?? ''), 'admitted');
  });

  it('is a user where they are signed in', async (t) => {
    const { site, at, state, visit, arrive } = await upToCode(t);
    const carol = await site.user('carol');
    const guest = `__Host-router_guest_visit=${visit}`;
    const onward = await arrive(`clearml_token_basic=${carol}; ${guest}`);
    const { pathname, search } = new URL(onward.headers.location ?? '');
    const entered = await at(pathname + search, 'Cookie', state);
    assert.equal(entered.outcome, 'handed-over');
    assert.match(entered.setCookie.join(), /^__Host-router_session=/);
    assert.doesNotMatch(entered.setCookie.join(), /router_guest/);
  });
});
