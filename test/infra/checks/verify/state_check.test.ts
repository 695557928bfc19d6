import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { stateIsLive } from '../../../../infra/checks/verify/state_check.ts';

const deployment = (image: string, code: string, sidecars: readonly object[] = []) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'router', namespace: 'n' },
  spec: {
    template: {
      spec: {
        containers: [{ name: 'router', image }, ...sidecars],
        volumes: [{ name: 'code', configMap: { name: code } }],
      },
    },
  },
});
const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'router', namespace: 'n' },
};
const policy = { ...ingress, kind: 'NetworkPolicy' };
const gateway = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'tasks', namespace: 'gateways' },
};

const DEPLOYMENT = '/apis/apps/v1/namespaces/n/deployments/router';
const INGRESS = '/apis/networking.k8s.io/v1/namespaces/n/ingresses/router';
const GATEWAY = '/apis/gateway.networking.k8s.io/v1/namespaces/gateways/gateways/tasks';
const POLICY = '/apis/networking.k8s.io/v1/namespaces/n/networkpolicies/router';

const served = (...kinds: readonly (readonly [kind: string, name: string])[]) => ({
  resources: kinds.map(([kind, name]) => ({ kind, name, namespaced: true })),
});
const KINDS = {
  '/apis/apps/v1': served(['Deployment', 'deployments'], ['Scale', 'deployments/scale']),
  '/apis/networking.k8s.io/v1': served(
    ['Ingress', 'ingresses'],
    ['NetworkPolicy', 'networkpolicies'],
  ),
  '/apis/gateway.networking.k8s.io/v1': served(['Gateway', 'gateways']),
};

function state(pending: readonly unknown[] = []): unknown {
  return {
    deployment: {
      pending_operations: pending,
      resources: [
        { type: 'pulumi:pulumi:Stack' },
        {
          type: 'kubernetes:apps/v1:Deployment',
          inputs: deployment('node:24', 'code-2'),
        },
        { type: 'kubernetes:networking.k8s.io/v1:Ingress', inputs: ingress },
        { type: 'kubernetes:networking.k8s.io/v1:NetworkPolicy', inputs: policy },
        { type: 'kubernetes:gateway.networking.k8s.io/v1:Gateway', inputs: gateway },
        { type: 'kubernetes:core/v1:Secret', external: true },
        { type: 'kubernetes:core/v1:ConfigMap', delete: true },
      ],
    },
  };
}

function look(live: Readonly<Record<string, unknown>>, pending?: readonly unknown[]) {
  const reader = {
    read: (path: string) => Promise.resolve({ ...KINDS, ...live }[path]),
  };
  return stateIsLive(state(pending), reader, 'prod');
}

const all = { [INGRESS]: ingress, [POLICY]: policy, [GATEWAY]: gateway };
const FIX =
  'npm run pulumi -- refresh --stack prod, then npm run pulumi -- up --stack prod; infra/operations/repair.md says more.';

suite('the state of a stack', () => {
  test('is good where the cluster holds what it says, whatever others added', async () => {
    const sidecar = { name: 'mesh', image: 'mesh:1' };
    const live = { ...all, [DEPLOYMENT]: deployment('node:24', 'code-2', [sidecar]) };
    assert.deepEqual(await look(live), {
      outcome: 'good',
      says: 'the cluster holds all 4 objects of it',
    });
  });

  test('is bad where an interrupted update left something else', async () => {
    const live = {
      ...all,
      [INGRESS]: undefined,
      [DEPLOYMENT]: deployment('no/such:image', 'code-2'),
    };
    assert.deepEqual(await look(live, [{ type: 'updating' }]), {
      outcome: 'bad',
      says:
        'the cluster holds something else: an operation that was interrupted; ' +
        'Deployment router has another image, or other files; Ingress router is not there',
      fix: FIX,
    });
  });

  test('is bad where the pods have other files', async () => {
    const live = { ...all, [DEPLOYMENT]: deployment('node:24', 'code-1') };
    assert.deepEqual(await look(live), {
      outcome: 'bad',
      says: 'the cluster holds something else: Deployment router has another image, or other files',
      fix: FIX,
    });
  });
});
