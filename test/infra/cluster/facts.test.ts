import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { askCluster } from '../../../infra/cluster/facts.ts';
import { clusterAnswering, Refusal } from './stand_in.ts';

const UID = '0a1b2c3d-0000-4000-8000-000000000001';
const version = { major: '1', minor: '31+', gitVersion: 'v1.31.2' };

suite('askCluster', () => {
  test('tells what the cluster says of itself', async (context) => {
    const nodes = [
      {
        spec: { providerID: 'kind://a', podCIDRs: ['10.1.1.0/24'] },
        metadata: { labels: { a: 'b' } },
        status: {
          addresses: [
            { type: 'InternalIP', address: '172.18.0.4' },
            { type: 'Hostname', address: 'a' },
          ],
        },
      },
      { spec: { podCIDRs: ['10.1.0.0/24'] } },
    ];
    const isDefault = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    const slice = {
      endpoints: [{ addresses: ['172.18.0.3'] }, { addresses: ['172.18.0.2'] }],
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    };
    const { kubeconfig } = await clusterAnswering(context, {
      '/version': version,
      '/api/v1/nodes': { items: nodes },
      '/api/v1/namespaces/kube-system': { metadata: { uid: UID } },
      '/apis': { groups: [{ name: 'apps' }, { name: 'metallb.io' }] },
      '/apis/networking.k8s.io/v1/ingressclasses': {
        items: [
          {
            metadata: { name: 'web', annotations: isDefault },
            spec: { controller: 'example.com/web' },
          },
          { metadata: { name: 'bare' } },
        ],
      },
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': { items: [slice] },
    });
    const address = { kubeconfig, context: 'here' };
    assert.deepEqual(await askCluster(address), {
      version: { major: 1, minor: 31 },
      gitVersion: 'v1.31.2',
      uid: UID,
      podNetworks: ['10.1.0.0/24', '10.1.1.0/24'],
      nodes: [
        {
          providerID: 'kind://a',
          labels: { a: 'b' },
          addresses: ['172.18.0.4'],
          podNetworks: ['10.1.1.0/24'],
        },
        { providerID: undefined, labels: {}, addresses: [], podNetworks: ['10.1.0.0/24'] },
      ],
      apiGroups: ['apps', 'metallb.io'],
      ingressClasses: [
        { name: 'web', controller: 'example.com/web', isDefault: true },
        { name: 'bare', controller: '', isDefault: false },
      ],
      apiServer: { addresses: ['172.18.0.2', '172.18.0.3'], ports: [6443] },
      dns: undefined,
      nodePorts: undefined,
      tcpService: undefined,
      lacksServerSecret: false,
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
