import { exposureOf } from '../decisions/exposure.ts';
import type { StackConfig } from '../stack_config.ts';
import type { Rule } from '../values/problem.ts';

/** Namespaces alone, where HTTP comes from no pod: from a load balancer outside of the cluster, or from users themselves. */
function outsideSourcesProblems(config: StackConfig) {
  const { enabled, ingressNamespaces, ingressNetworks } = config.networkPolicy;
  if (!enabled || ingressNamespaces.length === 0 || ingressNetworks.length > 0) return [];
  const cause = outsideSource(config);
  if (cause === undefined) return [];
  const message =
    `keeps everybody out: with ${cause} HTTP comes from addresses outside of the cluster, not from pods; ` +
    'name their networks in networkPolicy.ingressNetworks, or remove this';
  return [{ path: ['networkPolicy', 'ingressNamespaces'], message }];
}

/** The key and value by which HTTP reaches the router's pods from outside without a pod between. */
function outsideSource(config: StackConfig): string | undefined {
  const { gateway, ingress } = config;
  const exposure = exposureOf(config);
  switch (exposure) {
    case 'LoadBalancer':
    case 'NodePort':
      return `service.type ${exposure}`;
    case 'ingress':
      return ingress.controller === 'alb' || ingress.controller === 'gke'
        ? `ingress.controller ${ingress.controller}`
        : undefined;
    case 'gateway':
      return gateway.controller === 'gke' ? 'gateway.controller gke' : undefined;
    case 'openshiftRoute':
    case 'none':
      return undefined;
  }
}

/** Rules between the NetworkPolicy and other sections. */
export const policyRules: readonly Rule<StackConfig>[] = [outsideSourcesProblems];
