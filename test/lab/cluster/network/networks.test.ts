import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { firstFree, networksOf } from './networks.ts';

const CANDIDATES = ['10.200.0.0/16', '10.201.0.0/16', '172.20.0.0/16'];

test('the first block that no route leads into is taken', () => {
  for (const [routes, expected] of [
    [[], '10.200.0.0/16'],
    [['default', '192.168.1.0/24'], '10.200.0.0/16'],
    [['0.0.0.0/0'], '10.200.0.0/16'],
    [['10.200.7.1'], '10.201.0.0/16'],
    [['10.200.0.0/16', '10.201.255.0/24'], '172.20.0.0/16'],
    [['10.0.0.0/8'], '172.20.0.0/16'],
    [['10.0.0.0/8', '172.16.0.0/12'], undefined],
  ] as const) {
    assert.equal(firstFree(CANDIDATES, routes), expected, routes.join(' '));
  }
});

test('a block is free exactly where it and the route share no address', () => {
  const cidr = fc
    .tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 }))
    .map(([address, prefix]) => `${address}/${prefix}`);
  fc.assert(
    fc.property(cidr, cidr, (candidate, route) => {
      const network = (text: string): ipaddr.IPv4 => ipaddr.IPv4.networkAddressFromCIDR(text);
      const overlap =
        network(candidate).match(ipaddr.IPv4.parseCIDR(route)) ||
        network(route).match(ipaddr.IPv4.parseCIDR(candidate));
      assert.equal(firstFree([candidate], [route]), overlap ? undefined : candidate);
    }),
  );
});

test('the parts of a block lie in it and do not overlap', () => {
  const networks = networksOf('10.200.0.0/16');
  const parts = [
    `${networks.hostAddress}/${networks.linkPrefix}`,
    networks.loadBalancers,
    networks.services,
    networks.pods,
  ];
  for (const [index, part] of parts.entries()) {
    assert.equal(firstFree([part], [networks.block]), undefined, `${part} in ${networks.block}`);
    assert.equal(firstFree([part], parts.toSpliced(index, 1)), part, `${part} by itself`);
  }
  for (const address of [networks.apiService, networks.dns]) {
    assert.ok(ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(networks.services)));
  }
});
