import assert from 'node:assert/strict';
import { test } from 'node:test';
import ipaddr from 'ipaddr.js';
import {
  checkAddress,
  forbiddenKey,
  type AddressRules,
} from '../../../../router/routes/asks/address.ts';

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

/** Forms of one IPv4 address in IPv6, by the address. */
const DISGUISES: readonly (readonly [string, readonly string[]])[] = [
  [
    '169.254.169.254',
    [
      '::ffff:a9fe:a9fe',
      '::a9fe:a9fe',
      '::ffff:0:169.254.169.254',
      '64:ff9b::169.254.169.254',
      '64:ff9b:1::169.254.169.254',
      '64:ff9b:1:a9fe:a9:fe00::',
      '64:ff9b:1:ffff:ffff:ffff:a9fe:a9fe',
      '2002:a9fe:a9fe::',
      '2001:0:a9fe:a9fe::',
      '2001:0:808:808:8000:1234:5601:5601',
      '2001:db8::5efe:a9fe:a9fe',
      '2001:db8::200:5efe:169.254.169.254',
      'fd12::5efe:169.254.169.254',
    ],
  ],
  [
    '127.0.0.1',
    [
      '::ffff:0:127.0.0.1',
      '64:ff9b::127.0.0.1',
      '2002:7f00:1::1',
      '2001::80ff:fffe',
      'fd12::5efe:7f00:1',
    ],
  ],
  ['168.63.129.16', ['::ffff:0:168.63.129.16', 'fd12::200:5efe:a83f:8110']],
];

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

test('A67: the clouds’ metadata in IPv6, and every IPv6 form of a forbidden IPv4 address', () => {
  const metadata = [
    'fd20:ce::254',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd00:c1::a9fe:a9fe',
    'fd00:42::42',
    'fd00:a9fe:a9fe::1',
    'fd00:100::100:200',
    '192.0.0.192',
    '169.254.170.23',
  ];
  for (const networks of [undefined, '0.0.0.0/0,::/0']) {
    for (const address of metadata) {
      assert.match(refusal(address, '80', rules(networks)) ?? '', /is refused/, address);
    }
    for (const [four, forms] of DISGUISES) {
      for (const address of forms) {
        const reason = refusal(address, '80', rules(networks)) ?? '';
        assert.match(reason, /is refused/, `${address}, which is ${four}`);
      }
    }
  }
});

test('A67: an IPv6 form of an IPv4 address that may be served is served', () => {
  for (const address of [
    '::ffff:0:10.0.0.5',
    '64:ff9b::10.0.0.5',
    '2002:a00:5::1',
    '2001:0:a00:5::f5ff:fffa',
    'fd12::5efe:10.0.0.5',
    'fd12::1:5efe:a9fe:a9fe',
    'fd12::5eff:a9fe:a9fe',
    '2001:db8::a9fe:a9fe',
    '64:ff9b:2::a9fe:a9fe',
    'fd20:ce::253',
  ]) {
    assert.equal(refusal(address, '80'), undefined, address);
  }
});

test('A67: the Kubernetes API, the ClearML API and the router under an IPv6 form of theirs', () => {
  const given = rules(undefined, {
    forbiddenAddresses: new Set(['10.96.0.1']),
    forbiddenServices: new Set([forbiddenKey('10.0.0.5', 8008)]),
  });
  for (const address of ['64:ff9b::10.96.0.1', 'fd12::5efe:10.96.0.1', '::ffff:0:10.96.0.1']) {
    assert.match(refusal(address, '9999', given) ?? '', /Kubernetes API/, address);
  }
  for (const address of ['64:ff9b::10.0.0.5', '2002:a00:5::', '::10.0.0.5']) {
    assert.match(refusal(address, '8008', given) ?? '', /ClearML API/, address);
    assert.equal(refusal(address, '8009', given), undefined);
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
    forbiddenServices: new Set([forbiddenKey('10.0.0.5', 8008)]),
  });
  assert.match(refusal('10.96.0.1', '9999', given) ?? '', /Kubernetes API/);
  assert.match(refusal('::ffff:10.96.0.1', '443', given) ?? '', /Kubernetes API/);
  assert.match(refusal('10.0.0.5', '8008', given) ?? '', /ClearML API/);
  assert.equal(refusal('10.0.0.5', '8009', given), undefined);
});

test('A41: loopback under any of its addresses leads to what listens on all of them', () => {
  for (const listed of ['127.0.0.1', '::1', '127.0.0.9']) {
    const given = rules('127.0.0.0/8,::1/128', {
      forbiddenServices: new Set([forbiddenKey(listed, 8008)]),
    });
    for (const address of ['127.0.0.1', '127.0.0.2', '::ffff:127.255.255.254', '::1']) {
      assert.match(refusal(address, '8008', given) ?? '', /ClearML API/, `${listed} ${address}`);
      assert.equal(refusal(address, '8009', given), undefined);
    }
  }
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
