import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { askCluster } from '../../../infra/cluster/facts.ts';
import { clusterAnswering, Refusal } from './stand_in.ts';

const UID = '0a1b2c3d-0000-4000-8000-000000000001';
const version = { major: '1', minor: '31+', gitVersion: 'v1.31.2' };

suite('askCluster', () => {
  test('tells version and pod networks', async (context) => {
    const nodes = [
      { spec: { podCIDRs: ['10.1.1.0/24'] } },
      { spec: { podCIDRs: ['10.1.0.0/24'] } },
    ];
    const { kubeconfig } = await clusterAnswering(context, {
      '/version': version,
      '/api/v1/nodes': { items: nodes },
      '/api/v1/namespaces/kube-system': { metadata: { uid: UID } },
    });
    const address = { kubeconfig, context: 'here' };
    assert.deepEqual(await askCluster(address), {
      version: { major: 1, minor: 31 },
      uid: UID,
      podNetworks: ['10.1.0.0/24', '10.1.1.0/24'],
      trouble: undefined,
    });
  });

  test('keeps the version when nodes may not be listed', async (context) => {
    const { kubeconfig } = await clusterAnswering(context, {
      '/version': version,
      '/api/v1/nodes': new Refusal(403, 'forbidden'),
    });
    const facts = await askCluster({ kubeconfig, context: undefined });
    assert.deepEqual(facts.version, { major: 1, minor: 31 });
    assert.match(facts.trouble ?? '', /403/);
  });

  test('throws what is wrong with the way to the cluster, and does not take it for silence', async () => {
    await assert.rejects(askCluster({ kubeconfig: '{}', context: 'there' }), {
      code: 'config-invalid',
    });
  });
});
