import { z } from 'zod';

import { cidrs, flag, isIpAddress, textMap } from './values.ts';

/** Keys that a Service of type LoadBalancer or NodePort has, for HTTP and for TCP alike. */
export const loadBalancerKeys = {
  annotations: textMap.default({}).describe('Annotations for the load balancer'),
  loadBalancerClass: z
    .string({ error: 'expected the class of a load balancer' })
    .min(1, 'expected the class of a load balancer')
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
  externalTrafficPolicy: z
    .enum(['Cluster', 'Local'], { error: 'expected Cluster or Local' })
    .default('Cluster')
    .describe("Local keeps the client's address and uses only nodes that run a pod of the router"),
  allocateLoadBalancerNodePorts: flag
    .default(true)
    .describe('False where the load balancer reaches pods by itself: saves a node port each'),
  ipFamilyPolicy: z
    .enum(['SingleStack', 'PreferDualStack', 'RequireDualStack'], {
      error: 'expected SingleStack, PreferDualStack or RequireDualStack',
    })
    .optional()
    .describe("IPv4, IPv6 or both; left out, the cluster's default"),
  ipFamilies: z
    .array(z.enum(['IPv4', 'IPv6'], { error: 'expected IPv4 or IPv6' }), {
      error: 'expected a list of IPv4 and IPv6',
    })
    .refine(({ length }) => length === 1 || length === 2, 'expected one or two families')
    .optional()
    .describe('Families in their order of preference'),
};

/** The keys above as far as a type of Service decides whether they mean anything; undefined while wrong. */
interface Settings {
  readonly type: string;
  readonly loadBalancerClass?: string | undefined;
  readonly loadBalancerIP?: string | undefined;
  readonly loadBalancerSourceRanges: readonly string[] | undefined;
  readonly externalTrafficPolicy: string;
  readonly allocateLoadBalancerNodePorts: boolean | undefined;
}

/** Keys that were given and that the type of the Service leaves without effect: nobody should believe in a lock that is none. */
export function withoutEffect(
  typeKey: string,
  settings: Settings,
): readonly { readonly key: string; readonly message: string }[] {
  const { type } = settings;
  const given = [
    ...(type === 'ClusterIP' || type === 'NodePort' ? loadBalancerOnly(settings) : []),
    ...(type === 'ClusterIP' && settings.externalTrafficPolicy === 'Local'
      ? ['externalTrafficPolicy']
      : []),
  ];
  return given.map((key) => ({ key, message: `has no effect with ${typeKey} ${type}; remove it` }));
}

function loadBalancerOnly(settings: Settings): string[] {
  return [
    ...(settings.loadBalancerClass === undefined ? [] : ['loadBalancerClass']),
    ...(settings.loadBalancerIP === undefined ? [] : ['loadBalancerIP']),
    ...((settings.loadBalancerSourceRanges?.length ?? 0) === 0 ? [] : ['loadBalancerSourceRanges']),
    ...(settings.allocateLoadBalancerNodePorts === false ? ['allocateLoadBalancerNodePorts'] : []),
  ];
}
