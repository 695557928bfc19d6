import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JsonObject } from '../property_values.ts';
import { podTroubles, readiness } from './readiness.ts';

describe('a Deployment', () => {
  const done = {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
  };
  const deployment = (status: JsonObject): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { generation: 2 },
    spec: { replicas: 2 },
    status,
  });

  test('is ready when only new, available pods are left', () => {
    assert.deepEqual(readiness(deployment(done)), { state: 'ready' });
  });

  const waiting: readonly [string, JsonObject, string][] = [
    ['without a status', {}, 'the controller has not seen the change yet'],
    [
      'while the status is that of the generation before',
      { ...done, observedGeneration: 1 },
      'the controller has not seen the change yet',
    ],
    [
      'while a new pod is missing',
      { ...done, updatedReplicas: 1 },
      '1 of 2 pods are new, 2 available, 1 old',
    ],
    [
      'while a pod is not available',
      { ...done, availableReplicas: 1 },
      '2 of 2 pods are new, 1 available, 0 old',
    ],
    [
      'while an old pod still ends',
      { ...done, replicas: 3 },
      '2 of 2 pods are new, 2 available, 1 old',
    ],
  ];
  for (const [when, status, reason] of waiting) {
    test(`waits ${when}`, () => {
      assert.deepEqual(readiness(deployment(status)), { state: 'waiting', reason });
    });
  }

  test('is waited for beyond its progress deadline, which the reason names', () => {
    const message = 'ReplicaSet "x" has timed out progressing.';
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message },
    ];
    assert.deepEqual(readiness(deployment({ ...done, availableReplicas: 0, conditions })), {
      state: 'waiting',
      reason: `[ProgressDeadlineExceeded] ${message}`,
    });
  });

  test('with no replicas wanted is ready', () => {
    const object = { ...deployment({ observedGeneration: 2 }), spec: { replicas: 0 } };
    assert.deepEqual(readiness(object), { state: 'ready' });
  });
});

describe('an address', () => {
  const service = (type: string, status: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    spec: { type },
    status,
  });

  test('is awaited of a LoadBalancer Service', () => {
    assert.equal(readiness(service('LoadBalancer', { loadBalancer: {} })).state, 'waiting');
    const given = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    assert.equal(readiness(service('LoadBalancer', given)).state, 'ready');
  });

  test('is not awaited of another Service', () => {
    assert.equal(readiness(service('ClusterIP', { loadBalancer: {} })).state, 'ready');
  });

  test('is awaited of an Ingress', () => {
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', spec: {}, status: {} };
    assert.equal(readiness(ingress).state, 'waiting');
  });
});

test('a Namespace is ready when it is active', () => {
  const namespace = (phase: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    status: { phase },
  });
  assert.equal(readiness(namespace('Active')).state, 'ready');
  assert.equal(readiness(namespace('Terminating')).state, 'waiting');
});

test('other kinds are ready as soon as they exist', () => {
  assert.equal(readiness({ apiVersion: 'v1', kind: 'ConfigMap' }).state, 'ready');
});

test('what is wrong with pods is told in the words of scheduler and kubelet', () => {
  const pods = {
    items: [
      {
        metadata: { name: 'a' },
        status: {
          conditions: [
            { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' },
          ],
        },
      },
      {
        metadata: { name: 'b' },
        status: {
          containerStatuses: [
            {
              name: 'router',
              ready: false,
              state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
              lastState: { terminated: { exitCode: 2, reason: 'Error' } },
            },
            { name: 'fine', ready: true },
          ],
        },
      },
    ],
  };
  assert.deepEqual(podTroubles(pods), [
    'pod a: not scheduled: 0/1 nodes are available',
    'pod b, container router: CrashLoopBackOff back-off 10s; last exit 2 Error',
  ]);
});
