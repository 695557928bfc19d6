import type { TcpServiceEvidence } from './evidence.ts';
import { type LoadBalancer, UNKNOWN_LOAD_BALANCER } from './load_balancer.ts';
import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** API group of EKS Auto Mode: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html */
const AUTO_MODE = 'eks.amazonaws.com';

/**
 * API groups of what makes network load balancers: the AWS Load Balancer Controller, and EKS Auto Mode, which has one of its own
 * (https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html). Without either EKS makes classic ones.
 */
export const AWS_CONTROLLERS = ['elbv2.k8s.aws', AUTO_MODE];

/** The network load balancer of the AWS Load Balancer Controller, with pods as targets. */
export const awsNlb: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'aws-nlb',
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html
  maxPorts: 50,
  // The controller makes one for each port and network: pkg/service/model_build_managed_sg.go of kubernetes-sigs/aws-load-balancer-controller;
  // AWS takes 60 of each family: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
  maxSecurityRules: 60,
  sendsToPods: true,
  // With proxy protocol version 2, health checks carry the command LOCAL:
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#proxy-protocol
  probes: 'proxy-local',
};

/** Classes of Services that the two serve, which they give to Services without one. */
const AWS_CLASSES = ['service.k8s.aws/nlb', 'eks.amazonaws.com/nlb'];

/**
 * Whether a Service that is there has its load balancer of one of them. What decides it must not change in place: the load balancer of
 * before would stay, and be paid for, with nobody who knows of it:
 * https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/guide/service/nlb.md ("annotation modification").
 */
export function isOfAwsController({ annotations, loadBalancerClass }: TcpServiceEvidence): boolean {
  const type = annotations['service.beta.kubernetes.io/aws-load-balancer-type'];
  return (
    type === 'external' || type === 'nlb-ip' || AWS_CLASSES.includes(loadBalancerClass ?? 'none')
  );
}

/** Amazon EKS. */
export const eks: Platform = {
  ...other,
  name: 'eks',
  title: 'Amazon EKS',
  loadBalancer: awsNlb,
  // Questions are answered by each node there ("DNS caching on nodes"), beside the pods that nodes of other kinds ask:
  // https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html
  nodeDnsGroup: AUTO_MODE,
  // https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
  apiServerPorts: [443],
};
