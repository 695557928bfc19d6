import { UNKNOWN_LOAD_BALANCER, type LoadBalancer } from './load_balancer.ts';
import { other } from './other.ts';
import type { Platform } from './platform.ts';

/**
 * Google's passthrough network load balancer. No limit of ports is known: from six ports on, its rule is the range from the first to the
 * last of them (`maxForwardedPorts` in pkg/forwardingrules of kubernetes/ingress-gce), and the TCP range has no gaps.
 */
export const googleNlb: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'gke',
  // https://cloud.google.com/load-balancing/docs/network#preserved-source
  keepsClients: true,
  // Without it clusters before 1.37 make one of the kind before: https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
  serviceClass: {
    name: 'networking.gke.io/l4-regional-external',
    servedFrom: 'v1.33.1-gke.1779000',
  },
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
  // Front ends and health checks: https://cloud.google.com/load-balancing/docs/firewall-rules
  healthCheckNetworks: ['35.191.0.0/16', '130.211.0.0/22'],
  // A ResourceQuota keeps them to kube-system: https://cloud.google.com/kubernetes-engine/docs/concepts/pod-priority
  allowsSystemPriority: false,
  // https://cloud.google.com/kubernetes-engine/docs/concepts/cluster-autoscaler#limitations
  longestDrainSeconds: 600,
};
