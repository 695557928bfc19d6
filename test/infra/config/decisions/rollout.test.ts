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
      surge: 1,
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

  test('are told no later with many pods, a quarter of which start at once', () => {
    const of = (availability: object) => {
      const { surge, wait } = limits(availability);
      return [surge, wait];
    };
    assert.deepEqual(of({ replicas: 4 }), [1, 305]);
    assert.deepEqual(of({ replicas: 5 }), ['25%', 305]);
    assert.deepEqual(of({ autoscaling: { maxReplicas: 20 } }), ['25%', 305]);
  });

  test('leave the pods the time to start and to be ready in turns', () => {
    const short = { progressDeadlineSeconds: 10, minReadySeconds: 100 };
    assert.equal(limits({ ...short, replicas: 3 }).wait, 360);
    assert.equal(limits({ ...short, replicas: 100 }).wait, 480);
  });

  test('cover the end of the old pod where it has to be gone first', () => {
    const { progressDeadline, wait } = limits({ leaderElection: false });
    assert.deepEqual([progressDeadline, wait], [615, 620]);
  });
});
