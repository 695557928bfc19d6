import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { EncryptJWT, SignJWT } from 'jose';
import {
  CLEARML_COOKIE,
  COMPANY,
  SECRET,
  claims,
  sign,
  taskId,
  tokenOf,
} from '../support/auth_fixture.ts';
import type { Guarded } from '../support/guarded_router.ts';
import { guarded } from '../support/guarded_router.ts';
import { header } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

const MINE = taskId('a');
const T = `/service/${MINE}`;

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A compact token made by hand: any header, any payload, any signature. */
function forge(head: object, payload: object, secret: string | undefined = SECRET): string {
  const input = `${part(head)}.${part(payload)}`;
  const signature =
    secret === undefined ? '' : createHmac('sha256', secret).update(input).digest('base64url');
  return `${input}.${signature}`;
}

let world: Guarded;
let good = '';

before(async () => {
  world = await guarded([MINE]);
  good = await tokenOf('owner');
  world.clearml.grant(good, MINE);
});

after(() => world.close());

const byBearer = (token: string) => world.ask(`GET ${T}/`, `Authorization: Bearer ${token}`);
const byCookie = (token: string) => world.ask(`GET ${T}/`, `Cookie: ${CLEARML_COOKIE}=${token}`);

async function refusedEverywhere(token: string, what: string): Promise<void> {
  const before = world.task.connections.length;
  const calls = world.clearml.calls;
  for (const ask of [byBearer, byCookie]) {
    const answer = await ask(token);
    assert.equal(answer.status, 401, what);
    assert.equal(header(answer, 'www-authenticate'), 'Bearer', what);
  }
  const upgrade = await world.ask(`GET ${T}/ws`, ...HANDSHAKE, `Authorization: Bearer ${token}`);
  assert.equal(upgrade.status, 401, what);
  assert.equal(world.task.connections.length, before, what);
  assert.equal(world.clearml.calls, calls, `${what}: ClearML was asked`);
}

describe('A20: tokens of other algorithms and forms', () => {
  const me = claims('owner');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = rsa.publicKey.export({ format: 'jwk' });
  const cases: Record<string, () => string | Promise<string>> = {
    'alg none': () => forge({ alg: 'none' }, me, undefined),
    'alg none with our signature': () => forge({ alg: 'none' }, me),
    'alg NoNe': () => forge({ alg: 'NoNe' }, me),
    'alg hs256': () => forge({ alg: 'hs256' }, me),
    'no alg': () => forge({ typ: 'JWT' }, me),
    'HS512 with our secret': () =>
      new SignJWT(me).setProtectedHeader({ alg: 'HS512' }).sign(Buffer.from(SECRET.repeat(2))),
    'HS256 in name, HS512 in fact': () => {
      const input = `${part({ alg: 'HS256' })}.${part(me)}`;
      return `${input}.${createHmac('sha512', SECRET).update(input).digest('base64url')}`;
    },
    'RS256 by a key of the attacker': () =>
      new SignJWT(me)
        .setProtectedHeader({ alg: 'RS256' })
        .sign(createPrivateKey(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    'RS256 in name, signed with our secret': () => forge({ alg: 'RS256' }, me),
    'b64 false': () => forge({ alg: 'HS256', b64: false, crit: ['b64'] }, me),
    'unknown crit': () => forge({ alg: 'HS256', crit: ['x'], x: 1 }, me),
    'jwk in the header': () => forge({ alg: 'HS256', jwk }, me),
    'jku in the header': () => forge({ alg: 'HS256', jku: 'https://evil.example/jwks' }, me),
    'x5u in the header': () => forge({ alg: 'HS256', x5u: 'https://evil.example/x5' }, me),
    'another secret': () => forge({ alg: 'HS256' }, me, 'another-secret-of-somebody-else'),
    'an empty secret': () => forge({ alg: 'HS256' }, me, ''),
    'a changed payload': () => {
      const [head, , signature] = good.split('.');
      return `${head}.${part({ ...me, identity: { user: 'admin', company: COMPANY } })}.${signature}`;
    },
    'a payload that is no object': () => forge({ alg: 'HS256' }, ['x']),
    'JWE in five parts': () =>
      new EncryptJWT(me)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(Buffer.alloc(32, SECRET)),
    'two parts': () => good.split('.').slice(0, 2).join('.'),
    'four parts': () => `${good}.x`,
    'nothing but dots': () => '..',
  };
  for (const [what, make] of Object.entries(cases)) {
    it(what, async () => refusedEverywhere(await make(), what));
  }

  it('nothing at all', async () => {
    assert.equal((await byBearer('')).status, 401);
    assert.equal((await byCookie('')).status, 401);
  });

  it('200 kB are refused before anything is computed', async () => {
    const { auth } = world;
    const token = `${'a'.repeat(100_000)}.${'b'.repeat(100_000)}.${'c'.repeat(43)}`;
    const rawHeaders = ['Authorization', `Bearer ${token}`];
    const decision = auth.gate.admit({
      target: { kind: 'endpoint', form: 'path', id: MINE, cut: T.length },
      kind: 'request',
      method: 'GET',
      rawHeaders,
      rawUrl: T,
      host: 'router.example.com',
      clientAddress: '192.0.2.1',
    });
    assert.ok(!(decision instanceof Promise));
    assert.ok(decision.outcome === 'denied' && decision.status === 401);
  });
});

describe('A21: claims that do not hold', () => {
  const now = Math.floor(Date.now() / 1000);
  const me = claims('owner');
  const { exp: _exp, ...endless } = me;
  const cases: Record<string, Record<string, unknown>> = {
    expired: { ...me, exp: now - 1 },
    'expired a second from its end': { ...me, exp: now },
    'not valid yet': { ...me, nbf: now + 3600 },
    'without exp': endless,
    'exp as text': { ...me, exp: String(now + 3600) },
    'exp as null': { ...me, exp: null },
    'nbf as text': { ...me, nbf: 'x' },
    'another tenant': { ...me, identity: { user: 'owner', company: 'd'.repeat(32) } },
    'no tenant': { ...me, identity: { user: 'owner' } },
    'no user': { ...me, identity: { user: '', company: COMPANY } },
    'no identity': { ...me, identity: undefined },
    'another kind of credential': { ...me, auth_type: 'Basic' },
    'no kind of credential': { ...me, auth_type: undefined },
  };
  for (const [what, payload] of Object.entries(cases)) {
    it(what, async () => refusedEverywhere(await sign(payload), what));
  }
});

describe('A22: other spellings of a token', () => {
  it('are no token, neither before nor after the token was revoked', async () => {
    const spellings = [
      `${good}=`,
      `${good}==`,
      ` ${good}`,
      `${good} x`,
      `"${good}"`,
      `'${good}'`,
      `${good}.`,
      `${good}%20`,
      `Bearer ${good}`,
      good.replace('.', '..'),
      // The same 32 bytes of signature: the last character's spare bits are set.
      `${good.slice(0, -1)}${String.fromCharCode(good.charCodeAt(good.length - 1) + 1)}`,
    ];
    for (const token of spellings) {
      assert.equal((await byBearer(token)).status, 401, token);
    }
    for (const token of spellings.filter((one) => !one.startsWith(' '))) {
      assert.equal((await byCookie(token)).status, 401, token);
    }
    assert.equal((await byBearer(good)).status, 200);
    const revoked = await tokenOf('revoked');
    world.clearml.refused.add(revoked);
    for (const token of [revoked, `${revoked}=`, `"${revoked}"`, `${revoked}%0a`]) {
      assert.equal((await byBearer(token)).status, 401, token);
    }
  });
});

describe('A23: tokens where none are read', () => {
  it('neither in the URL, nor in Referer, nor in a sub-protocol; and never logged', async () => {
    const token = await tokenOf('owner', Date.now() - 5000);
    world.clearml.grant(token, MINE);
    const from = world.lines.length;
    const answers = [
      await world.ask(`GET ${T}/?token=${token}&access_token=${token}`),
      await world.ask(`GET ${T}/`, `Referer: https://router.example.com${T}/?token=${token}`),
      await world.ask(
        `GET ${T}/`,
        `X-Access-Token: ${token}`,
        `Proxy-Authorization: Bearer ${token}`,
      ),
      await world.ask(`GET ${T}/ws`, ...HANDSHAKE, `Sec-WebSocket-Protocol: bearer, ${token}`),
    ];
    for (const { status } of answers) assert.equal(status, 401);
    assert.equal((await byBearer(token)).status, 200);
    const logged = world.lines.slice(from).join('');
    assert.match(logged, /"event":"denied"/);
    assert.ok(!logged.includes(token.slice(-43)));
  });
});

describe('A24: several cookies of one name', () => {
  const cookies = (...values: readonly string[]) =>
    `Cookie: ${values.map((value) => `${CLEARML_COOKIE}=${value}`).join('; ')}`;

  it('the good one is found behind bad ones, and before them', async () => {
    const stale = await sign({ ...claims('owner'), exp: 1_000_000_000 });
    const revoked = await tokenOf('gone');
    world.clearml.refused.add(revoked);
    const cases = [
      [good, 'garbage'],
      ['garbage', good],
      [stale, good],
      [revoked, good],
      [stale, 'x.y.z', '', good],
    ];
    for (const values of cases) {
      assert.equal((await world.ask(`GET ${T}/`, cookies(...values))).status, 200);
    }
    const seen = world.task.seen();
    assert.ok(!seen.includes(CLEARML_COOKIE) && !seen.includes(good));
  });

  it('a session that no longer holds does not hide the cookie of ClearML', async () => {
    const header = `Cookie: __Host-router_session=old; ${CLEARML_COOKIE}=${good}`;
    assert.equal((await world.ask(`GET ${T}/`, header)).status, 200);
  });

  it('names count exactly: look-alikes are the task’s own', async () => {
    const alike = `Cookie: x${CLEARML_COOKIE}=${good}; ${CLEARML_COOKIE}2=${good}; ${CLEARML_COOKIE.toUpperCase()}=${good}`;
    assert.equal((await world.ask(`GET ${T}/`, alike)).status, 401);
    const hidden = `Cookie: a="; ${CLEARML_COOKIE}=${good}"`;
    assert.equal((await world.ask(`GET ${T}/`, hidden)).status, 401);
  });
});

describe('A26: a heap of cookies', () => {
  it('fifty of our name are refused without trying them, and the good one among them with them', async () => {
    const calls = world.clearml.calls;
    const heap = Array.from({ length: 50 }, (_, i) => `${CLEARML_COOKIE}=a.b.${i}`);
    const answer = await world.ask(
      `GET ${T}/`,
      `Cookie: ${[...heap, `${CLEARML_COOKIE}=${good}`].join('; ')}`,
    );
    assert.equal(answer.status, 431);
    assert.equal(world.clearml.calls, calls);
  });

  it('16 kB of one cookie are no token', async () => {
    assert.equal((await byCookie('x'.repeat(16_000))).status, 401);
  });
});

describe('A73: the pieces of a long session', () => {
  it('fit the head of a request beside the longest code of a sign-in, and none of them reaches a task', async () => {
    const long = await sign({ ...claims('owner'), padding: 'x'.repeat(5_800) });
    world.clearml.grant(long, MINE);
    world.clearml.credentials.set('AK:SK', long);
    const signedIn = await world.auth.signIn?.sessions.signIn({
      accessKey: 'AK',
      secretKey: 'SK',
      clientAddress: '192.0.2.1',
      rawHeaders: [],
    });
    assert.ok(signedIn?.outcome === 'ok');
    const pairs = signedIn.setCookie.map((line) => line.split(';', 1).join());
    assert.equal(pairs.length, 3);
    const Cookie = `Cookie: a=1; ${pairs.join('; ')}; b=2`;
    // As long as the code of a handover.
    const query = `x=${'y'.repeat(11_400)}`;
    const answer = await world.ask(`GET ${T}/?${query}`, Cookie);
    assert.equal(answer.status, 200);
    const seen = world.task.seen();
    assert.ok(seen.includes('Cookie: a=1; b=2'));
    assert.ok(!seen.includes('router_session'));
    const names = world.auth.cookieNames();
    for (const pair of pairs) assert.ok(names.includes(pair.slice(0, pair.indexOf('='))));
  });
});
