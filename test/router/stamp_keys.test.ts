import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../router/settings/settings.ts';
import { followStampKeys } from '../../router/stamp_keys.ts';

const BASE = {
  ROUTER_NAME: 'router',
  ROUTER_URL: 'https://router.example.com',
  CLEARML_API_HOST: 'https://api.example.com',
  CLEARML_API_ACCESS_KEY: 'AK',
  CLEARML_API_SECRET_KEY: 'SK',
};

const keysOf = (variables: Record<string, string>): readonly string[] => {
  const keys = followStampKeys(readSettings({ ...BASE, ...variables }));
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
