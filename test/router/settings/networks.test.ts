import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inNetworks } from '../../../router/settings/networks.ts';
import { cidrs } from '../../../router/settings/values.ts';

test('no network is named: nobody is asked', () => {
  assert.equal(inNetworks([]), undefined);
});

test('an address is found in each of its spellings, and no other', () => {
  const found = inNetworks(cidrs.parse('10.0.0.0/8, fd00::/8, 192.0.2.7'));
  assert.ok(found);
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '192.0.2.7']) {
    assert.equal(found(address), true, address);
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
    assert.equal(found(address), false, address);
  }
});
