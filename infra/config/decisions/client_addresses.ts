import { LOAD_BALANCER_BY_NAME } from '../../platform/load_balancers.ts';
import type { StackConfig } from '../stack_config.ts';
import { isBehindNlb } from './pod_targets.ts';

type Session = NonNullable<StackConfig['tcpSession']>;

const AWS_TARGET_ATTRIBUTES =
  'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes';

/**
 * Whether the router sees who connects to the TCP range: `unknown` is for what stands in front of the cluster to decide. A PROXY header
 * tells it. Else Kubernetes puts a node's address in the place of the client's wherever a connection may cross nodes
 * (https://kubernetes.io/docs/tutorials/services/source-ip/), and AWS its load balancer's where targets are pods, unless told otherwise
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation).
 */
export function clientAddresses(session: Session): 'seen' | 'hidden' | 'unknown' {
  const { proxyProtocol, service } = session;
  const { annotations, externalTrafficPolicy, platform, type } = service;
  if (proxyProtocol) return 'seen';
  if (type === 'ClusterIP') return 'unknown';
  if (isBehindNlb({ tcpSession: session })) {
    const attributes = annotations[AWS_TARGET_ATTRIBUTES]?.split(',') ?? [];
    return attributes.some((one) => one.trim() === 'preserve_client_ip.enabled=true')
      ? 'seen'
      : 'hidden';
  }
  if (externalTrafficPolicy !== 'Local') return 'hidden';
  return type === 'NodePort' || LOAD_BALANCER_BY_NAME[platform ?? 'other'].keepsClients
    ? 'seen'
    : 'unknown';
}

/**
 * Networks that the router itself lets connect to the TCP range; none is everybody. Those of the load balancer are among its checks
 * where it sees clients, since node ports and the Service's address inside of the cluster lead past the load balancer. Where it sees
 * nodes alone, they would lock everybody out.
 */
export function routerSourceRanges(session: Session): readonly string[] {
  if (session.sourceRanges.length > 0) return session.sourceRanges;
  return clientAddresses(session) === 'seen' ? session.service.loadBalancerSourceRanges : [];
}
