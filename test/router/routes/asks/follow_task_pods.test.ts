import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followTaskPods } from '../../../../router/routes/asks/follow_task_pods.ts';
import { keepLog } from '../../../support/installation.ts';

const settings = {
  VERIFY_TASK_PODS: ['clearml'],
  VERIFY_TASK_PODS_STRICT: false,
  TASK_POD_NAME_PREFIX: 'clearml-id-',
};

test('pods are looked at only where that is asked for', () => {
  const off = { ...settings, VERIFY_TASK_PODS: [] };
  assert.equal(followTaskPods(off, {}, keepLog().log), undefined);
});

test('outside a cluster, or without a service account, the start says so', () => {
  const { log } = keepLog();
  assert.throws(() => followTaskPods(settings, {}, log), {
    code: 'SETTINGS_INVALID',
    message:
      'VERIFY_TASK_PODS: pods are looked at in Kubernetes alone, but KUBERNETES_SERVICE_HOST is not set; leave it away outside a cluster',
  });
  const inside = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };
  assert.throws(() => followTaskPods(settings, inside, log), {
    code: 'SETTINGS_INVALID',
    message:
      /^VERIFY_TASK_PODS: the pod has no service account to speak to Kubernetes with: .*; set automountServiceAccountToken$/,
  });
});
