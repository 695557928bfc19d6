import type { SettledConfig } from '../config/decisions/found.ts';
import { AWS_CONTROLLERS } from '../platform/eks.ts';
import { lacksAwsController } from '../platform/load_balancers.ts';

/**
 * What deserves a second look about load balancers that the cluster has no controller for. On AWS its cloud provider makes classic ones
 * then, which connect to a port of each node to see whether it is alive, and it leaves alone what asks for an external controller
 * (`EnsureLoadBalancer` and `isLBExternal` in kubernetes/cloud-provider-aws, pkg/providers/v1).
 */
export function loadBalancerWarnings({ found, tcpSession }: SettledConfig): readonly string[] {
  const { externalTrafficPolicy, loadBalancerClass, platform, type } = tcpSession?.service ?? {};
  const isOfCloud = platform === 'aws-nlb' || platform === 'other';
  const isConcerned = type === 'LoadBalancer' && loadBalancerClass === undefined && isOfCloud;
  if (!isConcerned || !lacksAwsController(found.platform, found)) return [];
  const lack = `The cluster serves neither ${AWS_CONTROLLERS.join(' nor ')}, so that it has no AWS Load Balancer Controller and no Auto Mode`;
  if (platform === 'aws-nlb') {
    return [
      `${lack}: a Service with tcpSession.service.platform aws-nlb gets no address. Install the controller first.`,
    ];
  }
  if (externalTrafficPolicy === 'Local') return [];
  return [
    `${lack}: the TCP range gets a classic load balancer, which hides clients' addresses and connects to a task every few seconds to see ` +
      'whether it is alive. Install the controller, or set tcpSession.service.externalTrafficPolicy to Local.',
  ];
}
