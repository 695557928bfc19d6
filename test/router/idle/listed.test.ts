import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isListed, periodOf } from '../../../router/idle/listed.ts';
import type { Task } from '../../../router/routes/model/endpoint.ts';
import { IDLE_POLICY, type IdlePolicy } from '../../../router/settings/idle_policy.ts';
import { runningTask } from '../../support/shown_routes.ts';

const HOUR_MS = 3_600_000;
const GPU = 'f'.repeat(32);
const TASK = {
  ...runningTask('a'.repeat(32)),
  projectName: 'Research/vision',
  queueId: GPU,
  type: 'application',
};

function policy(more: object): IdlePolicy {
  return IDLE_POLICY.parse({ after: 7_200, ...more });
}

test('a policy that lists nothing is none, and neither is one that makes no sense', () => {
  for (const wrong of [
    { after: 7_200 },
    { after: 7_200, queues: [] },
    { after: 599, queues: ['gpu'] },
    { after: 7_200, queues: ['gpu'], warning: 7_200 },
    { after: 7_200, queues: ['gpu'], longest: 7_199 },
    { after: 7_200, queues: ['gpu'], dryrun: true },
    { queues: ['gpu'] },
  ]) {
    assert.ok(!IDLE_POLICY.safeParse(wrong).success, JSON.stringify(wrong));
  }
});

test('a task is listed by each of the lists that there are', () => {
  const listed = (more: object, queueName = 'gpu', task: Task = TASK): boolean =>
    isListed(policy(more), task, queueName === '' ? undefined : queueName);
  assert.ok(listed({ queues: ['cpu', 'gpu'] }));
  assert.ok(listed({ queues: [GPU] }, ''));
  assert.ok(listed({ queues: ['gpu'], projects: ['Research'], types: ['application'] }));
  assert.ok(listed({ projects: ['Research/vision'] }));
  for (const other of [
    { queues: ['cpu'] },
    { queues: ['gpu'], types: ['training'] },
    { queues: ['gpu'], projects: ['Res'] },
    { projects: ['Research/vision/deep'] },
  ]) {
    assert.ok(!listed(other), JSON.stringify(other));
  }
  assert.ok(!listed({ queues: ['gpu'] }, ''), 'its queue is not known');
  assert.ok(!listed({ queues: ['gpu'] }, 'gpu', { ...TASK, queueId: undefined }));
  assert.ok(!listed({ projects: ['Research'] }, 'gpu', { ...TASK, projectName: undefined }));
});

test('a task’s own wish narrows, and lengthens up to what the policy lets it', () => {
  const after = (wish: string | undefined, more: object = {}): number =>
    periodOf(policy({ queues: ['gpu'], ...more }), wish).after / HOUR_MS;
  assert.equal(after(undefined), 2);
  assert.equal(after('3600'), 1);
  assert.equal(after('36000'), 2);
  assert.equal(after('never'), 2);
  assert.equal(after('36000', { longest: 86_400 }), 10);
  assert.equal(after('never', { longest: 86_400 }), 24);
  assert.equal(after('1'), 1 / 6);
  for (const odd of ['', 'Never', '-1', '1e9', '12h', ' 60']) assert.equal(after(odd), 2, odd);
  assert.equal(periodOf(policy({ queues: ['gpu'] }), '600').warning, 300_000);
});
