import { gke } from '../../platform/gke.ts';
import type { StackConfig } from '../stack_config.ts';
import { exposureOf } from './exposure.ts';

/**
 * Networks from which load balancers ask the router's pods for their health, on the admin port; empty where none asks the pods
 * themselves. Those of AWS ask from their own addresses, which lie in whatever subnets of the VPC they were given
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html): only
 * `networkPolicy.ingressNetworks` tells them, and it is unknown without it.
 */
export function healthCheckNetworks(config: StackConfig): readonly string[] | 'unknown' {
  const { gateway, ingress, networkPolicy, tcpSession } = config;
  const exposure = exposureOf(config);
  const isGoogle =
    (exposure === 'ingress' && ingress.controller === 'gke') ||
    (exposure === 'gateway' && gateway.controller === 'gke');
  const isAmazon =
    (exposure === 'ingress' && ingress.controller === 'alb') ||
    tcpSession?.service.platform === 'aws-nlb';
  if (!isAmazon) return isGoogle ? gke.healthCheckNetworks : [];
  return networkPolicy.ingressNetworks.length === 0 ? 'unknown' : networkPolicy.ingressNetworks;
}
