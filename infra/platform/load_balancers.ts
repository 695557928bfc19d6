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

/** What tells whether load balancers are those of AWS. */
type OnAws = Pick<Evidence, 'apiGroups' | 'nodes'>;

/** Whether the cloud of the machines gives load balancers, and that is AWS: EKS, and what kops, ROSA and their kin make there. */
export function isOnAws({ loadBalancer }: Platform, { nodes = [] }: OnAws): boolean {
  return loadBalancer === awsNlb || nodes.some(({ providerID }) => providerID?.startsWith('aws:'));
}

/** Whether a cluster on AWS has nothing that makes network load balancers with pods as targets, as far as it told. */
export function lacksAwsController(platform: Platform, evidence: OnAws): boolean {
  const groups = evidence.apiGroups ?? AWS_CONTROLLERS;
  return isOnAws(platform, evidence) && !AWS_CONTROLLERS.some((group) => groups.includes(group));
}

/** What gives Services of type LoadBalancer their address: the cloud's, or else what was installed for that. */
export function loadBalancerOf(
  platform: Platform,
  evidence: OnAws & Pick<Evidence, 'tcpService'>,
): LoadBalancer {
  const { loadBalancer } = platform;
  const { apiGroups = [], tcpService } = evidence;
  if (isOnAws(platform, evidence)) {
    // A Service that is there keeps the kind that it has.
    const isServed =
      tcpService === undefined || tcpService === 'none'
        ? !lacksAwsController(platform, { ...evidence, apiGroups })
        : isOfAwsController(tcpService);
    if (isServed) return awsNlb;
    return loadBalancer === awsNlb ? UNKNOWN_LOAD_BALANCER : installedOf(apiGroups);
  }
  if (loadBalancer !== UNKNOWN_LOAD_BALANCER) return loadBalancer;
  return installedOf(apiGroups);
}

function installedOf(apiGroups: readonly string[]): LoadBalancer {
  const [installed = UNKNOWN_LOAD_BALANCER] = BY_API_GROUP.filter(([group]) =>
    apiGroups.includes(group),
  ).map(([, found]) => found);
  return installed;
}
