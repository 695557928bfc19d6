import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { callApi, login, userToken } from '../client.ts';
import { textOf } from '../document.ts';
import { credentials, defaultSeed, ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';

function basic(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
}

describe('signing in', () => {
  let clearml: ClearMl;
  before(async () => {
    clearml = await startClearMl();
  });
  after(() => clearml.stop());

  async function whoIs(authorization: string | undefined) {
    const { status, subcode, message } = await callApi(
      clearml.url,
      'users.get_current_user',
      {},
      authorization,
    );
    return { status, subcode, message };
  }

  test('gives a token with the claims of the contract', async () => {
    const token = await login(clearml.url, credentials.alice);
    assert.deepEqual(decodeProtectedHeader(token), { typ: 'JWT', alg: 'HS256' });
    const { iat = 0, exp = 0, session_id: session, ...claims } = decodeJwt(token);
    assert.equal(exp - iat, 30 * 24 * 3600);
    assert.match(String(session), /^[0-9a-f]{32}$/);
    assert.deepEqual(claims, {
      auth_type: 'Bearer',
      env: '<unknown>',
      identity: {
        user: ids.alice,
        company: ids.companyA,
        role: 'user',
        user_name: 'Alice Ångström',
        company_name: 'Company A',
      },
      api_version: '2.34',
      server_version: '2.3.0',
      server_build: 'stand-in',
      feature_set: 'basic',
    });
  });

  test('works by GET too, with the life time in the query, and sets the cookie', async () => {
    const response = await fetch(`${clearml.url}/v2.30/auth.login?expiration_sec=60`, {
      headers: { authorization: basic('bob', 'lab-bob-password') },
    });
    const [cookie = ''] = response.headers.getSetCookie();
    const token =
      /^clearml_token_basic=([^;]+); Expires=[^;]+ GMT; Max-Age=99999999999; HttpOnly; Path=\/; SameSite=Lax$/.exec(
        cookie,
      )?.[1];
    const { iat = 0, exp = 0 } = decodeJwt(token ?? '');
    assert.equal(exp - iat, 60);
    const byCookie = await fetch(`${clearml.url}/users.get_current_user`, {
      headers: { cookie: `other=1; clearml_token_basic=${token}` },
    });
    assert.equal(byCookie.status, 200);
  });

  test('refuses with the server’s own codes', async () => {
    const cases: readonly [string | undefined, number, string][] = [
      [undefined, 20, 'unauthorized (missing credentials)'],
      ['Basic abc', 21, 'unauthorized (malformed credentials) (Incorrect padding)'],
      ['Digest x', 10, 'unauthorized (bad authentication header type)'],
      [
        basic(credentials.alice.accessKey, 'wrong'),
        22,
        'unauthorized (invalid credentials) (failed to locate provided credentials)',
      ],
      [
        basic('alice', 'wrong'),
        22,
        'unauthorized (invalid credentials) (bad username or password)',
      ],
      ['Bearer nonsense', 30, 'invalid token (invalid jwt token): reason=Not enough segments'],
    ];
    for (const [authorization, subcode, message] of cases) {
      assert.deepEqual(await whoIs(authorization), { status: 401, subcode, message });
    }
  });

  test('refuses tokens that are expired, forged, unsigned, without identity or revoked', async () => {
    const claims = decodeJwt(await userToken(clearml, 'alice'));
    const key = Buffer.from(clearml.signingKey.raw);
    const sign = (payload: object, secret: Uint8Array) =>
      new SignJWT({ ...payload }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    const refused = [
      await userToken(clearml, 'alice', { expiresIn: -1 }),
      await sign(claims, Buffer.from('another key')),
      new UnsecuredJWT(claims).encode(),
      await sign({ exp: 9_999_999_999 }, key),
    ];
    for (const token of refused) {
      const { status, subcode } = await whoIs(`Bearer ${token}`);
      assert.deepEqual({ status, subcode }, { status: 401, subcode: 30 });
    }
    assert.equal((await whoIs(`Bearer ${await sign(claims, key)}`)).status, 200);

    const token = await login(clearml.url, credentials.alice);
    const other = await login(clearml.url, credentials.alice);
    const out = await callApi(clearml.url, 'auth.logout', {}, `Bearer ${token}`);
    assert.match(out.cookies.join(), /^clearml_token_basic=; Expires=Thu, 01 Jan 1970/);
    assert.equal((await whoIs(`Bearer ${token}`)).message, 'invalid token (revoked token)');
    assert.equal((await whoIs(`Bearer ${other}`)).status, 200);
  });

  test('refuses every older token once the secret was rotated', async () => {
    const token = await userToken(clearml, 'alice');
    clearml.rotateSecret('a new secret, found by operators in two spellings');
    assert.equal((await whoIs(`Bearer ${token}`)).status, 401);
    assert.equal((await whoIs(`Bearer ${await userToken(clearml, 'alice')}`)).status, 200);
    const { raw, base64url } = clearml.signingKey;
    assert.equal(Buffer.from(base64url, 'base64url').toString(), raw);
  });

  test('a removed user’s token still holds on an open-source server', async () => {
    const token = await userToken(clearml, 'bob');
    clearml.state.removeAccount(ids.bob);
    const { status, subcode } = await whoIs(`Bearer ${token}`);
    assert.deepEqual({ status, subcode }, { status: 400, subcode: 300 });
    const listed = await callApi(clearml.url, 'tasks.get_all_ex', {}, `Bearer ${token}`);
    assert.equal(listed.status, 200);
  });
});

test('an enterprise server has its own cookie and feature set, and looks whether the user exists', async () => {
  const clearml = await startClearMl({
    edition: 'enterprise',
    cookieName: 'allegro_token_acme',
    cookieDomain: '.example.com',
    cookieSecure: true,
  });
  try {
    const { accessKey, secretKey } = credentials.bob;
    const answer = await callApi(clearml.url, 'auth.login', {}, basic(accessKey, secretKey));
    assert.match(
      answer.cookies.join(),
      /^allegro_token_acme=\S+; Domain=\.example\.com; Expires=[^;]+; Max-Age=99999999999; Secure; HttpOnly; /,
    );
    const token = textOf(answer.data['token']);
    assert.equal(decodeJwt(token)['feature_set'], 'advanced');
    clearml.state.removeAccount(ids.bob);
    const refused = await callApi(clearml.url, 'tasks.get_all_ex', {}, `Bearer ${token}`);
    assert.equal(refused.status, 401);
  } finally {
    await clearml.stop();
  }
});

test('the token of a system role has no end', async () => {
  const users = defaultSeed.users.map((user) =>
    user.id === ids.router ? { ...user, role: 'system' as const } : user,
  );
  const clearml = await startClearMl({ seed: { ...defaultSeed, users } });
  try {
    assert.equal(decodeJwt(await login(clearml.url, credentials.router)).exp, undefined);
  } finally {
    await clearml.stop();
  }
});
