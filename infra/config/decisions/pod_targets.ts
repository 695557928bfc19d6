import type { StackConfig } from '../stack_config.ts';
import { exposureOf } from './exposure.ts';

/** Whether a load balancer of AWS has the pods themselves as its targets. */
export function areAwsTargets(config: StackConfig): boolean {
  return (
    (exposureOf(config) === 'ingress' && config.ingress.controller === 'alb') ||
    config.tcpSession?.service.platform === 'aws-nlb'
  );
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
