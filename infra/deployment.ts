import { apps } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import { podSpec, type PodParts } from './pod.ts';
import type { Scope } from './scope.ts';

/** The Deployment; pods are replaced one by one, the new one first. Returns its name, once it is ready. */
export function deployment(scope: Scope, parts: PodParts): Output<string> {
  const { config, names } = scope;
  const { autoscaling, leaderElection, replicas } = config.availability;
  return new apps.v1.Deployment(
    names.router,
    {
      metadata: { name: names.router, namespace: scope.namespace, labels: names.labels },
      spec: {
        // An autoscaler owns the number; to name one here would undo its work with each update.
        ...(autoscaling === undefined ? { replicas } : {}),
        selector: { matchLabels: names.selector },
        strategy: leaderElection
          ? { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
          : // Without an election the old pod has to be gone before the new one hands out ports.
            { type: 'Recreate' },
        progressDeadlineSeconds: 300,
        revisionHistoryLimit: 3,
        template: {
          metadata: {
            labels: { ...config.pod.labels, ...names.labels },
            ...(Object.keys(config.pod.annotations).length === 0
              ? {}
              : { annotations: config.pod.annotations }),
          },
          spec: podSpec(scope, parts),
        },
      },
    },
    { parent: scope.parent, customTimeouts: { create: '6m', update: '6m' } },
  ).metadata.name;
}
