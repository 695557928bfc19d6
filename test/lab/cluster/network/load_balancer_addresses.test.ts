import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimAddress, hostAddresses } from './load_balancer_addresses.ts';

test('neither the network nor the broadcast address is handed out', () => {
  assert.deepEqual([...hostAddresses('10.1.2.0/30')], ['10.1.2.1', '10.1.2.2']);
});

test('each Service has an address of its own, and keeps it', () => {
  const claims = new Map<string, string>();
  assert.equal(claimAddress(claims, '10.1.2.0/30', 'a', undefined), '10.1.2.1');
  assert.equal(claimAddress(claims, '10.1.2.0/30', 'b', undefined), '10.1.2.2');
  assert.equal(claimAddress(claims, '10.1.2.0/30', 'a', '10.1.2.2'), '10.1.2.1');
  assert.equal(claimAddress(claims, '10.1.2.0/30', 'c', undefined), undefined);
});

test('an address that is asked for is granted where it is in the network and free', () => {
  const claims = new Map<string, string>();
  assert.equal(claimAddress(claims, '10.1.2.0/24', 'a', '10.1.2.77'), '10.1.2.77');
  assert.equal(claimAddress(claims, '10.1.2.0/24', 'b', '10.1.2.77'), '10.1.2.1');
  assert.equal(claimAddress(claims, '10.1.2.0/24', 'c', '192.168.0.1'), '10.1.2.2');
  assert.equal(claimAddress(claims, '10.1.2.0/24', 'd', 'fd00::1'), '10.1.2.3');
});
