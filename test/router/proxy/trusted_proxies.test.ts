import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustedProxies } from '../../../router/proxy/trusted_proxies.ts';
import { cidrs } from '../../../router/settings/values.ts';

test('no named proxy: nobody is asked', () => {
  assert.equal(trustedProxies([]), undefined);
});

test('an address is trusted in each of its spellings, and no other', () => {
  const trusted = trustedProxies(cidrs.parse('10.0.0.0/8, fd00::/8, 192.0.2.7'));
  assert.ok(trusted);
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '192.0.2.7']) {
    assert.equal(trusted(address), true, address);
  }
  for (const address of [
    '11.0.0.1',
    '::ffff:11.0.0.1',
    'fe80::1',
    '192.0.2.8',
    '',
    'unix',
    '10.1',
  ]) {
    assert.equal(trusted(address), false, address);
  }
});
