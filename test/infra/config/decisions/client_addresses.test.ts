import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  clientAddresses,
  routerSourceRanges,
} from '../../../../infra/config/decisions/client_addresses.ts';
import { routerSettings } from '../../../../infra/config/decisions/router_settings.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';

const loadBalancerSourceRanges = ['203.0.113.0/24', '2001:db8::/32'];
const Local = 'Local';

function configOf(session: object): ReturnType<typeof parsedConfig> {
  return parsedConfig({
    ...smallest,
    router: { trustedProxies: ['192.0.2.9/32'] },
    tcpSession: { portRange: { start: 30_000, end: 30_001 }, ...session },
  });
}

function sessionOf(session: object) {
  const { tcpSession } = configOf(session);
  assert.ok(tcpSession !== undefined);
  return tcpSession;
}

suite('who the router sees at TCP ports', () => {
  const node = { type: 'NodePort' };
  const cases: readonly (readonly [string, object, object])[] = [
    ['seen', { proxyProtocol: true }, {}],
    ['seen', {}, { platform: 'metallb', externalTrafficPolicy: Local }],
    ['seen', {}, { platform: 'cilium', externalTrafficPolicy: Local }],
    ['seen', {}, { platform: 'aks', externalTrafficPolicy: Local }],
    ['seen', {}, { platform: 'gke', externalTrafficPolicy: Local }],
    ['seen', { routerAddress: 'node.example.com' }, { ...node, externalTrafficPolicy: Local }],
    ['hidden', { routerAddress: 'node.example.com' }, node],
    ['hidden', {}, {}],
    ['hidden', {}, { platform: 'metallb' }],
    ['hidden', {}, { platform: 'aws-nlb', externalTrafficPolicy: Local }],
    ['unknown', {}, { platform: 'other', externalTrafficPolicy: Local }],
    ['unknown', { routerAddress: 'lb.example.com' }, { type: 'ClusterIP' }],
  ];
  for (const [expected, more, service] of cases) {
    test(`${JSON.stringify({ ...more, ...service })}: ${expected}`, () => {
      assert.equal(clientAddresses(sessionOf({ ...more, service })), expected);
    });
  }
});

suite('networks that the router lets connect', () => {
  test('are those of the load balancer where clients are seen, and nowhere else', () => {
    const seen = sessionOf({ proxyProtocol: true, service: { loadBalancerSourceRanges } });
    assert.deepEqual(routerSourceRanges(seen), loadBalancerSourceRanges);
    assert.deepEqual(routerSourceRanges(sessionOf({ service: { loadBalancerSourceRanges } })), []);
  });

  test('are its own where they are given', () => {
    const sourceRanges = ['198.51.100.0/24'];
    const own = { sourceRanges, proxyProtocol: true, service: { loadBalancerSourceRanges } };
    assert.deepEqual(routerSourceRanges(sessionOf(own)), sourceRanges);
  });

  test('reach the router process', () => {
    const config = configOf({ proxyProtocol: true, service: { loadBalancerSourceRanges } });
    const settings = routerSettings({
      config,
      files: {},
      namespace: 'router',
      tcpAddress: 'lb.example.com',
      taskNetworks: [],
    });
    assert.equal(settings['TCP_SOURCE_RANGES'], '203.0.113.0/24,2001:db8::/32');
  });
});
