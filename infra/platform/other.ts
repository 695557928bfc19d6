import { UNKNOWN_LOAD_BALANCER } from './load_balancer.ts';
import type { Platform } from './platform.ts';

/** A cluster as kubeadm, kind and their kin make it, and the least that is true of all. */
export const other: Platform = {
  name: 'other',
  title: 'Kubernetes of no known platform',
  ingressController: 'other',
  gatewayController: 'other',
  loadBalancer: UNKNOWN_LOAD_BALANCER,
  // Pods are not named unasked: a resolver on each node may stand before them, which
  // https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/ describes.
  dns: {
    pods: [],
    ports: [53],
    networks: [],
  },
  nodeDnsGroup: undefined,
  // Whoever makes the cluster chooses it, by --secure-port of kube-apiserver: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
  apiServerPorts: [],
  // https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
  nodePorts: { start: 30_000, end: 32_767 },
  ipBlockCoversPods: undefined,
  healthCheckNetworks: [],
  allowsSystemPriority: true,
  longestDrainSeconds: undefined,
};
