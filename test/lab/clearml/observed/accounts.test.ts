/** Tokens, cookies and accounts, seen at an open-source server 2.3.0. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { callApi, login } from '../client.ts';
import { textOf, type Document } from '../document.ts';
import { credentials, defaultSeed, ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';
import { code, keys, loginWith } from './observe.ts';

/** In UTF-8 it is not what it is in Latin-1. */
const PASSWORD = 'pässwörd';

describe('accounts, as an open-source server 2.3.0 was seen to know them', () => {
  let clearml: ClearMl;
  before(async () => {
    const users = defaultSeed.users.map((user) => {
      if (user.id === ids.bob) return { ...user, password: PASSWORD };
      if (user.id === ids.router) return { ...user, role: 'system' as const };
      return user.id === ids.alice ? { ...user, role: 'admin' as const } : user;
    });
    clearml = await startClearMl({ seed: { ...defaultSeed, users } });
  });
  after(() => clearml.stop());

  const as = async (authorization: string, name = 'tasks.get_all_ex') => {
    const answer = await callApi(clearml.url, name, {}, authorization);
    return [code(answer), answer.message];
  };

  test('the claims of a token, to the last', async () => {
    const claims = decodeJwt(await login(clearml.url, credentials.bob));
    assert.deepEqual(keys(claims), [
      'api_version',
      'auth_type',
      'env',
      'exp',
      'feature_set',
      'iat',
      'identity',
      'server_build',
      'server_version',
      'session_id',
    ]);
    assert.deepEqual(
      [claims['auth_type'], claims['feature_set'], claims['api_version']],
      ['Bearer', 'basic', '2.34'],
    );
    assert.match(textOf(claims['session_id'] as string), /^[0-9a-f]{32}$/);
    assert.deepEqual(claims['identity'], {
      user: ids.bob,
      company: ids.companyA,
      role: 'user',
      user_name: 'Bob',
      company_name: 'Company A',
    });
  });

  test('the cookie of a login: for the server’s host alone, with Expires far ahead', async () => {
    const { cookies, data } = await loginWith(clearml, 'alice:lab-alice-password');
    const [pair, ...attributes] = (cookies[0] ?? '').split('; ');
    assert.equal(pair, `clearml_token_basic=${textOf(data['token'])}`);
    const expires = attributes.find((attribute) => attribute.startsWith('Expires='));
    assert.match(expires ?? '', /^Expires=\w{3}, \d\d \w{3} 5\d{3} /);
    assert.deepEqual(
      attributes.filter((attribute) => attribute !== expires),
      ['Max-Age=99999999999', 'HttpOnly', 'Path=/', 'SameSite=Lax'],
    );
    assert.equal(cookies.length, 1);
  });

  test('the life of a token: 30 days, as asked, a year at most; 0 is the default', async () => {
    const life = async (seconds?: number): Promise<number | string> => {
      const answer = await loginWith(clearml, 'alice:lab-alice-password', seconds);
      if (answer.status !== 200) return code(answer);
      const { exp = 0, iat = 0 } = decodeJwt(textOf(answer.data['token']));
      return exp - iat;
    };
    assert.equal(await life(), 2_592_000);
    assert.equal(await life(0), 2_592_000);
    assert.equal(await life(60), 60);
    assert.equal(await life(31_536_000), 31_536_000);
    assert.equal(await life(31_536_001), '400/12');
  });

  test('a system role’s token has no end, unless one is asked for', async () => {
    const { accessKey, secretKey } = credentials.router;
    const endOf = async (seconds?: number) => {
      const { data } = await loginWith(clearml, `${accessKey}:${secretKey}`, seconds);
      return decodeJwt(textOf(data['token'])).exp;
    };
    assert.equal(await endOf(), undefined);
    assert.equal(await endOf(0), undefined);
    assert.equal(typeof (await endOf(60)), 'number');
  });

  test('Basic is read as Latin-1', async () => {
    const latin1 = await loginWith(clearml, Buffer.from(`bob:${PASSWORD}`, 'latin1'));
    assert.equal(code(latin1), '200/0');
    assert.equal(code(await loginWith(clearml, `bob:${PASSWORD}`)), '401/22');
  });

  test('a fixed user is never an administrator, whatever the seed says', async () => {
    const { data } = await loginWith(clearml, 'alice:lab-alice-password');
    const { identity } = decodeJwt(textOf(data['token']));
    assert.equal((identity as Document)['role'], 'user');
  });

  test('HS384, HS512 and a token without end hold; unsigned and foreign ones do not', async () => {
    const { exp: _exp, ...endless } = decodeJwt(await login(clearml.url, credentials.bob));
    const past = Math.floor(Date.now() / 1000) - 60;
    const sign = (claims: JWTPayload, alg: string, key = clearml.signingKey.raw) =>
      new SignJWT(claims).setProtectedHeader({ alg }).sign(Buffer.from(key));
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      assert.deepEqual(await as(`Bearer ${await sign(endless, alg)}`), ['200/0', 'OK'], alg);
    }
    const refused = 'invalid token (invalid jwt token): reason=';
    const cases: readonly [string, string][] = [
      [await sign({ ...endless, exp: past }, 'HS256'), `${refused}Signature has expired`],
      [
        await sign(endless, 'HS512', 'another secret of enough bytes for every algorithm'),
        `${refused}Signature verification failed`,
      ],
      ['nonsense', `${refused}Not enough segments`],
    ];
    for (const [token, message] of cases) {
      assert.deepEqual(await as(`Bearer ${token}`), ['401/30', message]);
    }
    const [unsigned] = await as(`Bearer ${new UnsecuredJWT(endless).encode()}`);
    assert.equal(unsigned, '401/30');
  });

  test('login errors', async () => {
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    const invalid = 'unauthorized (invalid credentials)';
    const cases: readonly [string, string, string][] = [
      [basic('alice:wrong'), '401/22', `${invalid} (bad username or password)`],
      [basic('nobody:x'), '401/22', `${invalid} (failed to locate provided credentials)`],
      [
        basic(`${credentials.bob.accessKey}:wrong`),
        '401/22',
        `${invalid} (failed to locate provided credentials)`,
      ],
      ['Basic abc', '401/21', 'unauthorized (malformed credentials) (Incorrect padding)'],
      ['Digest x', '401/10', 'unauthorized (bad authentication header type)'],
      ['', '401/20', 'unauthorized (missing credentials)'],
    ];
    for (const [header, status, message] of cases) {
      assert.deepEqual(await as(header, 'auth.login'), [status, message], header);
    }
  });

  test('a logout takes the cookie back, and ends this token alone', async () => {
    const token = await login(clearml.url, credentials.bob);
    const other = await login(clearml.url, credentials.bob);
    const { cookies } = await callApi(clearml.url, 'auth.logout', {}, `Bearer ${token}`);
    assert.deepEqual(cookies, [
      'clearml_token_basic=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/; SameSite=Lax',
    ]);
    assert.deepEqual(await as(`Bearer ${token}`), ['401/30', 'invalid token (revoked token)']);
    assert.deepEqual(await as(`Bearer ${other}`), ['200/0', 'OK']);
  });

  test('the tokens of a revoked credential, and of a user who is gone, hold', async () => {
    const token = await login(clearml.url, credentials.bob);
    const { accessKey } = credentials.bob;
    const revoke = { access_key: accessKey };
    await callApi(clearml.url, 'auth.revoke_credentials', revoke, `Bearer ${token}`);
    await assert.rejects(login(clearml.url, credentials.bob), /failed to locate/);
    assert.deepEqual(await as(`Bearer ${token}`), ['200/0', 'OK']);
    clearml.state.removeAccount(ids.bob);
    assert.deepEqual(await as(`Bearer ${token}`), ['200/0', 'OK']);
    const [self] = await as(`Bearer ${token}`, 'users.get_current_user');
    assert.equal(self, '400/300');
  });
});

test('under Flask’s own server each answer ends its connection', async (t) => {
  const clearml = await startClearMl({ closesConnections: true });
  t.after(() => clearml.stop());
  const response = await fetch(`${clearml.url}/debug.ping`);
  assert.equal(response.headers.get('connection'), 'close');
});
