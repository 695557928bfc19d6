import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { KeyRing } from '../../../../router/auth/identity/key_ring.ts';
import { Sealer } from '../../../../router/auth/sealed/seal.ts';
import { SealKeys } from '../../../../router/auth/sealed/seal_keys.ts';
import { RouterError } from '../../../../router/errors.ts';
import {
  bearer,
  claims,
  endpoint,
  lab,
  request,
  sign,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';

const RAW = 'text-of-the-secret-0123456789abcdef';
const OLDER = 'an-older-secret-0123456789abcdefgh';
const base64url = (text: string) => Buffer.from(text).toString('base64url');

const own = (secret: string) => {
  const { exp: _exp, ...endless } = claims('router');
  return sign({ ...endless, identity: { user: 'router', company: 'c', role: 'system' } }, secret);
};

const secretsOf = (ring: KeyRing) =>
  ring.keys.map(({ secret }) => Buffer.from(secret).toString('utf8'));

describe('the encoding of the signing key', () => {
  for (const [spelling, value] of Object.entries({
    'raw text': RAW,
    'base64url, as k of jwks.json': base64url(RAW),
    'base64 with padding, as kubectl prints it': Buffer.from(RAW).toString('base64'),
  })) {
    it(`is found out by the router's own token: ${spelling}`, async () => {
      const ring = new KeyRing([value]);
      assert.equal(ring.state, 'unsettled');
      await ring.settle(await own(RAW));
      assert.equal(ring.state, 'settled');
      assert.deepEqual(secretsOf(ring), [RAW]);
    });
  }

  it('a raw secret that happens to be base64url is still taken as it is', async () => {
    const secret = 'abcdefghijklmnopqrstuvwxyz012345';
    const ring = new KeyRing([secret]);
    await ring.settle(await own(secret));
    assert.deepEqual(secretsOf(ring), [secret]);
  });

  it('says which setting is wrong when neither spelling fits, and how to find the right value', async () => {
    const ring = new KeyRing([OLDER]);
    await assert.rejects(ring.settle(await own(RAW)), (error) => {
      assert.ok(error instanceof RouterError);
      assert.equal(error.code, 'SIGNING_KEY_MISMATCH');
      assert.match(error.message, /AUTH_BASE64_JWKS_KEY.*secure\.auth\.token_secret.*jwks\.json/);
      assert.ok(!error.message.includes(OLDER));
      return true;
    });
    assert.equal(ring.state, 'mismatch');
    assert.deepEqual(ring.keys, []);
  });
});

describe('while the server’s key is rotated', () => {
  it('two values verify, in the encoding that the own token proves for one of them', async () => {
    const ring = new KeyRing([base64url(RAW), base64url(OLDER)]);
    await ring.settle(await own(OLDER));
    assert.deepEqual(secretsOf(ring), [RAW, OLDER]);
    await ring.settle(await own(RAW));
    assert.deepEqual(secretsOf(ring), [RAW, OLDER]);
  });

  it('keys that fitted stay in use when a new value fits nothing yet', async () => {
    const ring = new KeyRing([OLDER]);
    await ring.settle(await own(OLDER));
    await assert.rejects(ring.replace([RAW]), /until then the keys that fitted before stay/);
    assert.deepEqual(secretsOf(ring), [OLDER]);
    await ring.settle(await own(RAW));
    assert.deepEqual(secretsOf(ring), [RAW]);
  });

  it('a changed file is read again, also where Kubernetes swaps a link, and old tokens hold until the server refuses them', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'signing-key-'));
    t.after(() => rm(folder, { recursive: true }));
    const mount = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      await symlink(name, join(folder, 'next'));
      await rename(join(folder, 'next'), join(folder, 'key'));
    };
    await mount('first', `${OLDER}\n`);
    const id = taskId('a');
    const { auth, clearml } = await lab(table([endpoint(id)]), {
      AUTH_BASE64_JWKS_KEY: '',
      AUTH_BASE64_JWKS_KEY_FILE: join(folder, 'key'),
    });
    t.after(() => auth.close());
    const older = await sign(claims('owner'), OLDER);
    const newer = await sign({ ...claims('owner'), session_id: 'newer' }, RAW);
    clearml.grant(older, id);
    clearml.grant(newer, id);
    const admit = async (token: string) =>
      (await auth.gate.admit(request(id, bearer(token)))).outcome;
    clearml.login({ token: await sign(claims('router'), OLDER), cookieName: undefined });
    while (auth.keyState() !== 'settled') await new Promise(setImmediate);
    assert.equal(await admit(older), 'admitted');
    assert.equal(await admit(newer), 'denied');
    await mount('second', `${RAW} ${OLDER}\n`);
    while ((await admit(newer)) === 'denied') await new Promise((r) => setTimeout(r, 50));
    assert.equal(await admit(older), 'admitted');
    clearml.login({ token: await sign(claims('router'), RAW), cookieName: undefined });
    await new Promise((r) => setTimeout(r, 20));
    assert.equal(await admit(older), 'admitted');
    clearml.refused.add(older);
    await mount('third', `${RAW}\n`);
    while ((await admit(older)) === 'admitted') await new Promise((r) => setTimeout(r, 50));
    assert.equal(await admit(newer), 'admitted');
  });
});

describe('sessions that the router seals', () => {
  it('open with the second value of ROUTER_SECRET while it is rotated', async () => {
    const ring = { keys: [] };
    const before = new Sealer(new SealKeys(ring, ['the-first-router-secret']).current, Date.now);
    const content = { id: 'x', token: await tokenOf('owner'), audience: 'router' };
    const text = await before.seal('session', { ...content, expiresAt: Date.now() + 60_000 });
    assert.ok(text !== undefined);
    const keys = new SealKeys(ring, ['another-router-secret!']);
    const after = new Sealer(keys.current, Date.now);
    assert.equal(await after.open('session', text), undefined);
    keys.replace(['another-router-secret!', 'the-first-router-secret']);
    after.forget();
    assert.equal((await after.open('session', text))?.token, content.token);
    assert.equal(await after.open('handover', text), undefined);
  });
});
