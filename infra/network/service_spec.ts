import type { types } from '@pulumi/kubernetes';
import type { CustomResourceOptions } from '@pulumi/pulumi';

import type { StackConfig } from '../config/stack_config.ts';

type ServiceSpec = types.input.core.v1.ServiceSpec;

/** Settings that the HTTP Service and the TCP Services share. */
export type LoadBalancerSettings = Omit<
  StackConfig['service'],
  'port' | 'nodePort' | 'externalTrafficPolicy'
> &
  Pick<NonNullable<StackConfig['tcpSession']>['service'], 'externalTrafficPolicy'>;

/**
 * How such a Service is made anew. The class of its load balancer can be set only with its type: another class is another Service of
 * the same name. Its address and node ports can be held by one Service only: wherever the next one stands, this one goes first.
 */
export function replacementOf({ type }: Pick<LoadBalancerSettings, 'type'>): CustomResourceOptions {
  if (type === 'ClusterIP') return {};
  return {
    deleteBeforeReplace: true,
    ...(type === 'LoadBalancer' ? { replaceOnChanges: ['spec.loadBalancerClass'] } : {}),
  };
}

/** The part of a Service's spec that its type decides; fields that a type does not know are left out. */
export function exposedSpec(settings: LoadBalancerSettings): ServiceSpec {
  const { type, ipFamilies, ipFamilyPolicy } = settings;
  return {
    type,
    ...(ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy }),
    ...(ipFamilies === undefined ? {} : { ipFamilies }),
    ...(type === 'ClusterIP' ? {} : { externalTrafficPolicy: settings.externalTrafficPolicy }),
    ...(type === 'LoadBalancer' ? loadBalancerSpec(settings) : {}),
  };
}

function loadBalancerSpec(settings: LoadBalancerSettings): ServiceSpec {
  const { loadBalancerClass, loadBalancerIP, loadBalancerSourceRanges } = settings;
  return {
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    ...(loadBalancerIP === undefined ? {} : { loadBalancerIP }),
    ...(loadBalancerSourceRanges.length === 0 ? {} : { loadBalancerSourceRanges }),
    ...(settings.allocateLoadBalancerNodePorts ? {} : { allocateLoadBalancerNodePorts: false }),
  };
}
