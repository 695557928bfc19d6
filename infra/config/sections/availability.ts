import { z } from 'zod';

import { rules } from '../values/problem.ts';
import { flag, kubernetesObject, wholeNumber } from '../values/values.ts';

const pods = z.int({ error: 'expected a number of pods' }).min(1, 'expected at least one pod');

const autoscaling = z
  .strictObject(
    {
      minReplicas: pods.default(2).describe('Pods at least'),
      maxReplicas: pods.describe('Pods at most'),
      targetCPUUtilizationPercentage: wholeNumber('a percentage', 1, 100)
        .default(70)
        .describe('Use of the requested CPU to aim at'),
      targetMemoryUtilizationPercentage: wholeNumber('a percentage', 1, 100)
        .optional()
        .describe(
          'Use of the requested memory to aim at; the metric that asks for more pods decides',
        ),
      behavior: kubernetesObject
        .optional()
        .describe("How fast it adds and removes pods: the object of Kubernetes' own API"),
    },
    { error: 'expected the bounds of the autoscaler' },
  )
  .check(
    rules(({ maxReplicas, minReplicas }) => {
      const message = `is above maxReplicas: ${minReplicas} and ${maxReplicas}`;
      return minReplicas > maxReplicas ? [{ path: ['minReplicas'], message }] : [];
    }),
  );

/** `availability`: how many pods there are, and what keeps them there. */
export const availability = z
  .strictObject(
    {
      replicas: pods.default(1).describe('Number of pods, where no autoscaler decides'),
      autoscaling: autoscaling
        .optional()
        .describe('An autoscaler by CPU and memory; sessions of a pod that it removes are drained'),
      minReadySeconds: wholeNumber('a number of seconds from 0 to 299', 0, 299)
        .optional()
        .describe(
          'How long a new pod has to be ready before an old one ends; left out, 30 where a load balancer of AWS sends to the pods themselves, else 0',
        ),
      podDisruptionBudget: flag
        .optional()
        .describe('Evict one pod at a time; left out, where there are several'),
      progressDeadlineSeconds: wholeNumber('a whole number of seconds from 10 to 3600', 10, 3600)
        .default(300)
        .describe('How long a new pod may take to become ready before pulumi up fails'),
      leaderElection: flag
        .default(true)
        .describe(
          'Elect the pod that hands out ports by a Lease; false needs one pod, which is then stopped before its ' +
            'successor starts, and no right on the API',
        ),
    },
    { error: 'expected the settings of availability' },
  )
  .check(
    rules((value) => {
      const isSingle = value.replicas === 1 && value.autoscaling === undefined;
      if (value.leaderElection || isSingle) return [];
      const message =
        'is off, but there are several pods; two of them would hand out the same port';
      return [{ path: ['leaderElection'], message }];
    }),
  )
  .prefault({});
