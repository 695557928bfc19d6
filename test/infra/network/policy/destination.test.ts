import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { destinationOf } from '../../../../infra/network/policy/destination.ts';

const allPods = { namespaceSelector: {} };

function inNamespace(name: string) {
  const expression = { key: 'kubernetes.io/metadata.name', operator: 'In', values: [name] };
  return { namespaceSelector: { matchExpressions: [expression] } };
}

suite('where a URL leads, to a policy', () => {
  const cluster = {
    ipBlockCoversPods: false,
    nodes: [{ name: 'one', providerID: undefined, labels: {}, addresses: ['10.0.0.5'] }],
  };
  const cases = [
    ['https://api.clearml.example.com', [], 443, false],
    ['https://clearml.svc.example.com', [], 443, false],
    ['http://clearml-apiserver', [], 80, true],
    ['http://api.clearml.svc.corp.example.com', [], 80, true],
    ['http://api.clearml.svc:8008', [inNamespace('clearml')], 8008, true],
    ['http://api.clearml.svc.cluster.local', [inNamespace('clearml')], 80, true],
    ['http://192.0.2.7:8008', [{ ipBlock: { cidr: '192.0.2.7/32' } }, allPods], 8008, true],
    ['http://[2001:db8::7]:81', [{ ipBlock: { cidr: '2001:db8::7/128' } }, allPods], 81, true],
    ['http://10.0.0.5:30008', [], 30_008, true],
  ] as const;
  for (const [url, peers, port, mayBeMapped] of cases) {
    test(`of ${url}`, () => {
      assert.deepEqual(destinationOf(url, cluster), { peers, port, mayBeMapped });
    });
  }
});
