import { UNKNOWN_LOAD_BALANCER, type LoadBalancer } from './load_balancer.ts';
import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** Google's passthrough network load balancer. */
export const googleNlb: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'gke',
};

/** Google GKE. */
export const gke: Platform = {
  ...other,
  name: 'gke',
  title: 'Google GKE',
  // Its controller serves an Ingress without a class: https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#deprecated_annotation
  ingressController: 'gke',
  gatewayController: 'gke',
  // NodeLocal DNSCache, and Cloud DNS for GKE behind the node's metadata server:
  // https://cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache, https://github.com/tektoncd/operator/issues/4000
  dns: { ...other.dns, networks: ['169.254.20.10/32', '169.254.169.254/32'] },
  loadBalancer: googleNlb,
  apiServerPorts: [443],
  // https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
  healthCheckNetworks: ['35.191.0.0/16', '130.211.0.0/22'],
  // A ResourceQuota keeps them to kube-system: https://cloud.google.com/kubernetes-engine/docs/concepts/pod-priority
  allowsSystemPriority: false,
  // https://cloud.google.com/kubernetes-engine/docs/concepts/cluster-autoscaler#limitations
  longestDrainSeconds: 600,
};
