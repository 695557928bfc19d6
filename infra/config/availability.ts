import { z } from 'zod';

import { evenWithOtherProblems, flag } from './values.ts';

const pods = z.int({ error: 'expected a number of pods' }).min(1, 'expected at least one pod');

const autoscaling = z
  .strictObject(
    {
      minReplicas: pods.default(2).describe('Pods at least'),
      maxReplicas: pods.describe('Pods at most'),
      targetCPUUtilizationPercentage: z
        .int({ error: 'expected a percentage' })
        .min(1, 'expected a percentage')
        .max(100, 'expected a percentage')
        .default(70)
        .describe('Use of the requested CPU to aim at'),
    },
    { error: 'expected the bounds of the autoscaler' },
  )
  .superRefine((value, context) => {
    if (value.minReplicas <= value.maxReplicas) return;
    context.addIssue({
      code: 'custom',
      path: ['minReplicas'],
      message: `is above maxReplicas: ${value.minReplicas} and ${value.maxReplicas}`,
    });
  }, evenWithOtherProblems);

/** `availability`: how many pods there are, and what keeps them there. */
export const availability = z
  .strictObject(
    {
      replicas: pods.default(1).describe('Number of pods, where no autoscaler decides'),
      autoscaling: autoscaling
        .optional()
        .describe('An autoscaler by CPU; sessions of a pod that it removes are drained'),
      podDisruptionBudget: flag
        .optional()
        .describe('Evict one pod at a time; left out, where there are several'),
      leaderElection: flag
        .default(true)
        .describe(
          'Elect the pod that hands out ports by a Lease; false needs one pod, which is then stopped before its ' +
            'successor starts, and no right on the API',
        ),
    },
    { error: 'expected the settings of availability' },
  )
  .superRefine((value, context) => {
    if (value.leaderElection || (value.replicas === 1 && value.autoscaling === undefined)) return;
    context.addIssue({
      code: 'custom',
      path: ['leaderElection'],
      message: 'is off, but there are several pods; two of them would hand out the same port',
    });
  }, evenWithOtherProblems)
  .prefault({});
