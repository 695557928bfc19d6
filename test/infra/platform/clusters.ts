import type { Answers } from '../cluster/stand_in.ts';

/** What a cluster of each platform answers, as far as it is asked: written from what the platforms' own sources and documents show. */
export interface RecordedCluster {
  readonly gitVersion: string;
  /** Beside those of Kubernetes itself. */
  readonly apiGroups: readonly string[];
  readonly node: {
    readonly providerID?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly ingressClasses?: readonly (readonly [
    name: string,
    controller: string,
    isDefault?: boolean,
  ])[];
  readonly apiServerPort: number;
}

export const recordedClusters = {
  // https://docs.aws.amazon.com/eks/latest/userguide/platform-versions.html; with the AWS Load Balancer Controller of
  // https://github.com/kubernetes-sigs/aws-load-balancer-controller/tree/main/helm/aws-load-balancer-controller
  eks: {
    gitVersion: 'v1.33.4-eks-99d6cc0',
    apiGroups: ['elbv2.k8s.aws', 'vpcresources.k8s.aws', 'crd.k8s.amazonaws.com'],
    node: {
      providerID: 'aws:///eu-central-1a/i-0123456789abcdef0',
      labels: { 'eks.amazonaws.com/nodegroup': 'workers' },
    },
    ingressClasses: [['alb', 'ingress.k8s.aws/alb']],
    apiServerPort: 443,
  },
  // https://cloud.google.com/kubernetes-engine/docs/release-notes; with Dataplane V2, which brings Cilium's custom resources.
  gke: {
    gitVersion: 'v1.33.4-gke.1245000',
    apiGroups: ['cloud.google.com', 'networking.gke.io', 'cilium.io'],
    node: {
      providerID: 'gce://example/europe-west4-a/gke-tasks-default-pool-0a1b2c3d-abcd',
      labels: { 'cloud.google.com/gke-nodepool': 'default-pool' },
    },
    apiServerPort: 443,
  },
  // Labels as https://github.com/Azure/AgentBaker writes them; with Azure CNI powered by Cilium and application routing.
  aks: {
    gitVersion: 'v1.33.4',
    apiGroups: ['cilium.io', 'approuting.kubernetes.azure.com'],
    node: {
      providerID:
        'azure:///subscriptions/0/resourceGroups/mc_a_b_c/providers/Microsoft.Compute/virtualMachineScaleSets/aks/virtualMachines/0',
      labels: {
        'kubernetes.azure.com/cluster': 'MC_a_b_c',
        'kubernetes.azure.com/ebpf-dataplane': 'cilium',
      },
    },
    ingressClasses: [
      ['webapprouting.kubernetes.azure.com', 'webapprouting.kubernetes.azure.com/nginx', true],
    ],
    apiServerPort: 443,
  },
  // On machines of AWS: https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/networking_operators/
  openshift: {
    gitVersion: 'v1.31.6',
    apiGroups: ['config.openshift.io', 'route.openshift.io', 'operator.openshift.io'],
    node: {
      providerID: 'aws:///eu-central-1a/i-0123456789abcdef1',
      labels: { 'node.openshift.io/os_id': 'rhel' },
    },
    ingressClasses: [['openshift-default', 'openshift.io/ingress-to-route']],
    apiServerPort: 6443,
  },
  // https://docs.k3s.io/networking/networking-services; with MetalLB beside it.
  k3s: {
    gitVersion: 'v1.33.4+k3s1',
    apiGroups: ['helm.cattle.io', 'k3s.cattle.io', 'traefik.io', 'metallb.io'],
    node: { providerID: 'k3s://one', labels: { 'node.kubernetes.io/instance-type': 'k3s' } },
    ingressClasses: [['traefik', 'traefik.io/ingress-controller', true]],
    apiServerPort: 6443,
  },
  // Labels of https://github.com/canonical/microk8s/blob/master/microk8s-resources/default-args/kubelet, the class of its add-on `ingress`.
  microk8s: {
    gitVersion: 'v1.32.3',
    apiGroups: ['crd.projectcalico.org'],
    node: { labels: { 'microk8s.io/cluster': 'true' } },
    ingressClasses: [['public', 'k8s.io/ingress-nginx', true]],
    apiServerPort: 16_443,
  },
  // kind, whose API server listens where kubeadm puts it.
  other: {
    gitVersion: 'v1.33.4',
    apiGroups: [],
    node: { providerID: 'kind://docker/kind/kind-control-plane', labels: {} },
    apiServerPort: 6443,
  },
} as const satisfies Readonly<Record<string, RecordedCluster>>;

/** The answers of a stand-in for such a cluster. */
export function answersOf(cluster: RecordedCluster): Answers {
  const { apiGroups, apiServerPort, gitVersion, ingressClasses = [], node } = cluster;
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    '/version': { major, minor, gitVersion },
    '/api/v1/namespaces/kube-system': { metadata: { uid: '0a1b2c3d-0000-4000-8000-000000000001' } },
    '/api/v1/nodes': {
      items: [
        { metadata: { name: 'one', labels: node.labels }, spec: { providerID: node.providerID } },
      ],
    },
    '/apis': { groups: ['apps', 'discovery.k8s.io', ...apiGroups].map((name) => ({ name })) },
    '/apis/networking.k8s.io/v1/ingressclasses': {
      items: ingressClasses.map(([name, controller, isDefault = false]) => ({
        metadata: {
          name,
          annotations: isDefault ? { 'ingressclass.kubernetes.io/is-default-class': 'true' } : {},
        },
        spec: { controller },
      })),
    },
    '/api/v1/namespaces/task-traffic-router/services': { items: [] },
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': {
      items: [
        {
          endpoints: [{ addresses: ['192.0.2.1'] }],
          ports: [{ name: 'https', port: apiServerPort }],
        },
      ],
    },
  };
}
