import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { askDns } from '../../../infra/cluster/dns.ts';
import { clusterAnswering } from './stand_in.ts';

const slicesIn = (namespace: string): string =>
  `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;

/** CoreDNS as kubeadm puts it up. */
const kubeDns = {
  metadata: { name: 'kube-dns', namespace: 'kube-system' },
  spec: {
    selector: { 'k8s-app': 'kube-dns' },
    ports: [
      { name: 'dns', port: 53 },
      { name: 'dns-tcp', port: 53 },
      { name: 'metrics', port: 9153 },
    ],
  },
};
const slice = (dns: number) => ({
  endpoints: [{ addresses: ['10.244.0.2'] }],
  ports: [
    { name: 'dns', port: dns },
    { name: 'dns-tcp', port: dns },
    { name: 'metrics', port: 9153 },
  ],
});

suite('where names are resolved', () => {
  test('is told by the Service, whose pods may listen elsewhere', async (context) => {
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/kube-system/services': { items: [kubeDns] },
      [slicesIn('kube-system')]: { items: [slice(1053)] },
    });
    assert.deepEqual(await askDns(reader), {
      pods: [{ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }],
      ports: [1053],
      networks: [],
    });
  });

  test('is on 5353 on OpenShift', async (context) => {
    const labels = { 'dns.operator.openshift.io/daemonset-dns': 'default' };
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/kube-system/services': { items: [] },
      '/api/v1/namespaces/openshift-dns/services/dns-default': {
        metadata: { name: 'dns-default', namespace: 'openshift-dns' },
        spec: { ...kubeDns.spec, selector: labels },
      },
      [slicesIn('openshift-dns')]: { items: [slice(5353)] },
    });
    assert.deepEqual(await askDns(reader), {
      pods: [{ namespace: 'openshift-dns', labels }],
      ports: [5353],
      networks: [],
    });
  });

  test('is also at the addresses of NodeLocal DNS', async (context) => {
    const template = {
      metadata: { labels: { 'k8s-app': 'node-local-dns' } },
      spec: {
        containers: [{ args: ['-localip', '169.254.20.10,10.96.0.10', '-conf', '/etc/Corefile'] }],
      },
    };
    const upstream = { ...kubeDns, metadata: { ...kubeDns.metadata, name: 'kube-dns-upstream' } };
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/kube-system/services': { items: [kubeDns, upstream] },
      [slicesIn('kube-system')]: { items: [slice(53)] },
      '/apis/apps/v1/namespaces/kube-system/daemonsets/node-local-dns': { spec: { template } },
    });
    assert.deepEqual(await askDns(reader), {
      pods: [
        { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
        { namespace: 'kube-system', labels: { 'k8s-app': 'node-local-dns' } },
      ],
      ports: [53],
      networks: ['169.254.20.10/32', '10.96.0.10/32'],
    });
  });

  test('is also at the addresses of NodeLocal DNS as Kubespray calls it', async (context) => {
    const template = {
      metadata: { labels: { 'k8s-app': 'node-local-dns' } },
      spec: { containers: [{ args: ['-localip', '169.254.25.10', '-conf', '/etc/Corefile'] }] },
    };
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/kube-system/services': { items: [kubeDns] },
      [slicesIn('kube-system')]: { items: [slice(53)] },
      '/apis/apps/v1/namespaces/kube-system/daemonsets/nodelocaldns': { spec: { template } },
    });
    assert.deepEqual((await askDns(reader))?.networks, ['169.254.25.10/32']);
  });

  test('is not at pods where none stand behind the Service', async (context) => {
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/kube-system/services': { items: [kubeDns] },
      [slicesIn('kube-system')]: { items: [{ endpoints: [], ports: [] }] },
    });
    assert.deepEqual(await askDns(reader), { pods: [], ports: [53], networks: [] });
  });

  test('is not told where there is no such Service', async (context) => {
    const { reader } = await clusterAnswering(context, {});
    assert.equal(await askDns(reader), undefined);
  });
});
