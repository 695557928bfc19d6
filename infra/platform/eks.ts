import type { LoadBalancer } from './load_balancer.ts';
import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** The network load balancer of the AWS Load Balancer Controller, with pods as targets. */
export const awsNlb: LoadBalancer = {
  name: 'aws-nlb',
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html
  maxPorts: 50,
  canShareAddress: false,
  sendsToPods: true,
  // With proxy protocol version 2, health checks carry the command LOCAL:
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#proxy-protocol
  probes: 'proxy-local',
};

/** Amazon EKS. */
export const eks: Platform = {
  ...other,
  name: 'eks',
  title: 'Amazon EKS',
  loadBalancer: awsNlb,
  // https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
  apiServerPorts: [443],
};
