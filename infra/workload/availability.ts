import { autoscaling, policy } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { hasDisruptionBudget } from '../config/decisions/pods.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { isAtLeast } from '../platform/kubernetes_version.ts';
import { metadataOf, type Scope } from '../scope.ts';

type Bounds = NonNullable<StackConfig['availability']['autoscaling']>;

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

/**
 * By `autoscaling/v1` where CPU alone decides: it is in every version of Kubernetes. Memory and `behavior` need `v2`, which came with
 * 1.23 and has the fields of `v2beta2` before. https://kubernetes.io/docs/reference/using-api/deprecation-guide/
 */
function autoscaler(scope: Scope, deploymentName: Input<string>, bounds: Bounds): Resource {
  const { config, names, parent } = scope;
  const { version } = config.found;
  const {
    behavior,
    maxReplicas,
    minReplicas,
    targetCPUUtilizationPercentage: cpu,
    targetMemoryUtilizationPercentage: memory,
  } = bounds;
  const metadata = metadataOf(scope, names.router);
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: deploymentName };
  const spec = { scaleTargetRef, minReplicas, maxReplicas };
  if (memory === undefined && behavior === undefined) {
    return new autoscaling.v1.HorizontalPodAutoscaler(
      names.router,
      { metadata, spec: { ...spec, targetCPUUtilizationPercentage: cpu } },
      { parent },
    );
  }
  const knowsV2 = version === undefined || isAtLeast(version, 1, 23);
  const { HorizontalPodAutoscaler } = knowsV2 ? autoscaling.v2 : autoscaling.v2beta2;
  const metrics = [
    utilization('cpu', cpu),
    ...(memory === undefined ? [] : [utilization('memory', memory)]),
  ];
  return new HorizontalPodAutoscaler(
    names.router,
    { metadata, spec: { ...spec, metrics, ...(behavior === undefined ? {} : { behavior }) } },
    { parent },
  );
}

function utilization(name: string, averageUtilization: number) {
  return {
    type: 'Resource',
    resource: { name, target: { type: 'Utilization', averageUtilization } },
  };
}
