import { autoscaling, policy } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import type { StackConfig } from './config/schema.ts';
import type { Scope } from './scope.ts';

/** Whether there may be more than one pod for longer than a rollout. */
export function hasSeveralPods({ availability }: StackConfig): boolean {
  return availability.autoscaling !== undefined || availability.replicas > 1;
}

/** The autoscaler and the disruption budget, where config or the number of pods asks for them. */
export function keepAvailable(scope: Scope, deploymentName: Input<string>): readonly Resource[] {
  const { availability } = scope.config;
  const wantsBudget = availability.podDisruptionBudget ?? hasSeveralPods(scope.config);
  return [
    ...(wantsBudget ? [disruptionBudget(scope)] : []),
    ...(availability.autoscaling === undefined
      ? []
      : [autoscaler(scope, deploymentName, availability.autoscaling)]),
  ];
}

function disruptionBudget(scope: Scope): Resource {
  const { names, namespace, parent } = scope;
  return new policy.v1.PodDisruptionBudget(
    names.router,
    {
      metadata: { name: names.router, namespace, labels: names.labels },
      // Never zero, with a single pod neither: a node could not be drained then.
      spec: { maxUnavailable: 1, selector: { matchLabels: names.selector } },
    },
    { parent },
  );
}

type Bounds = NonNullable<StackConfig['availability']['autoscaling']>;

/** By `autoscaling/v1`, which has CPU alone and is in every version; `v2` came with 1.23. */
function autoscaler(scope: Scope, deploymentName: Input<string>, bounds: Bounds): Resource {
  const { names, namespace, parent } = scope;
  return new autoscaling.v1.HorizontalPodAutoscaler(
    names.router,
    {
      metadata: { name: names.router, namespace, labels: names.labels },
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
