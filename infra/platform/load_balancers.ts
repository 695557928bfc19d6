import { cilium, metallb } from './add_ons.ts';
import { azureLoadBalancer } from './aks.ts';
import { awsNlb } from './eks.ts';
import { googleNlb } from './gke.ts';
import {
  type LoadBalancer,
  type LoadBalancerName,
  UNKNOWN_LOAD_BALANCER,
} from './load_balancer.ts';
import type { Platform } from './platform.ts';

/** Every load balancer by its name. */
export const LOAD_BALANCER_BY_NAME: Readonly<Record<LoadBalancerName, LoadBalancer>> = {
  'aws-nlb': awsNlb,
  aks: azureLoadBalancer,
  gke: googleNlb,
  cilium,
  metallb,
  other: UNKNOWN_LOAD_BALANCER,
};

/** Controllers that are installed into a cluster, by the API group of their custom resources. */
const BY_API_GROUP = [
  ['metallb.io', metallb],
  ['cilium.io', cilium],
] as const;

/** API group of the AWS Load Balancer Controller, without which EKS makes load balancers of an older kind. */
const AWS_CONTROLLER = 'elbv2.k8s.aws';

/** What gives Services of type LoadBalancer their address: the cloud's, or else what was installed for that. */
export function loadBalancerOf(
  platform: Platform,
  apiGroups: readonly string[] = [],
): LoadBalancer {
  const { loadBalancer } = platform;
  if (loadBalancer === awsNlb && !apiGroups.includes(AWS_CONTROLLER)) return UNKNOWN_LOAD_BALANCER;
  if (loadBalancer !== UNKNOWN_LOAD_BALANCER) return loadBalancer;
  const [installed = UNKNOWN_LOAD_BALANCER] = BY_API_GROUP.filter(([group]) =>
    apiGroups.includes(group),
  ).map(([, found]) => found);
  return installed;
}
