import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../router/settings/settings.ts';
import { followSecretKeys, SECRET_USES } from '../../router/secret_keys.ts';

const BASE = {
  ROUTER_NAME: 'router',
  ROUTER_URL: 'https://router.example.com',
  CLEARML_API_HOST: 'https://api.example.com',
  CLEARML_API_ACCESS_KEY: 'AK',
  CLEARML_API_SECRET_KEY: 'SK',
};

const keysOf = (
  variables: Record<string, string>,
  use: keyof typeof SECRET_USES = 'stamps',
): readonly string[] => {
  const keys = followSecretKeys(readSettings({ ...BASE, ...variables }), SECRET_USES[use]);
  keys.close();
  return keys.current().map((key) => Buffer.from(key).toString('hex'));
};

test('A61: a signing key gives one stamp key, as raw text and as `k` of jwks.json', () => {
  for (const raw of ['a-key-of-a-server,with-a-comma', '0123456789abcdef0123456789abcdef']) {
    const [one, ...others] = keysOf({ AUTH_BASE64_JWKS_KEY: raw });
    assert.deepEqual(others, []);
    for (const encoding of ['base64', 'base64url'] as const) {
      const spelled = Buffer.from(raw).toString(encoding);
      assert.deepEqual(keysOf({ AUTH_BASE64_JWKS_KEY: spelled }), [one], spelled);
    }
  }
});

test('A61: different secrets give different stamp keys', () => {
  const secrets = ['a'.repeat(32), 'b'.repeat(32), 'c,d'.repeat(11)];
  const all = secrets.flatMap((secret) => keysOf({ AUTH_BASE64_JWKS_KEY: secret }));
  assert.equal(new Set(all).size, secrets.length);
});

test('a secret gives another key to each use, and two of them while it is rotated', () => {
  const rotated = {
    AUTH_BASE64_JWKS_KEY: 'k'.repeat(32),
    ROUTER_SECRET: `${'n'.repeat(32)} ${'o'.repeat(32)}`,
  };
  const keys = [...keysOf(rotated), ...keysOf(rotated, 'peers')];
  assert.equal(new Set(keys).size, 4);
  assert.deepEqual(keysOf({ ...rotated, ROUTER_SECRET: 'o'.repeat(32) }, 'peers'), keys.slice(3));
});
