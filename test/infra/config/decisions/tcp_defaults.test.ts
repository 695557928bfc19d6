import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Told } from '../../../../infra/config/reading/settle.ts';
import { settledConfig } from '../../settled_config.ts';
import { smallest } from '../../stacks.ts';

const EXTERNAL = 'networking.gke.io/l4-regional-external';
const TODAY = 'v1.33.1-gke.1779000';

function serviceOf(service: object, told: Partial<Told> = {}, more: object = {}) {
  const portRange = { start: 30_000, end: 30_001 };
  const tcpSession = { portRange, ...more, service };
  const isSilent = Object.hasOwn(told, 'gitVersion') && told.gitVersion === undefined;
  const kubernetes = { context: 'test', ...(isSilent ? { platform: 'gke' } : {}) };
  const settled = settledConfig({ ...smallest, kubernetes, tcpSession }, told).tcpSession?.service;
  assert.ok(settled !== undefined);
  return settled;
}

suite('the class of the TCP Service', () => {
  const cases: readonly (readonly [string, object, string, string | undefined])[] = [
    ['is Google’s where config names it', { platform: 'gke' }, TODAY, EXTERNAL],
    ['is so on every later version', { platform: 'gke' }, 'v1.34.0-gke.1', EXTERNAL],
    ['is none before', { platform: 'gke' }, 'v1.33.1-gke.1778999', undefined],
    ['is none where the cluster alone tells: a new class replaces a Service', {}, TODAY, undefined],
    ['is that of config', { platform: 'gke', loadBalancerClass: 'own' }, TODAY, 'own'],
    [
      'is none where an annotation chooses the kind',
      { platform: 'gke', annotations: { 'networking.gke.io/load-balancer-type': 'Internal' } },
      TODAY,
      undefined,
    ],
    ['is none elsewhere', { platform: 'aks' }, 'v1.33.1', undefined],
  ];
  for (const [title, service, gitVersion, expected] of cases) {
    test(title, () => {
      assert.equal(serviceOf(service, { gitVersion }).loadBalancerClass, expected);
    });
  }

  test('is Google’s, too, where the cluster could not be asked', () => {
    const { loadBalancerClass } = serviceOf({ platform: 'gke' }, { gitVersion: undefined });
    assert.equal(loadBalancerClass, EXTERNAL);
  });

  test('is none on node ports', () => {
    const node = { type: 'NodePort', platform: 'gke' };
    const more = { routerAddress: 'node.example.com' };
    assert.equal(serviceOf(node, { gitVersion: TODAY }, more).loadBalancerClass, undefined);
  });
});

suite('the traffic policy of the TCP Service', () => {
  const azure = {
    nodes: [
      { name: 'one', providerID: undefined, labels: { 'kubernetes.azure.com/cluster': 'a' } },
    ],
  };

  test('is Local on AKS, whose load balancer dials tasks otherwise, and Cluster elsewhere', () => {
    assert.equal(serviceOf({}, azure).externalTrafficPolicy, 'Local');
    assert.equal(serviceOf({ platform: 'aks' }).externalTrafficPolicy, 'Local');
    assert.equal(serviceOf({ platform: 'gke' }).externalTrafficPolicy, 'Cluster');
    assert.equal(serviceOf({}).externalTrafficPolicy, 'Cluster');
  });

  test('is that of config', () => {
    const service = { externalTrafficPolicy: 'Cluster' };
    assert.equal(serviceOf(service, azure).externalTrafficPolicy, 'Cluster');
  });

  test('is Cluster on node ports of AKS', () => {
    const more = { routerAddress: 'node.example.com' };
    assert.equal(serviceOf({ type: 'NodePort' }, azure, more).externalTrafficPolicy, 'Cluster');
  });
});
