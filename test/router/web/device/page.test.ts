import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bearer, deviceSite, OWN_FORM, type DeviceSite } from './device_site.ts';

let here: DeviceSite;

beforeEach(async () => {
  here = await deviceSite();
});

afterEach(() => here.close());

const ALLOW = /<button class="main" name="answer" value="allow">/;

/** A computer whose code the owner has typed, and that has asked again. */
async function found(label?: string): Promise<string> {
  const codes = await here.begin(label);
  await here.type(codes.user_code);
  await here.poll(codes);
  return codes.user_code;
}

describe('the page of a computer that signs in, without scripts', () => {
  it('sends strangers to sign-in and back, code and all', async () => {
    const reply = await here.site.ask('GET', '/device?code=BCDF-GHJK', {
      Accept: 'text/html',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    });
    assert.equal(reply.status, 302);
    const signIn = new URL(String(reply.headers.location), 'https://router.example.com');
    assert.equal(signIn.searchParams.get('next'), '/device?code=BCDF-GHJK');
  });

  it('shows what a link brought, and does nothing by being looked at', async () => {
    const codes = await here.begin();
    const shown = await here.show(codes.user_code);
    assert.match(shown.text, new RegExp(`value="${codes.user_code}"`));
    assert.match(shown.text, /Did somebody send you this code/);
    assert.doesNotMatch(shown.text, ALLOW);
    await here.poll(codes);
    assert.doesNotMatch((await here.show(codes.user_code)).text, /laptop/);
    assert.match((await here.show('nonsense')).text, /That is no code/);
  });

  it('never lets itself be framed, and keeps its answers out of caches (A89)', async () => {
    const code = await found();
    for (const reply of [
      await here.show(),
      await here.show(code),
      await here.answer(code, 'allow'),
    ]) {
      assert.equal(reply.headers['x-frame-options'], 'DENY');
      assert.match(String(reply.headers['content-security-policy']), /frame-ancestors 'none'/);
      assert.equal(reply.headers['cache-control'], 'no-store');
    }
  });

  it('takes no form of another site, and none of a device token (A89)', async () => {
    const codes = await here.begin();
    const evil = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    assert.equal((await here.type(codes.user_code, evil)).status, 403);
    const code = await found();
    assert.equal((await here.answer(code, 'allow', evil)).status, 403);
    assert.equal((await here.answer(code, 'refuse', evil)).status, 403);
    assert.match((await here.show(code)).text, ALLOW, 'it still waits');
    const device = await here.signIn('thief');
    const { site } = here;
    for (const [path, fields] of [
      ['/device', `code=${codes.user_code}`],
      ['/device/answer', `code=${code}&answer=allow`],
      ['/device/answer', `code=${code}&answer=refuse`],
    ] as const) {
      const reply = await site.ask('POST', path, bearer(device), fields);
      assert.equal(reply.status, 403, path);
      assert.match(reply.text, /A device token lets in no other computer\./, path);
    }
    assert.equal((await site.ask('GET', '/device', bearer(device))).status, 200);
    const got = await site.ask('GET', `/device?code=${code}`, bearer(device));
    assert.equal(got.status, 403);
    assert.equal((await site.ask('GET', '/device/answer', bearer(device))).status, 405);
  });

  it('takes the keys again where pages of tasks share its origin, and says who is asked', async () => {
    const code = await found();
    const asks = await here.show(code);
    assert.match(asks.text, /could let in a computer in your name/);
    const without = await here.answer(code, 'allow', OWN_FORM, {});
    assert.equal(without.status, 403);
    assert.match(without.text, ALLOW, 'the same page once more');
    assert.match(without.text, /role="alert"/);
    assert.equal((await here.answer(code, 'allow')).status, 200);
    await here.close();
    here = await deviceSite({
      ROUTER_PATH_FORM: 'false',
      ROUTER_WILDCARD_HOST: 'tasks.example.com',
    });
    const other = await found();
    assert.doesNotMatch((await here.show(other)).text, /secret_key/);
    assert.equal((await here.answer(other, 'allow', OWN_FORM, {})).status, 200);
  });

  it('shows a hostile label as text (A89)', async () => {
    const label = `<img src=x onerror=alert(1)>"'&\u0000\u001b[2J\u202eevil\r\nSet-Cookie: a=b`;
    const code = await found(label);
    const { text } = await here.show(code);
    assert.ok(!text.includes('<img src=x'));
    assert.ok(
      text.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;[2JevilSet-Cookie: a=b'),
    );
    await here.answer(code, 'allow');
    assert.ok(!here.site.lines.join('').includes('\u202e'));
    const list = await here.site.ask('GET', '/auth/endpoint-tokens', {
      Cookie: `clearml_token_basic=${here.token}`,
    });
    assert.ok(list.text.includes('&lt;img src=x') && !list.text.includes('<img src=x'));
  });

  it('says that no computer waits with a code, once it would have been found', async () => {
    // What was typed 21 s ago.
    here.site.pass(-21_000);
    await here.type('BCDF-GHJK');
    here.site.pass(21_000);
    const { text, headers } = await here.show('BCDF-GHJK');
    assert.match(text, /No computer waits with this code/);
    assert.equal(headers['refresh'], undefined);
    assert.equal((await here.answer('BCDF-GHJK', 'allow')).status, 404);
    assert.equal((await here.answer('x', 'allow')).status, 400);
    assert.equal((await here.type('AAAA-AAAA')).status, 400);
    const code = await found();
    const neither = await here.site.ask(
      'POST',
      '/device/answer',
      { ...OWN_FORM, Cookie: `clearml_token_basic=${here.token}` },
      `code=${code}`,
    );
    assert.equal(neither.status, 400);
    assert.match(neither.text, /Choose one of the two answers/);
  });

  it('lets nobody try out codes (A88)', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await here.type('BCDF-GHJK')).status);
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 303), 429, 429]);
  });

  it('lists the computers, with a button that ends each', async () => {
    await here.signIn('laptop');
    const cookie = { Cookie: `clearml_token_basic=${here.token}` };
    const page = () => here.site.ask('GET', '/auth/endpoint-tokens', cookie);
    const { text } = await page();
    assert.match(text, /<h2 id="computers">Computers<\/h2>/);
    assert.match(text, /<bdi>laptop<\/bdi>/);
    assert.match(text, /<td>not used yet<\/td>/);
    const id = /name="id" value="([0-9a-f-]{36})"/.exec(text)?.[1] ?? '';
    const revoked = await here.site.ask(
      'POST',
      '/auth/endpoint-tokens/revoke',
      { ...cookie, ...OWN_FORM },
      `id=${id}`,
    );
    assert.equal(revoked.status, 303);
    assert.match((await page()).text, /None signed in/);
  });
});
