import { apps } from '@pulumi/kubernetes';

import { rolloutLimits } from '../config/decisions/rollout.ts';
import { podSpec } from './pod.ts';
import type { PodParts } from './pod_parts.ts';
import { metadataOf, type Scope } from '../scope.ts';

/** The Deployment. Pods are replaced some at a time: new ones first, or last where no leader is elected. What depends on it waits until it is ready. */
export function deployment(scope: Scope, parts: PodParts): apps.v1.Deployment {
  const { config, names } = scope;
  const { autoscaling, leaderElection, replicas } = config.availability;
  const { minReady, progressDeadline, surge, wait } = rolloutLimits(config);
  const limit = `${wait}s`;
  return new apps.v1.Deployment(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      spec: {
        // An autoscaler owns the number; to name one here would undo its work with each update.
        ...(autoscaling === undefined ? { replicas } : {}),
        selector: { matchLabels: names.selector },
        strategy: leaderElection
          ? { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: surge } }
          : // Without an election the old pod has to be gone before the new one hands out ports.
            { type: 'Recreate' },
        ...(minReady === 0 ? {} : { minReadySeconds: minReady }),
        progressDeadlineSeconds: progressDeadline,
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
    { parent: scope.parent, customTimeouts: { create: limit, update: limit } },
  );
}
