import { networking } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import type { KubernetesVersion } from '../../cluster/version.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { egressRules } from './egress.ts';
import { ingressRules } from './ingress.ts';

/** What the policy depends on beside config and what was found of the cluster. */
export interface PolicyFacts {
  readonly taskNetworks: readonly string[];
  /** Undefined where the cluster could not be asked. */
  readonly version: KubernetesVersion | undefined;
}

/** Who may reach the router's pods, and what they may reach; nothing else gets in or out. Undefined where config wants none. */
export function networkPolicy(scope: Scope, facts: PolicyFacts): Resource | undefined {
  const { config, names, parent } = scope;
  if (!config.networkPolicy.enabled) return undefined;
  return new networking.v1.NetworkPolicy(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      spec: {
        podSelector: { matchLabels: names.selector },
        policyTypes: ['Ingress', 'Egress'],
        ingress: ingressRules(config, facts.version),
        egress: egressRules(config, facts.taskNetworks),
      },
    },
    { parent },
  );
}
