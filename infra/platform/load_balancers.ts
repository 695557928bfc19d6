import { cilium, metallb } from './add_ons.ts';
import { azureLoadBalancer } from './aks.ts';
import { AWS_CONTROLLERS, awsNlb, isOfAwsController } from './eks.ts';
import type { Evidence } from './evidence.ts';
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

/** Whether EKS has nothing that makes network load balancers with pods as targets, as far as it told. */
export function lacksAwsController(
  { loadBalancer }: Platform,
  apiGroups: readonly string[] | undefined,
): boolean {
  const groups = apiGroups ?? AWS_CONTROLLERS;
  return loadBalancer === awsNlb && !AWS_CONTROLLERS.some((group) => groups.includes(group));
}

/** What gives Services of type LoadBalancer their address: the cloud's, or else what was installed for that. */
export function loadBalancerOf(
  platform: Platform,
  { apiGroups = [], tcpService }: Pick<Evidence, 'apiGroups' | 'tcpService'>,
): LoadBalancer {
  const { loadBalancer } = platform;
  if (loadBalancer === awsNlb) {
    // A Service that is there keeps the kind that it has.
    const isServed =
      tcpService === undefined
        ? !lacksAwsController(platform, apiGroups)
        : isOfAwsController(tcpService);
    return isServed ? awsNlb : UNKNOWN_LOAD_BALANCER;
  }
  if (loadBalancer !== UNKNOWN_LOAD_BALANCER) return loadBalancer;
  const [installed = UNKNOWN_LOAD_BALANCER] = BY_API_GROUP.filter(([group]) =>
    apiGroups.includes(group),
  ).map(([, found]) => found);
  return installed;
}
