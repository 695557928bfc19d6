import { z } from 'zod';

import type { Problem, Rule } from '../values/problem.ts';
import { cidrs, filledText, flag, isIpAddress, oneOf, textMap } from '../values/values.ts';

/** How connections from outside get from a node to a pod. */
export const trafficPolicy = oneOf('Cluster', 'Local');

/** Keys that a Service of type LoadBalancer or NodePort has, for HTTP and for TCP alike. */
export const loadBalancerKeys = {
  annotations: textMap.default({}).describe('Annotations for the load balancer'),
  loadBalancerClass: filledText('the class of a load balancer')
    .optional()
    .describe('Which of several load balancer implementations serves it'),
  loadBalancerIP: z
    .string({ error: 'expected an IP address' })
    .refine(isIpAddress, 'expected an IP address')
    .optional()
    .describe('Address to ask of the load balancer, where it reads this field'),
  loadBalancerSourceRanges: cidrs
    .default([])
    .describe('Networks that may connect; empty means everybody'),
  externalTrafficPolicy: trafficPolicy
    .default('Cluster')
    .describe("Local keeps the client's address and uses only nodes that run a pod of the router"),
  allocateLoadBalancerNodePorts: flag
    .default(true)
    .describe('False where the load balancer reaches pods by itself: saves a node port each'),
  ipFamilyPolicy: oneOf('SingleStack', 'PreferDualStack', 'RequireDualStack')
    .optional()
    .describe("IPv4, IPv6 or both; left out, the cluster's default"),
  ipFamilies: z
    .array(oneOf('IPv4', 'IPv6'), {
      error: 'expected a list of IPv4 and IPv6',
    })
    .refine(({ length }) => length === 1 || length === 2, 'expected one or two families')
    .optional()
    .describe('Families in their order of preference'),
};

/** The keys above, beside the type of the Service; a policy that was left out may be decided on later. */
type Settings = Omit<z.output<z.ZodObject<typeof loadBalancerKeys>>, 'externalTrafficPolicy'> & {
  readonly type: string;
  readonly externalTrafficPolicy?: 'Cluster' | 'Local' | undefined;
};

/** Keys that a type of Service leaves without effect when they are given: nobody should believe in a lock that is none. */
const IS_GIVEN: Readonly<Record<string, (settings: Settings) => boolean>> = {
  loadBalancerClass: ({ loadBalancerClass }) => loadBalancerClass !== undefined,
  loadBalancerIP: ({ loadBalancerIP }) => loadBalancerIP !== undefined,
  loadBalancerSourceRanges: ({ loadBalancerSourceRanges: ranges }) => ranges.length > 0,
  allocateLoadBalancerNodePorts: ({ allocateLoadBalancerNodePorts: allocates }) => !allocates,
  externalTrafficPolicy: ({ externalTrafficPolicy: policy, type }) =>
    policy === 'Local' && type === 'ClusterIP',
};

/** A rule for each of them. */
export function withoutEffect(typeKey: string): Rule<Settings>[] {
  return Object.entries(IS_GIVEN).map(([key, isGiven]) => (settings) => {
    if (settings.type === 'LoadBalancer' || !isGiven(settings)) return [];
    return [{ path: [key], message: `has no effect with ${typeKey} ${settings.type}; remove it` }];
  });
}

const AZURE_IP_RANGES = 'service.beta.kubernetes.io/azure-allowed-ip-ranges';
/** Annotations that let networks in at Azure's load balancer alone: https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/ */
const AZURE_ALLOWED = ['service.beta.kubernetes.io/azure-allowed-service-tags', AZURE_IP_RANGES];

/**
 * The ranges are held by the nodes, too, which know no service tags: they would drop what a tag lets in.
 * https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/provider/loadbalancer/accesscontrol.go
 */
export function azureSourceRanges({
  annotations,
  loadBalancerSourceRanges: ranges,
}: Settings): readonly Problem[] {
  const given = AZURE_ALLOWED.find((name) => Object.hasOwn(annotations, name));
  if (given === undefined || ranges.length === 0) return [];
  const message =
    `nodes hold these, too, and drop what the annotation ${given} lets in; keep one of them, ` +
    `and name networks beside a tag by ${AZURE_IP_RANGES}`;
  return [{ path: ['loadBalancerSourceRanges'], message }];
}
