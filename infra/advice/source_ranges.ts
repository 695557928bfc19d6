import type { StackConfig } from '../config/stack_config.ts';

/**
 * What deserves a second look about who may connect to TCP ports. Kubernetes replaces a client's address by a node's wherever a
 * connection crosses nodes, unless told otherwise; the router's own ranges would then be held against nodes.
 */
export function sourceRangeWarnings(session: StackConfig['tcpSession']): readonly string[] {
  if (session === undefined || session.sourceRanges.length === 0) return [];
  const { type, platform, externalTrafficPolicy } = session.service;
  const isHidden = type !== 'ClusterIP' && externalTrafficPolicy === 'Cluster';
  if (!isHidden || session.proxyProtocol || platform === 'aws-nlb') return [];
  return [
    'tcpSession.sourceRanges is held against addresses of nodes: tcpSession.service.externalTrafficPolicy Cluster hides the ' +
      "client's. Set that to Local, or tcpSession.proxyProtocol where the load balancer can, or use " +
      'tcpSession.service.loadBalancerSourceRanges.',
  ];
}
