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
        metadata: { name: 'one', labels: { a: 'b' } },
        status: {
          addresses: [
            { type: 'InternalIP', address: '172.18.0.4' },
            { type: 'Hostname', address: 'a' },
          ],
        },
      },
      { metadata: { name: 'two' }, spec: { podCIDRs: ['10.1.0.0/24'] } },
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
          name: 'one',
          providerID: 'kind://a',
          labels: { a: 'b' },
          addresses: ['172.18.0.4'],
          hostNames: ['a'],
          podNetworks: ['10.1.1.0/24'],
        },
        {
          name: 'two',
          providerID: undefined,
          labels: {},
          addresses: [],
          hostNames: [],
          podNetworks: ['10.1.0.0/24'],
        },
      ],
      apiGroups: ['apps', 'metallb.io'],
      ingressClasses: [
        { name: 'web', controller: 'example.com/web', isDefault: true },
        { name: 'bare', controller: '', isDefault: false },
      ],
      apiServerPorts: [6443],
      dns: undefined,
      nodePorts: undefined,
      tcpService: undefined,
      lacksServerSecret: false,
      trouble: undefined,
    });
  });

  test('asks for all nodes, page by page', async (context) => {
    const node = (network: string) => ({
      metadata: { name: network },
      spec: { podCIDRs: [network] },
    });
    const { kubeconfig } = await clusterAnswering(context, {
      '/api/v1/nodes?limit=500': { items: [node('10.1.0.0/24')], metadata: { continue: 'a/b' } },
      '/api/v1/nodes?limit=500&continue=a%2Fb': { items: [node('10.1.1.0/24')] },
    });
    const { podNetworks } = await askCluster({ kubeconfig, context: undefined });
    assert.deepEqual(podNetworks, ['10.1.0.0/24', '10.1.1.0/24']);
  });

  test('knows nothing of what is answered in another form, and says where it differs', async (context) => {
    const { kubeconfig } = await clusterAnswering(context, {
      '/version': version,
      '/api/v1/namespaces/kube-system': { metadata: { uid: UID } },
      '/apis': { groups: [] },
      '/apis/networking.k8s.io/v1/ingressclasses': { items: [] },
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': { items: [] },
      '/api/v1/nodes': 'a page for people',
      '/api/v1/namespaces/kube-system/services': { items: [{ metadata: null }] },
    });
    const facts = await askCluster({ kubeconfig, context: undefined });
    assert.equal(
      facts.trouble,
      'nodes: 200 no answer of a Kubernetes API; ' +
        'API server: the Service default/kubernetes has no endpoints; ' +
        'DNS: an answer in an unknown form: items.0.metadata: Invalid input: expected object, received null',
    );
    assert.equal(facts.nodes, undefined);
    // Control planes without endpoints tell nothing of their ports.
    assert.equal(facts.apiServerPorts, undefined);
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
