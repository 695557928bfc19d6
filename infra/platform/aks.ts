import { UNKNOWN_LOAD_BALANCER, type LoadBalancer } from './load_balancer.ts';
import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** Azure's load balancer, which sends to nodes. */
export const azureLoadBalancer: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'aks',
  // Rules of a node's network card, which all Services of the cluster share: https://cloud-provider-azure.sigs.k8s.io/topics/multislb/
  maxPorts: 300,
  // https://learn.microsoft.com/azure/aks/load-balancer-standard#maintain-the-clients-ip-on-inbound-connections
  keepsClients: true,
  // With externalTrafficPolicy Cluster, every 5 seconds: https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/
  probes: 'node-port',
};

/** Azure AKS. */
export const aks: Platform = {
  ...other,
  name: 'aks',
  title: 'Azure AKS',
  loadBalancer: azureLoadBalancer,
  // LocalDNS is a program of each node, on by default in AKS Automatic: https://learn.microsoft.com/azure/aks/localdns-custom
  dns: { ...other.dns, networks: ['169.254.10.10/32', '169.254.10.11/32'] },
  // https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
  apiServerPorts: [443],
  longestDrainSeconds: 600,
};
