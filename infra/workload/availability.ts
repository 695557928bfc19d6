import { autoscaling, policy } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { hasDisruptionBudget } from '../config/decisions/pods.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { metadataOf, type Scope } from '../scope.ts';

/** The autoscaler and the disruption budget, where config or the number of pods asks for them. */
export function keepAvailable(scope: Scope, deploymentName: Input<string>): readonly Resource[] {
  const { availability } = scope.config;
  return [
    ...(hasDisruptionBudget(scope.config) ? [disruptionBudget(scope)] : []),
    ...(availability.autoscaling === undefined
      ? []
      : [autoscaler(scope, deploymentName, availability.autoscaling)]),
  ];
}

function disruptionBudget(scope: Scope): Resource {
  const { names, parent } = scope;
  return new policy.v1.PodDisruptionBudget(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      // Never zero, not even with a single pod: its node could not be drained.
      spec: { maxUnavailable: 1, selector: { matchLabels: names.selector } },
    },
    { parent },
  );
}

type Bounds = NonNullable<StackConfig['availability']['autoscaling']>;

/** By `autoscaling/v1`, which has CPU alone and is in every version; `v2` came with 1.23. */
function autoscaler(scope: Scope, deploymentName: Input<string>, bounds: Bounds): Resource {
  const { names, parent } = scope;
  return new autoscaling.v1.HorizontalPodAutoscaler(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deploymentName },
        minReplicas: bounds.minReplicas,
        maxReplicas: bounds.maxReplicas,
        targetCPUUtilizationPercentage: bounds.targetCPUUtilizationPercentage,
      },
    },
    { parent },
  );
}
