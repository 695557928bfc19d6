import { gke } from '../../platform/gke.ts';
import type { StackConfig } from '../stack_config.ts';
import { areAwsTargets, areGoogleTargets } from './pod_targets.ts';

/**
 * Networks from which load balancers ask the router's pods for their health, on the health port; empty where none asks the pods
 * themselves. Those of AWS ask from their own addresses, which lie in whatever subnets of the VPC they were given
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html): only
 * `networkPolicy.ingressNetworks` tells them, and it is unknown without it. Addresses of nodes do not: a load balancer may lie in other
 * subnets than they, in another block of the VPC, and a network that leaves it out takes the router away.
 */
export function healthCheckNetworks(config: StackConfig): readonly string[] | 'unknown' {
  if (!areAwsTargets(config)) return areGoogleTargets(config) ? gke.healthCheckNetworks : [];
  const { ingressNetworks } = config.networkPolicy;
  return ingressNetworks.length === 0 ? 'unknown' : ingressNetworks;
}
