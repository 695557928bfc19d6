import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { VERSION } from '../../../../router/version.ts';
import { form, startSite } from '../../../support/site.ts';
import {
  bearer as withBearer,
  claims,
  request,
  sign,
  table,
} from '../../../support/auth_fixture.ts';
import { bearer, deviceSite, MINE, OWN_FORM, THEIRS, type DeviceSite } from './device_site.ts';

let here: DeviceSite;

beforeEach(async () => {
  here = await deviceSite();
});

afterEach(() => here.close());

const said = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe('the device flow (RFC 8628)', () => {
  it('gives a computer a token once its user has agreed', async () => {
    const { site } = here;
    const codes = await here.begin('Ann’s laptop');
    const { device_code: secret, ...rest } = said(JSON.stringify(codes));
    assert.equal(typeof secret, 'string');
    const { user_code: code } = codes;
    assert.deepEqual(rest, {
      user_code: code,
      verification_uri: 'https://router.example.com/device',
      verification_uri_complete: `https://router.example.com/device?code=${code}`,
      expires_in: 600,
      interval: 2,
      router: VERSION,
    });
    const pending = await here.poll(codes);
    assert.deepEqual(
      [pending.status, said(pending.text)['error'], pending.headers['cache-control']],
      [400, 'authorization_pending', 'no-store'],
    );

    const typed = await here.type(code.toLowerCase().replace('-', ' '));
    assert.deepEqual([typed.status, typed.headers.location], [303, `/device?code=${code}`]);
    const waits = await here.show(code);
    assert.match(waits.text, /Waiting for the computer/);
    assert.equal(waits.headers['refresh'], '2');
    await here.pollInTime(codes);
    const asks = await here.show(code);
    assert.equal(asks.headers['refresh'], undefined);
    for (const shown of ['Ann’s laptop', '192.0.2.1', code, 'Did you start this yourself']) {
      assert.ok(asks.text.includes(shown), shown);
    }

    const allowed = await here.answer(code, 'allow');
    assert.match(allowed.text, /Allowed\. The computer is signed in/);
    const given = await here.pollInTime(codes);
    assert.equal(given.status, 200, given.text);
    const access = said(given.text);
    assert.deepEqual(access['user'], { id: 'owner', name: 'owner name' });
    assert.deepEqual([access['token_type'], access['router']], ['Bearer', VERSION]);
    assert.ok(Number(access['expires_in']) > 3_500 && Number(access['expires_in']) <= 3_600);
    const text = String(access['access_token']);
    assert.match(text, /^ttd_/);
    const decision = await site.auth.gate.admit(request(MINE, withBearer(text)));
    assert.ok(decision.outcome === 'admitted');
    assert.deepEqual(
      [decision.credential, decision.stripAuthorization, decision.identity?.userId],
      ['device-token', true, 'owner'],
    );
    const lines = site.lines.join('');
    const issued = site.lines.filter((line) => line.includes('"device_token_issued"'));
    assert.equal(issued.length, 1);
    assert.match(
      issued[0] ?? '',
      /"user":"owner","token":"[0-9a-f-]{36}","label":"Ann’s laptop","client":"192\.0\.2\.1"/,
    );
    for (const kept of [text, codes.device_code, code]) assert.ok(!lines.includes(kept));
  });

  it('tells the computer of a no', async () => {
    const codes = await here.begin();
    await here.type(codes.user_code);
    await here.poll(codes);
    const refused = await here.answer(codes.user_code, 'refuse', OWN_FORM, {});
    assert.match(refused.text, /Refused\. Nothing was given away\./);
    const denied = await here.pollInTime(codes);
    assert.deepEqual([denied.status, said(denied.text)['error']], [400, 'access_denied']);
    assert.match((await here.show(codes.user_code)).text, /Computer refused/);
    assert.match(
      here.site.lines.join(''),
      /"event":"device_refused","user":"owner","label":"laptop"/,
    );
  });

  it('tells a computer that asks too fast, with a spent or a wrong code, or with none (A88, A90)', async () => {
    const codes = await here.begin();
    const error = async (reply: Promise<{ status: number; text: string }>) => {
      const { status, text } = await reply;
      return [status, said(text)['error']];
    };
    await here.poll(codes);
    assert.deepEqual(await error(here.poll(codes)), [400, 'slow_down']);
    await here.type(codes.user_code);
    await here.pollInTime(codes);
    await here.answer(codes.user_code, 'allow');
    assert.equal((await here.pollInTime(codes)).status, 200);
    assert.deepEqual(await error(here.pollInTime(codes)), [400, 'expired_token']);
    const wrong = { ...codes, device_code: 'x' };
    assert.deepEqual(await error(here.poll(wrong)), [400, 'expired_token']);
    assert.deepEqual(await error(here.poll({ ...codes, device_code: '' })), [
      400,
      'invalid_request',
    ]);
    const post = (path: string, fields: Record<string, string>) =>
      here.site.ask('POST', path, {}, form(fields));
    assert.deepEqual(await error(post('/api/v1/device/code', { client_id: 'other' })), [
      400,
      'invalid_request',
    ]);
    assert.deepEqual(
      await error(post('/api/v1/device/token', { client_id: 'task-router', device_code: 'x' })),
      [400, 'invalid_request'],
    );
    const late = await here.begin();
    here.site.pass(601_000);
    assert.deepEqual(await error(here.poll(late)), [400, 'expired_token']);
    for (const path of ['/api/v1/device/code', '/api/v1/device/token']) {
      const got = await here.site.ask('GET', path);
      assert.deepEqual([got.status, got.headers.allow], [405, 'POST']);
    }
  });

  it('is bounded by address, where addresses are known (A90)', async () => {
    const other = await deviceSite({ TRUSTED_PROXIES: '10.0.0.0/8' });
    try {
      for (let i = 0; i < 30; i += 1) await other.begin();
      const more = await other.site.ask(
        'POST',
        '/api/v1/device/code',
        {},
        form({ client_id: 'task-router' }),
      );
      assert.deepEqual([more.status, more.headers['retry-after']], [429, '10']);
    } finally {
      await other.close();
    }
    for (let i = 0; i < 60; i += 1) await here.begin();
  });

  it('is off where nothing is kept, or nobody signs in', async () => {
    const other = await startSite(table([]));
    try {
      for (const path of ['/api/v1/device/code', '/api/v1/device/token']) {
        const reply = await other.ask('POST', path, {}, form({ client_id: 'task-router' }));
        assert.deepEqual([reply.status, said(reply.text)['error']], [404, 'device-sign-in-off']);
      }
    } finally {
      other.close();
    }
  });
});

describe('a device token', () => {
  const session = (text: string, method = 'GET') =>
    here.site.ask(method, '/api/v1/session', bearer(text));

  it('tells whose it is and until when, and revokes itself', async () => {
    const text = await here.signIn('laptop');
    const reply = await session(text);
    const { expires_at: ends, ...rest } = said(reply.text);
    assert.deepEqual(rest, {
      user: { id: 'owner', name: 'owner name' },
      label: 'laptop',
      router: VERSION,
    });
    assert.ok(Date.parse(String(ends)) > Date.now() + 3_000_000);
    // A ClearML token is a session, too, of which this revokes nothing.
    assert.equal(said((await session(here.token)).text)['label'], null);
    assert.equal((await session(here.token, 'DELETE')).status, 403);
    assert.equal((await session(text, 'DELETE')).status, 204);
    assert.equal((await session(text)).status, 401);
    assert.equal((await session(here.token)).status, 200);
    assert.match(here.site.lines.join(''), /"event":"device_token_revoked","user":"owner"/);
  });

  it('opens nothing after it was revoked, whoever stole it, and nothing in another guise (A88)', async () => {
    const { site } = here;
    const text = await here.signIn();
    const admit = async (presented: string) => {
      const decision = await site.auth.gate.admit(request(MINE, withBearer(presented)));
      return decision.outcome === 'denied' ? decision.status : decision.outcome;
    };
    assert.equal(await admit(text), 'admitted');
    for (const wrong of [text.replace('ttd_', 'ttr_'), text.slice(4), `${text}x`]) {
      assert.equal(await admit(wrong), 401, wrong.slice(0, 8));
      assert.equal((await session(wrong)).status, 401);
    }
    const made = await site.ask(
      'POST',
      '/api/v1/endpoint-tokens',
      bearer(text),
      JSON.stringify({ endpoint: MINE, label: 'program' }),
    );
    assert.equal(made.status, 201, made.text);
    const endpointToken = String(said(made.text)['token']);
    assert.equal(await admit(endpointToken.replace('ttr_', 'ttd_')), 401);
    const cookies = {
      Cookie: `__Host-router_session=${text}; __Host-router_session=${text.slice(4)}`,
    };
    assert.equal((await site.ask('GET', '/api/v1/session', cookies)).status, 401);
    await session(text, 'DELETE');
    assert.equal(await admit(text), 401);
    assert.equal((await session(text)).status, 401);
  });

  it('gets no session, which would stand in no list and outlive its revocation (A88)', async () => {
    const other = await deviceSite({ ROUTER_WILDCARD_HOST: 'tasks.example.com' });
    try {
      const text = await other.signIn();
      const next = encodeURIComponent(`https://${MINE}.tasks.example.com/`);
      const path = `/auth/sign-in?next=${next}&state=${'A'.repeat(43)}`;
      const byToken = await other.site.ask('GET', path, bearer(text));
      assert.deepEqual([byToken.status, byToken.headers.location], [200, undefined]);
      assert.equal(byToken.cookies.size, 0);
      const byCookie = { Cookie: `clearml_token_basic=${other.token}` };
      const browser = await other.site.ask('GET', path, byCookie);
      assert.match(
        browser.headers.location ?? '',
        /^https:\/\/a{32}\.tasks\.example\.com\/.*code=/,
      );
    } finally {
      await other.close();
    }
  });

  it('ends with the session in which it was allowed, and with its user’s right', async () => {
    const { site, token } = here;
    const text = await here.signIn();
    site.clearml.sees.set(token, new Set());
    site.pass(31_000);
    const decision = await site.auth.gate.admit(request(MINE, withBearer(text)));
    assert.equal(decision.outcome === 'denied' && decision.status, 404);
    // The open-source server takes a token on after its logout; this router does not.
    site.clearml.logoutRevokes = false;
    await site.ask('POST', '/auth/sign-out', {
      ...OWN_FORM,
      Cookie: `clearml_token_basic=${token}`,
    });
    assert.equal((await session(text)).status, 401);
  });

  it('is listed and revoked by its user and by administrators alone', async () => {
    const { site } = here;
    const [text, second] = [await here.signIn('laptop'), await here.signIn('desktop')];
    const list = async (who: string, query = '') => {
      const reply = await site.ask('GET', `/api/v1/device-tokens${query}`, bearer(who));
      return said(reply.text)['device_tokens'] as Record<string, unknown>[];
    };
    const own = await list(text);
    assert.deepEqual(
      own.map(({ label, user, last_used: used, this: mine }) => [label, user, used, mine]),
      [
        ['laptop', 'owner', null, true],
        ['desktop', 'owner', null, false],
      ],
    );
    const tokens = await site.ask('GET', '/api/v1/endpoint-tokens', bearer(text));
    assert.deepEqual(said(tokens.text)['endpoint_tokens'], []);
    const [other, boss] = await Promise.all(
      ['other', 'boss'].map((name) => {
        const payload = claims(name);
        const role = name === 'boss' ? 'admin' : 'user';
        return sign({ ...payload, identity: { ...(payload['identity'] as object), role } });
      }),
    );
    for (const one of [other, boss]) site.clearml.grant(String(one));
    assert.deepEqual(await list(String(other), '?all=1'), []);
    assert.equal((await list(String(boss), '?all=1')).length, 2);
    assert.deepEqual(await list(String(boss)), []);
    const revoke = async (who: string, id: unknown) =>
      (await site.ask('DELETE', `/api/v1/device-tokens/${String(id)}`, bearer(who))).status;
    assert.equal(await revoke(String(other), own[0]?.['id']), 404);
    assert.equal(await revoke(String(boss), own[0]?.['id']), 204);
    assert.equal((await session(text)).status, 401);
    assert.equal(await revoke(second, own[1]?.['id']), 204);
    assert.equal((await session(second)).status, 401);
  });
});

describe('the ssh keys of a task', () => {
  const keys = (headers: Record<string, string>, id = MINE) =>
    here.site.ask('GET', `/api/v1/endpoints/${id}/ssh`, headers);

  it('are told to its owner’s device token alone, and never logged (A91)', async () => {
    const { site, token } = here;
    const text = await here.signIn();
    assert.equal((await keys(bearer(text))).status, 404, 'of a task that has none');
    site.tasks.sshKeysOf.set(MINE, { user: 'root', password: 'PASS-WORD-OF-SSH' });
    const told = await keys(bearer(text));
    assert.deepEqual(said(told.text), {
      user: 'root',
      password: 'PASS-WORD-OF-SSH',
      router: VERSION,
    });
    assert.equal(told.headers['cache-control'], 'no-store');
    site.tasks.sshKeysOf.set(THEIRS, { password: 'PASS-WORD-OF-SSH' });
    const nothing = (await keys(bearer(text), 'f'.repeat(32))).text;
    for (const [why, reply] of [
      ['another’s task', await keys(bearer(text), THEIRS)],
      ['the ClearML token', await keys(bearer(token))],
      ['the cookie', await keys({ Cookie: `clearml_token_basic=${token}` })],
      ['no endpoint', await keys(bearer(text), 'x')],
    ] as const) {
      assert.deepEqual([reply.status, reply.text], [404, nothing], why);
    }
    const made = await site.ask(
      'POST',
      '/api/v1/endpoint-tokens',
      bearer(text),
      JSON.stringify({ endpoint: MINE, label: 'program' }),
    );
    assert.equal((await keys(bearer(String(said(made.text)['token'])))).status, 401);
    site.clearml.state = 'away';
    assert.equal((await keys(bearer(text))).status, 503);
    assert.ok(!site.lines.join('').includes('PASS-WORD'));
  });
});
