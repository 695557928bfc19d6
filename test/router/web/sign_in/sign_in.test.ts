import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { GateRequest } from '../../../../router/auth/identity/request.ts';
import {
  CLEARML_COOKIE,
  NAVIGATION,
  claims,
  cookie,
  endpoint,
  request,
  sign,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import type { Site } from '../../../support/site.ts';
import { form, startSite } from '../../../support/site.ts';

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
    const audit = here.lines.filter((line) => /"event":"sign_(in|out)"/.test(line)).join('');
    const { identity } = admitted.outcome === 'admitted' ? admitted : {};
    assert.equal(audit.split(`"${identity?.userId}"`).length - 1, 2, 'both lines name the user');
    for (const secret of [token, ...Cookie.split('=').slice(1)]) assert.ok(!audit.includes(secret));
    const after = await here.auth.gate.admit(request(MINE, ['Cookie', Cookie]));
    assert.deepEqual([after.outcome, after.outcome === 'denied' && after.status], ['denied', 401]);
    const byBearer = request(MINE, ['Authorization', `Bearer ${token}`]);
    assert.equal((await here.auth.gate.admit(byBearer)).outcome, 'denied');
  });

  it('ends the session among a heap of cookies, and does not say that this was all (A26)', async () => {
    const here = await start();
    const token = await knowUser(here);
    const signedIn = await here.ask('POST', '/auth/sign-in', { 'Content-Type': FORM }, form(GOOD));
    const session = `__Host-router_session=${signedIn.cookies.get('__Host-router_session')}`;
    const heap = Array.from({ length: 9 }, (_, index) => `${CLEARML_COOKIE}=a.b.${index}`);
    const Cookie = [...heap, session].join('; ');
    const out = await here.ask('POST', '/auth/sign-out', { Cookie });
    assert.equal(out.status, 431);
    assert.equal(out.cookies.get('__Host-router_session'), '');
    assert.deepEqual(here.clearml.loggedOut, [token]);
    const after = await here.auth.gate.admit(request(MINE, ['Cookie', session]));
    assert.equal(after.outcome, 'denied');
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
  async function arrive(here: Site, length = 0) {
    const token = await (length === 0 ? knowUser(here) : knowLong(here, 'owner', length));
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
    let entry = posted.headers.location ?? '';
    if (entry.startsWith('/auth/')) {
      const jar = new Jar();
      jar.take(posted.headers['set-cookie']);
      const onward = await here.ask('GET', entry, { Cookie: jar.header, Accept: PAGE });
      entry = onward.headers.location ?? '';
    }
    assert.ok(entry.startsWith(`https://${host}/.well-known/task-traffic-router?code=`));
    return { token, nonce, entry: entry.slice(`https://${host}`.length), posted, signIn };
  }

  it('gets a session of its own by a one-time code, and never a token of the user', async () => {
    const here = await start(wildcard);
    const { token, nonce, entry } = await arrive(here);
    assert.ok(!entry.includes(token) && !entry.includes(token.split('.')[1] ?? ''));
    const entered = await here.auth.gate.admit(there(entry, ['Cookie', nonce]));
    assert.ok(entered.outcome === 'handed-over');
    assert.equal(entered.location, `https://${host}/lab?x=1`);
    const [session = ''] = (entered.setCookie?.[0] ?? '').split(';', 1);
    assert.match(session, /^__Host-router_session=/);
    const inside = await here.auth.gate.admit(there('/lab', ['Cookie', session]));
    assert.equal(inside.outcome, 'admitted');
    // Good at this host alone: neither in path form, nor at another endpoint.
    const path = await here.auth.gate.admit(request(MINE, ['Cookie', session]));
    assert.equal(path.outcome, 'denied');
    const again = await here.auth.gate.admit(there(entry, ['Cookie', nonce]));
    assert.ok(again.outcome === 'denied');
    assert.deepEqual([again.location, again.setCookie], [SPENT, undefined]);
  });

  const SPENT = `https://${host}/.well-known/task-traffic-router`;

  it('A64: a code is spent by its first arrival, right or wrong, and leaves the URL at once', async () => {
    const wrong: Record<string, (nonce: string, entry: string) => GateRequest> = {
      'without its nonce': (_nonce, entry) => there(entry, []),
      'with the nonce of another browser': (_nonce, entry) =>
        there(entry, ['Cookie', `__Host-router_state=${'A'.repeat(43)}`]),
      'at another endpoint': (nonce, entry) => ({
        ...there(entry, ['Cookie', nonce]),
        target: { kind: 'endpoint', form: 'wildcard', id: taskId('b'), cut: 0 },
      }),
      'by HEAD': (nonce, entry) => ({ ...there(entry, ['Cookie', nonce]), method: 'HEAD' }),
      'by POST': (nonce, entry) => ({ ...there(entry, ['Cookie', nonce]), method: 'POST' }),
      'by an upgrade': (nonce, entry) => ({ ...there(entry, ['Cookie', nonce]), kind: 'upgrade' }),
    };
    for (const [what, arrivesAs] of Object.entries(wrong)) {
      const here = await start(wildcard);
      const { nonce, entry } = await arrive(here);
      const { gate } = here.auth;
      const first = await gate.admit(arrivesAs(nonce, entry));
      const right = await gate.admit(there(entry, ['Cookie', nonce]));
      for (const decision of [first, right]) {
        assert.ok(decision.outcome === 'denied', what);
        assert.deepEqual([decision.status, decision.location], [302, SPENT], what);
        assert.equal(decision.setCookie, undefined, what);
      }
      here.close();
    }
  });

  it('A64: a code ends after a minute; where it leads to without one is a refusal, and no task', async () => {
    const here = await start(wildcard);
    const { nonce, entry } = await arrive(here);
    here.pass(61_000);
    const late = await here.auth.gate.admit(there(entry, ['Cookie', nonce]));
    assert.ok(late.outcome === 'denied' && late.location === SPENT);
    const session = await knowUser(here);
    for (const path of ['', '?', '?to=/', '?x=1']) {
      const rawUrl = `/.well-known/task-traffic-router${path}`;
      const bare = await here.auth.gate.admit(there(rawUrl, cookie(session)));
      assert.ok(bare.outcome === 'denied');
      assert.deepEqual([bare.status, bare.location], [403, undefined]);
    }
    const beside = there('/.well-known/task-traffic-router2?code=x', cookie(session));
    assert.equal((await here.auth.gate.admit(beside)).outcome, 'admitted');
  });

  it('sends a user who is signed in already straight back', async () => {
    const here = await start(wildcard);
    const { signIn, posted } = await arrive(here);
    const Cookie = `__Host-router_session=${posted.cookies.get('__Host-router_session')}`;
    const straight = await here.ask('GET', signIn, { Cookie, Accept: PAGE });
    assert.equal(straight.status, 302);
    assert.match(straight.headers.location ?? '', /\/\.well-known\/task-traffic-router\?code=/);
  });

  it('A73: gets a session of several cookies where the token is long', async () => {
    for (const length of [3000, 8150]) {
      const here = await start(wildcard);
      const { nonce, entry } = await arrive(here, length);
      const jar = new Jar();
      jar.take([nonce]);
      const entered = await here.auth.gate.admit(there(entry, ['Cookie', jar.header]));
      assert.ok(entered.outcome === 'handed-over');
      jar.take(entered.setCookie);
      assert.equal(jar.cookies.size, length < 8000 ? 2 : 3);
      const inside = await here.auth.gate.admit(there('/lab', ['Cookie', jar.header]));
      assert.equal(inside.outcome, 'admitted');
      const path = await here.auth.gate.admit(request(MINE, ['Cookie', jar.header]));
      assert.equal(path.outcome, 'denied');
      here.close();
    }
  });

  it('never leads anywhere but into the endpoint', async () => {
    const here = await start(wildcard);
    const { nonce, entry } = await arrive(here);
    const [code = ''] = entry.split('&to=', 1);
    const evil = `${code}&to=${encodeURIComponent('//evil.example\r\nX: y')}`;
    const entered = await here.auth.gate.admit(there(evil, ['Cookie', nonce]));
    assert.ok(entered.outcome === 'handed-over');
    assert.equal(entered.location, `https://${host}/`);
  });
});

/** What a browser keeps of the cookies that it is sent: none whose line is over 4,096 bytes. */
class Jar {
  readonly cookies = new Map<string, string>();

  take(lines: readonly string[] = []): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split('; ');
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals);
      if (line.length > 4096) continue;
      if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(equals + 1));
    }
  }

  get header(): string {
    return Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ');
  }
}

const SESSION = '__Host-router_session';

/** A user whose token has as many characters, or a few more. */
async function knowLong({ clearml }: Site, user: string, length: number): Promise<string> {
  const short = await sign(claims(user));
  const padding = Math.max(0, Math.ceil(((length - short.length) * 3) / 4));
  const token = await sign({ ...claims(user), padding: 'x'.repeat(padding) });
  clearml.grant(token, MINE);
  clearml.credentials.set('AK:SK', token);
  return token;
}

async function signsIn(here: Site, jar: Jar, fields: Record<string, string> = {}) {
  const headers = { 'Content-Type': FORM, Cookie: jar.header };
  const reply = await here.ask('POST', '/auth/sign-in', headers, form({ ...GOOD, ...fields }));
  jar.take(reply.headers['set-cookie']);
  return reply;
}

describe('A73: a session that one cookie cannot hold', () => {
  it('is split, opens everything, and leaves with a sign-out, whatever the length of the token', async () => {
    for (const [length, count] of [
      [600, 1],
      [2500, 1],
      [2900, 2],
      [4096, 2],
      [6000, 3],
      [8150, 3],
    ] as const) {
      const here = await start();
      const jar = new Jar();
      const token = await knowLong(here, 'owner', length);
      assert.ok(token.length >= length && token.length < length + 100);
      assert.equal((await signsIn(here, jar)).status, 303);
      assert.equal(jar.cookies.size, count, `${length}`);
      const page = await here.ask('GET', '/', { Cookie: jar.header, Accept: PAGE });
      assert.equal(page.status, 200);
      const decision = await here.auth.gate.admit(request(MINE, ['Cookie', jar.header]));
      assert.ok(decision.outcome === 'admitted' && decision.credential === 'session');
      const out = await here.ask('POST', '/auth/sign-out', { Cookie: jar.header });
      jar.take(out.headers['set-cookie']);
      assert.equal(jar.cookies.size, 0);
      assert.deepEqual(here.clearml.loggedOut, [token]);
      here.close();
    }
  });

  it('takes the place of a shorter or longer one, of which nothing stays', async () => {
    const here = await start();
    const jar = new Jar();
    for (const [length, names] of [
      [6000, [`${SESSION}_1`, `${SESSION}_2`, `${SESSION}_3`]],
      [3000, [`${SESSION}_1`, `${SESSION}_2`]],
      [600, [SESSION]],
      [3000, [`${SESSION}_1`, `${SESSION}_2`]],
    ] as const) {
      await knowLong(here, 'owner', length);
      await signsIn(here, jar);
      assert.deepEqual([...jar.cookies.keys()].toSorted(), names);
      const page = await here.ask('GET', '/', { Cookie: jar.header, Accept: PAGE });
      assert.equal(page.status, 200);
    }
  });

  it('is never made of pieces of two sessions, and is found among pieces of another', async () => {
    const here = await start();
    const [mine, other] = [new Jar(), new Jar()];
    await knowLong(here, 'owner', 3000);
    await signsIn(here, mine);
    await knowLong(here, 'other', 3000);
    await signsIn(here, other);
    const piece = (jar: Jar, number: number, as = number) =>
      `${SESSION}_${as}=${jar.cookies.get(`${SESSION}_${number}`)}`;
    const status = async (...pieces: readonly string[]) => {
      const decision = await here.auth.gate.admit(request(MINE, ['Cookie', pieces.join('; ')]));
      if (decision.outcome === 'denied') return decision.status;
      return decision.outcome === 'admitted' ? decision.identity?.userId : undefined;
    };
    assert.equal(await status(piece(mine, 1), piece(mine, 2)), 'owner');
    assert.equal(await status(piece(mine, 2), piece(mine, 1)), 'owner');
    assert.equal(await status(piece(other, 2), piece(mine, 1), piece(mine, 2)), 'owner');
    const tagged = (jar: Jar, number: number, like: Jar) => {
      const tag = like.cookies.get(`${SESSION}_1`)?.slice(0, 10) ?? '';
      return `${SESSION}_${number}=${tag}${jar.cookies.get(`${SESSION}_${number}`)?.slice(10)}`;
    };
    for (const pieces of [
      [piece(mine, 1), piece(other, 2)],
      [piece(other, 1), piece(mine, 2)],
      [piece(mine, 1), tagged(other, 2, mine)],
      [tagged(other, 1, mine), piece(mine, 2)],
      [piece(mine, 1)],
      [piece(mine, 2)],
      [piece(mine, 1, 2), piece(mine, 2, 1)],
      [piece(mine, 1), piece(mine, 2, 3)],
    ]) {
      assert.equal(await status(...pieces), 401, pieces.join().slice(0, 60));
    }
    const heap = Array.from({ length: 9 }, () => piece(mine, 1));
    assert.equal(await status(...heap, piece(mine, 2)), 431);
  });

  it('that lacks a piece leads to sign-in, which clears what is left of it', async () => {
    const here = await start();
    const jar = new Jar();
    await knowLong(here, 'owner', 3000);
    await signsIn(here, jar);
    jar.cookies.delete(`${SESSION}_1`);
    const headers = { Cookie: jar.header, Accept: PAGE };
    assert.equal((await here.ask('GET', '/', headers)).status, 302);
    jar.take((await here.ask('GET', '/auth/sign-in', headers)).headers['set-cookie']);
    assert.equal(jar.cookies.size, 0);
  });

  it('is not begun where no cookies could carry it: a message says so', async () => {
    const here = await start();
    await knowLong(here, 'owner', 8300);
    const jar = new Jar();
    const reply = await signsIn(here, jar);
    assert.deepEqual([reply.status, jar.cookies.size], [403, 0]);
    assert.match(reply.text, /"token-too-long"/);
    const headers = { 'Content-Type': FORM, Accept: PAGE };
    const page = await here.ask('POST', '/auth/sign-in', headers, form(GOOD));
    assert.match(page.text, /role="alert">\s*ClearML knows these keys, but its token/);
  });
});
