import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { rolloutLimits } from '../../../../infra/config/decisions/rollout.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';

const limits = (availability: object) => rolloutLimits(parsedConfig({ ...smallest, availability }));

suite('limits of a rollout', () => {
  test('are told soon after the progress deadline', () => {
    assert.deepEqual(limits({}), {
      grace: 315,
      minReady: 0,
      progressDeadline: 300,
      wait: 305,
    });
    assert.equal(limits({ progressDeadlineSeconds: 60, replicas: 2 }).wait, 65);
  });

  test('count the time that a pod has to be ready, which the cluster asks to be shorter than the deadline', () => {
    const { minReady, progressDeadline } = limits({
      minReadySeconds: 299,
      progressDeadlineSeconds: 10,
    });
    assert.deepEqual([minReady, progressDeadline], [299, 309]);
  });

  test('leave many pods the time to start one after another', () => {
    assert.equal(limits({ autoscaling: { maxReplicas: 20 } }).wait, 400);
  });

  test('cover the end of the old pod where it has to be gone first', () => {
    const { progressDeadline, wait } = limits({ leaderElection: false });
    assert.deepEqual([progressDeadline, wait], [615, 620]);
  });
});
