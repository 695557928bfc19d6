import assert from 'node:assert/strict';
import { test } from 'node:test';
import ipaddr from 'ipaddr.js';
import { checkAddress, serviceKey, type AddressRules } from '../../../router/routes/address.ts';

function rules(networks?: string, more: Partial<AddressRules> = {}): AddressRules {
  return {
    networks: networks?.split(',').map((cidr) => ipaddr.parseCIDR(cidr)),
    forbiddenAddresses: new Set(),
    forbiddenServices: new Set(),
    ...more,
  };
}

function refusal(address: string, port: string, given = rules()): string | undefined {
  const checked = checkAddress(address, port, given);
  return checked.ok ? undefined : checked.reason;
}

test('a literal IP and a port make an upstream, IPv4-mapped addresses as IPv4', () => {
  assert.deepEqual(checkAddress('10.1.2.3', '8888', rules()), {
    ok: true,
    upstream: { address: '10.1.2.3', family: 4, port: 8888 },
  });
  assert.deepEqual(checkAddress('::ffff:10.1.2.3', '1', rules('10.0.0.0/8')), {
    ok: true,
    upstream: { address: '10.1.2.3', family: 4, port: 1 },
  });
  assert.deepEqual(checkAddress('FD12:0::5', '65535', rules('fd12::/16')), {
    ok: true,
    upstream: { address: 'fd12::5', family: 6, port: 65_535 },
  });
});

test('A41: what is no literal IP is refused, and never resolved', () => {
  for (const address of [
    'localhost',
    '2130706433',
    '0x7f000001',
    '127.1',
    '0177.0.0.1',
    '10.0.0.1 ',
    '10.0.0.1:80',
    '[fd12::1]',
    'fe80::1%eth0',
    'fd12::1%eth0',
    'kubernetes.default',
    '10.0.0.1\u0000',
  ]) {
    assert.match(refusal(address, '80', rules()) ?? '', /is not a literal IP$/, address);
  }
});

test('A41: what the clouds and the network keep for themselves is refused under every setting', () => {
  for (const networks of [undefined, '0.0.0.0/0,::/0', '169.254.0.0/16,fe80::/10,100.64.0.0/10']) {
    for (const address of [
      '169.254.169.254',
      '169.254.1.1',
      '::ffff:169.254.169.254',
      '::169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      '2002:a9fe:a9fe::1',
      '100.100.100.200',
      '168.63.129.16',
      'fd00:ec2::254',
      'fe80::1',
      '0.0.0.0',
      '::',
      '224.0.0.1',
      'ff02::1',
      '255.255.255.255',
    ]) {
      assert.match(refusal(address, '80', rules(networks)) ?? '', /is refused/, address);
    }
  }
});

test('A41: loopback is served only where TASK_NETWORKS names it, not where a wide block covers it', () => {
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
    assert.match(refusal(address, '80') ?? '', /loopback/, address);
    assert.match(refusal(address, '80', rules('0.0.0.0/0,::/0')) ?? '', /loopback/, address);
  }
  assert.equal(refusal('127.0.0.1', '80', rules('127.0.0.0/8')), undefined);
  assert.equal(refusal('::1', '80', rules('::1/128')), undefined);
  assert.match(refusal('127.0.0.2', '80', rules('127.0.0.1/32')) ?? '', /loopback/);
});

test('outside TASK_NETWORKS is refused; without it private and public addresses pass', () => {
  assert.match(refusal('192.168.0.1', '80', rules('10.0.0.0/8')) ?? '', /outside TASK_NETWORKS/);
  assert.match(refusal('fd13::1', '80', rules('10.0.0.0/8')) ?? '', /outside TASK_NETWORKS/);
  assert.equal(refusal('192.168.0.1', '80'), undefined);
  assert.equal(refusal('203.0.113.9', '80'), undefined);
  assert.equal(refusal('fd13::1', '80'), undefined);
});

test('A41: the Kubernetes API on every port, the ClearML API and the router on theirs', () => {
  const given = rules('10.0.0.0/8', {
    forbiddenAddresses: new Set(['10.96.0.1']),
    forbiddenServices: new Set([serviceKey('10.0.0.5', 8008)]),
  });
  assert.match(refusal('10.96.0.1', '9999', given) ?? '', /Kubernetes API/);
  assert.match(refusal('::ffff:10.96.0.1', '443', given) ?? '', /Kubernetes API/);
  assert.match(refusal('10.0.0.5', '8008', given) ?? '', /ClearML API/);
  assert.equal(refusal('10.0.0.5', '8009', given), undefined);
});

test('A41: ports are numbers from 1 to 65535 and nothing else', () => {
  for (const port of ['0', '65536', '22;x', '-1', '1e3', '0x50', ' 80', '', '8.0', '99999999']) {
    assert.match(refusal('10.0.0.1', port) ?? '', /is not one from 1 to 65535$/, port);
  }
});

test('A53: a reason repeats a hostile text short and without control characters', () => {
  const reason = refusal(`\u001b[2J${'x'.repeat(10_000)}`, '80') ?? '';
  assert.ok(reason.length < 120);
  assert.doesNotMatch(reason, /\u001b/);
});
