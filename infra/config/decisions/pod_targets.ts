import type { StackConfig } from '../stack_config.ts';
import { exposureOf } from './exposure.ts';

/** Whether HTTP enters by an Application Load Balancer of AWS. */
export function isBehindAlb(config: StackConfig): boolean {
  return exposureOf(config) === 'ingress' && config.ingress.controller === 'alb';
}

/** Whether the TCP range is carried by a network load balancer of AWS. */
export function isBehindNlb({ tcpSession }: Pick<StackConfig, 'tcpSession'>): boolean {
  const { platform, type } = tcpSession?.service ?? {};
  return type === 'LoadBalancer' && platform === 'aws-nlb';
}

/** Whether a load balancer of AWS has the pods themselves as its targets. */
export function areAwsTargets(config: StackConfig): boolean {
  return isBehindAlb(config) || isBehindNlb(config);
}

/** Whether a load balancer of Google has the pods themselves as its targets: container-native load balancing. */
export function areGoogleTargets(config: StackConfig): boolean {
  const { gateway, ingress } = config;
  const exposure = exposureOf(config);
  return (
    (exposure === 'ingress' && ingress.controller === 'gke') ||
    (exposure === 'gateway' && gateway.controller === 'gke')
  );
}
