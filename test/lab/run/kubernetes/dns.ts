import { join } from 'node:path';

import { CoreV1Api, type KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node';

import { programText } from '../../tasks/programs.ts';
import { runPod } from './pods.ts';

const namespace = 'kube-system';
const name = 'dns';
/** The labels that clusters give their DNS, whatever program it is. */
const LABELS = { 'k8s-app': 'kube-dns' };
const SERVER = join(import.meta.dirname, '../../cluster/dns/server.ts');

/** Where DNS listens behind port 53 of its Service, as OpenShift's does: a policy that opens 53 alone keeps names away. */
export const DNS_POD_PORT = 5353;

/**
 * Starts the stand-in for the cluster's DNS as a pod, with its Service, and returns when it runs.
 *
 * @param address of the Service, which the kubelet tells all pods.
 */
export async function startDns(config: KubeConfig, address: string): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  await grantReading(config);
  await core.createNamespacedService({
    namespace,
    body: {
      metadata: { name: 'kube-dns', labels: LABELS },
      spec: {
        clusterIP: address,
        selector: LABELS,
        ports: [
          { name: 'dns', protocol: 'UDP', port: 53, targetPort: DNS_POD_PORT },
          { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: DNS_POD_PORT },
        ],
      },
    },
  });
  await runPod(config, {
    name,
    namespace,
    labels: LABELS,
    serviceAccount: name,
    code: await programText(SERVER),
    environment: {
      PORT: String(DNS_POD_PORT),
      NODE_EXTRA_CA_CERTS: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    },
  });
}

/** What it answers from, as CoreDNS may. */
async function grantReading(config: KubeConfig): Promise<void> {
  const rights = config.makeApiClient(RbacAuthorizationV1Api);
  const role = 'lab:dns';
  await config
    .makeApiClient(CoreV1Api)
    .createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
  await rights.createClusterRole({
    body: {
      metadata: { name: role },
      rules: [
        { apiGroups: [''], resources: ['services'], verbs: ['get'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
      ],
    },
  });
  await rights.createClusterRoleBinding({
    body: {
      metadata: { name: role },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  });
}
