import { networking } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import { metadataOf, type Scope } from '../../scope.ts';
import { egressRules } from './egress.ts';
import { ingressRules } from './ingress.ts';

/**
 * Who may reach the router's pods, and what they may reach; nothing else gets in or out. Undefined where config wants none.
 *
 * @param taskNetworks networks that tasks' addresses may lie in.
 */
export function networkPolicy(scope: Scope, taskNetworks: readonly string[]): Resource | undefined {
  const { config, names, parent } = scope;
  if (!config.networkPolicy.enabled) return undefined;
  return new networking.v1.NetworkPolicy(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      spec: {
        podSelector: { matchLabels: names.selector },
        policyTypes: ['Ingress', 'Egress'],
        ingress: ingressRules(config),
        egress: egressRules(config, taskNetworks),
      },
    },
    { parent },
  );
}
