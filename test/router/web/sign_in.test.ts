import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  CLEARML_COOKIE,
  NAVIGATION,
  endpoint,
  request,
  table,
  taskId,
  tokenOf,
} from '../auth/fixture.ts';
import type { Site } from './site.ts';
import { form, startSite } from './site.ts';

const MINE = taskId('a');
const FORM = 'application/x-www-form-urlencoded';
const PAGE = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';

let site: Site | undefined;

afterEach(() => site?.close());

async function start(environment: Record<string, string> = {}): Promise<Site> {
  site = await startSite(table([endpoint(MINE)]), environment);
  return site;
}

const GOOD = { access_key: 'AK', secret_key: 'SK' };

/** A user whose keys ClearML knows, and who sees the one task. */
async function knowUser({ clearml }: Site): Promise<string> {
  const token = await tokenOf('owner');
  clearml.grant(token, MINE);
  clearml.credentials.set('AK:SK', token);
  return token;
}

describe('the sign-in page', () => {
  it('is plain HTML that says what an access key is, without scripts, frames or caches', async () => {
    const { ask } = await start({ CLEARML_WEB_URL: 'https://app.clear.example.com' });
    const page = await ask('GET', '/auth/sign-in?next=%2F', { Accept: PAGE });
    assert.equal(page.status, 200);
    assert.match(page.text, /name="access_key"/);
    assert.match(page.text, /What is an access key\?/);
    assert.match(
      page.text,
      /https:\/\/app\.clear\.example\.com\/settings\/workspace-configuration/,
    );
    assert.doesNotMatch(page.text, /<script/);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal(page.headers['cache-control'], 'no-store');
  });

  it('escapes whatever stands in its URL', async () => {
    const { ask } = await start();
    const query = `next=${encodeURIComponent('/"><script>')}&state=${encodeURIComponent('"><b>')}`;
    const page = await ask('GET', `/auth/sign-in?${query}&reason=<i>`);
    assert.doesNotMatch(page.text, /<script|<b>|<i>/);
  });

  it('answers other methods with 405', async () => {
    const { ask } = await start();
    assert.equal((await ask('DELETE', '/auth/sign-in')).status, 405);
    const out = await ask('GET', '/auth/sign-out');
    assert.deepEqual([out.status, out.headers.allow], [405, 'POST']);
    assert.equal((await ask('GET', '/auth/other')).status, 404);
  });
});

describe('signing in', () => {
  it('sets a sealed session that opens the endpoint, and leads back to it', async () => {
    const here = await start();
    const token = await knowUser(here);
    const next = `/service/${MINE}/lab?x=1`;
    const reply = await here.ask(
      'POST',
      '/auth/sign-in',
      { 'Content-Type': FORM, Origin: 'https://router.example.com', Accept: PAGE },
      form({ ...GOOD, next }),
    );
    assert.deepEqual([reply.status, reply.headers.location], [303, next]);
    const session = reply.cookies.get('__Host-router_session') ?? '';
    assert.ok(session.length > 100 && !session.includes(token.slice(0, 20)));
    const [line = ''] = reply.headers['set-cookie'] ?? [];
    assert.match(line, /; Path=\/; Max-Age=35\d\d; HttpOnly; SameSite=Lax; Secure$/);
    const headers = ['Cookie', `__Host-router_session=${session}`];
    const admitted = await here.auth.gate.admit(request(MINE, headers));
    assert.equal(admitted.outcome, 'admitted');
    assert.equal(admitted.outcome === 'admitted' && admitted.credential, 'session');
  });

  it('gives programs JSON', async () => {
    const here = await start();
    await knowUser(here);
    const headers = { 'Content-Type': 'application/json' };
    const good = await here.ask('POST', '/auth/sign-in', headers, JSON.stringify(GOOD));
    assert.equal(good.status, 200);
    assert.deepEqual(JSON.parse(good.text), { user: { id: 'owner', name: 'owner name' } });
    assert.ok(good.cookies.has('__Host-router_session'));
    const bad = await here.ask(
      'POST',
      '/auth/sign-in',
      headers,
      JSON.stringify({ ...GOOD, secret_key: 'no' }),
    );
    assert.equal(bad.status, 401);
    assert.equal((JSON.parse(bad.text) as { error: { code: string } }).error.code, 'refused');
    assert.equal(bad.cookies.size, 0);
  });

  it('shows the form again when ClearML does not know the keys, is away, or its token does not hold here', async () => {
    const here = await start();
    const post = (fields: Record<string, string>) =>
      here.ask('POST', '/auth/sign-in', { 'Content-Type': FORM, Accept: PAGE }, form(fields));
    const refused = await post({ ...GOOD, next: `/service/${MINE}/` });
    assert.equal(refused.status, 401);
    assert.match(refused.text, /does not know this pair/);
    assert.match(refused.text, new RegExp(`value="/service/${MINE}/"`));
    assert.doesNotMatch(refused.text, /SK/);
    here.clearml.credentials.set('AK:SK', 'a.token.of-another-server');
    assert.equal((await post(GOOD)).status, 403);
    here.clearml.state = 'away';
    assert.equal((await post(GOOD)).status, 503);
    assert.equal((await post({ access_key: 'AK' })).status, 400);
  });

  it('takes no form that another site sent', async () => {
    const here = await start();
    await knowUser(here);
    const others: Record<string, string>[] = [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: 'http://router.example.com' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const headers of others) {
      for (const path of ['/auth/sign-in', '/auth/sign-out']) {
        const reply = await here.ask(
          'POST',
          path,
          { 'Content-Type': FORM, ...headers },
          form(GOOD),
        );
        assert.equal(reply.status, 403, JSON.stringify(headers));
        assert.equal(reply.cookies.size, 0);
      }
    }
    assert.equal(here.clearml.calls, 0);
  });

  it('stops a guesser after a few tries at one key, and no one else', async () => {
    const here = await start();
    await knowUser(here);
    const post = (fields: Record<string, string>) =>
      here.ask('POST', '/auth/sign-in', { 'Content-Type': FORM }, form(fields));
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await post({ access_key: 'AK', secret_key: `${i}` })).status, 401);
    }
    const limited = await post(GOOD);
    assert.equal(limited.status, 429);
    assert.ok(Number(limited.headers['retry-after']) > 0);
    assert.equal(here.clearml.calls, 5);
    assert.equal((await post({ ...GOOD, access_key: 'other' })).status, 401);
    here.pass(31_000);
    assert.equal((await post(GOOD)).status, 303);
  });

  it('limits by address only where TRUSTED_PROXIES makes addresses known', async () => {
    const here = await start({ TRUSTED_PROXIES: '10.0.0.0/8' });
    const post = (key: string) =>
      here.ask(
        'POST',
        '/auth/sign-in',
        { 'Content-Type': FORM },
        form({ access_key: key, secret_key: 'x' }),
      );
    for (let i = 0; i < 20; i += 1) assert.equal((await post(`key${i}`)).status, 401);
    assert.equal((await post('key-last')).status, 429);
    site?.close();
    const behindIngress = await start();
    for (let i = 0; i < 25; i += 1) {
      const body = form({ access_key: `key${i}`, secret_key: 'x' });
      const reply = await behindIngress.ask(
        'POST',
        '/auth/sign-in',
        { 'Content-Type': FORM },
        body,
      );
      assert.equal(reply.status, 401);
    }
  });

  it('ends a body that is too long', async () => {
    const here = await start();
    const reply = await here
      .ask(
        'POST',
        '/auth/sign-in',
        { 'Content-Type': FORM },
        form({ ...GOOD, next: 'x'.repeat(40_000) }),
      )
      .catch(() => undefined);
    assert.ok(reply === undefined || reply.status === 400);
    assert.equal(here.clearml.calls, 0);
  });
});

describe('signing out', () => {
  it('ends the session here at once and at ClearML', async () => {
    const here = await start();
    const token = await knowUser(here);
    const signedIn = await here.ask('POST', '/auth/sign-in', { 'Content-Type': FORM }, form(GOOD));
    const Cookie = `__Host-router_session=${signedIn.cookies.get('__Host-router_session')}`;
    const admitted = await here.auth.gate.admit(request(MINE, ['Cookie', Cookie]));
    assert.equal(admitted.outcome, 'admitted');
    const out = await here.ask('POST', '/auth/sign-out', { Cookie });
    assert.deepEqual([out.status, out.headers.location], [303, '/auth/sign-in']);
    assert.equal(out.cookies.get('__Host-router_session'), '');
    assert.deepEqual(here.clearml.loggedOut, [token]);
    const audit = here.lines.filter((line) => /"event":"sign-(in|out)"/.test(line)).join('');
    const { identity } = admitted.outcome === 'admitted' ? admitted : {};
    assert.equal(audit.split(`"${identity?.userId}"`).length - 1, 2, 'both lines name the user');
    for (const secret of [token, ...Cookie.split('=').slice(1)]) assert.ok(!audit.includes(secret));
    const after = await here.auth.gate.admit(request(MINE, ['Cookie', Cookie]));
    assert.deepEqual([after.outcome, after.outcome === 'denied' && after.status], ['denied', 401]);
    const byBearer = request(MINE, ['Authorization', `Bearer ${token}`]);
    assert.equal((await here.auth.gate.admit(byBearer)).outcome, 'denied');
  });

  it('ends the session here even while ClearML is away', async () => {
    const here = await start();
    await knowUser(here);
    const signedIn = await here.ask('POST', '/auth/sign-in', { 'Content-Type': FORM }, form(GOOD));
    const Cookie = `__Host-router_session=${signedIn.cookies.get('__Host-router_session')}`;
    here.clearml.state = 'away';
    assert.equal((await here.ask('POST', '/auth/sign-out', { Cookie })).status, 303);
    here.clearml.state = 'here';
    assert.equal((await here.auth.gate.admit(request(MINE, ['Cookie', Cookie]))).outcome, 'denied');
  });
});

describe("sign-in at ClearML's web app", () => {
  const web = { CLEARML_WEB_URL: 'https://app.clear.example.com' };

  it('is where a navigation without a token goes, once; then the own page waits (A24)', async () => {
    const { auth, ask } = await start(web);
    const stale = `${CLEARML_COOKIE}=${await tokenOf('stranger')}`;
    const first = await auth.gate.admit(request(MINE, NAVIGATION));
    assert.ok(first.outcome === 'denied');
    const back = encodeURIComponent(`https://router.example.com/service/${MINE}/x?y=1`);
    assert.equal(first.location, `https://app.clear.example.com/login?redirect=${back}`);
    const [attempt = ''] = first.setCookie ?? [];
    assert.match(attempt, /^__Host-router_sign_in=1; .*Max-Age=60/);
    const cookies = `__Host-router_sign_in=1; ${stale}`;
    const second = await auth.gate.admit(request(MINE, [...NAVIGATION, 'Cookie', cookies]));
    assert.ok(second.outcome === 'denied');
    assert.match(second.location ?? '', /^https:\/\/router\.example\.com\/auth\/sign-in\?next=/);
    const path = (second.location ?? '').slice('https://router.example.com'.length);
    const page = await ask('GET', path, { Cookie: cookies, Accept: PAGE });
    assert.equal(page.status, 200);
    assert.match(page.text, /role="alert"/);
  });
});

describe('an endpoint of its own host', () => {
  const wildcard = { ROUTER_WILDCARD_HOST: 'tasks.example.com' };
  const host = `${MINE}.tasks.example.com`;
  const there = (rawUrl: string, headers: readonly string[]) => ({
    ...request(MINE, headers),
    target: { kind: 'endpoint', form: 'wildcard', id: MINE, cut: 0 } as const,
    host,
    rawUrl,
  });

  /** Begins at the endpoint's host and comes as far as the signed-in user's redirect back. */
  async function arrive(here: Site) {
    const token = await knowUser(here);
    const begun = await here.auth.gate.admit(there('/lab?x=1', NAVIGATION));
    assert.ok(begun.outcome === 'denied' && begun.status === 302);
    const [nonceLine = ''] = begun.setCookie ?? [];
    const [nonce = ''] = nonceLine.split(';', 1);
    const signIn = (begun.location ?? '').slice('https://router.example.com'.length);
    assert.match(signIn, /^\/auth\/sign-in\?next=https%3A%2F%2F/);
    const query = new URLSearchParams(signIn.split('?')[1]);
    const posted = await here.ask(
      'POST',
      '/auth/sign-in',
      { 'Content-Type': FORM },
      form({ ...GOOD, next: query.get('next') ?? '', state: query.get('state') ?? '' }),
    );
    assert.equal(posted.status, 303);
    const entry = posted.headers.location ?? '';
    assert.ok(entry.startsWith(`https://${host}/.well-known/task-traffic-router?code=`));
    return { token, nonce, entry: entry.slice(`https://${host}`.length), posted, signIn };
  }

  it('gets a session of its own by a one-time code, and never a token of the user', async () => {
    const here = await start(wildcard);
    const { token, nonce, entry } = await arrive(here);
    assert.ok(!entry.includes(token) && !entry.includes(token.split('.')[1] ?? ''));
    const entered = await here.auth.gate.admit(there(entry, ['Cookie', nonce]));
    assert.ok(entered.outcome === 'denied' && entered.status === 302);
    assert.equal(entered.location, `https://${host}/lab?x=1`);
    const [session = ''] = (entered.setCookie?.[0] ?? '').split(';', 1);
    assert.match(session, /^__Host-router_session=/);
    const inside = await here.auth.gate.admit(there('/lab', ['Cookie', session]));
    assert.equal(inside.outcome, 'admitted');
    // Good at this host alone: neither in path form, nor at another endpoint.
    const path = await here.auth.gate.admit(request(MINE, ['Cookie', session]));
    assert.equal(path.outcome, 'denied');
    const again = await here.auth.gate.admit(there(entry, ['Cookie', nonce]));
    assert.deepEqual([again.outcome, again.outcome === 'denied' && again.status], ['denied', 401]);
  });

  it('does not take a code without its nonce, at another endpoint, or after a minute', async () => {
    const here = await start(wildcard);
    const { nonce, entry } = await arrive(here);
    const status = async (decision: ReturnType<typeof here.auth.gate.admit>) => {
      const settled = await decision;
      return settled.outcome === 'denied' ? settled.status : settled.outcome;
    };
    const { gate } = here.auth;
    assert.equal(await status(gate.admit(there(entry, []))), 401);
    const otherNonce = `__Host-router_state=${'A'.repeat(43)}`;
    assert.equal(await status(gate.admit(there(entry, ['Cookie', otherNonce]))), 401);
    const other = {
      ...there(entry, ['Cookie', nonce]),
      target: { kind: 'endpoint', form: 'wildcard', id: taskId('b'), cut: 0 } as const,
    };
    assert.equal(await status(gate.admit(other)), 401);
    here.pass(61_000);
    assert.equal(await status(gate.admit(there(entry, ['Cookie', nonce]))), 401);
  });

  it('sends a user who is signed in already straight back', async () => {
    const here = await start(wildcard);
    const { signIn, posted } = await arrive(here);
    const Cookie = `__Host-router_session=${posted.cookies.get('__Host-router_session')}`;
    const straight = await here.ask('GET', signIn, { Cookie, Accept: PAGE });
    assert.equal(straight.status, 302);
    assert.match(straight.headers.location ?? '', /\/\.well-known\/task-traffic-router\?code=/);
  });

  it('never leads anywhere but into the endpoint', async () => {
    const here = await start(wildcard);
    const { nonce, entry } = await arrive(here);
    const [code = ''] = entry.split('&to=', 1);
    const evil = `${code}&to=${encodeURIComponent('//evil.example\r\nX: y')}`;
    const entered = await here.auth.gate.admit(there(evil, ['Cookie', nonce]));
    assert.ok(entered.outcome === 'denied');
    assert.equal(entered.location, `https://${host}/`);
  });
});
