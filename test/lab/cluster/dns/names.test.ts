import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressesOf } from './names.ts';

const OBJECTS: Readonly<Record<string, unknown>> = {
  '/api/v1/namespaces/default/services/kubernetes': { spec: { clusterIP: '10.0.0.1' } },
  '/api/v1/namespaces/default/services/elsewhere': { spec: { externalName: 'a.example' } },
  '/api/v1/namespaces/tasks/services/replicas': { spec: { clusterIP: 'None' } },
  '/apis/discovery.k8s.io/v1/namespaces/tasks/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dreplicas':
    {
      items: [
        {
          addressType: 'IPv4',
          endpoints: [
            { addresses: ['10.1.0.1'], conditions: { ready: true } },
            { addresses: ['10.1.0.2'], conditions: { ready: false } },
            { addresses: ['10.1.0.3'] },
          ],
        },
        { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] },
        { addressType: 'IPv4' },
      ],
    },
};
const read = (path: string): Promise<unknown> => Promise.resolve(OBJECTS[path]);

test('a Service has its address, one without has those of its ready endpoints', async () => {
  for (const [name, answer] of [
    ['kubernetes.default.svc.cluster.local', ['10.0.0.1']],
    ['replicas.tasks.svc.cluster.local', ['10.1.0.1', '10.1.0.3']],
    ['elsewhere.default.svc.cluster.local', []],
    ['missing.default.svc.cluster.local', 'no such name'],
    ['kubernetes.default.svc.example', 'no such name'],
    ['kubernetes.default.svc', 'no such name'],
    ['..default.svc.cluster.local', 'no such name'],
    ['example.com', 'no such name'],
  ] as const) {
    assert.deepEqual(await addressesOf(name, read), answer, name);
  }
});

test('an API server that does not tell is no missing name', async () => {
  const failing = (): Promise<unknown> => Promise.reject(new Error('away'));
  await assert.rejects(addressesOf('kubernetes.default.svc.cluster.local', failing), /away/);
});
