import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { runStack, someCluster } from '../stack_run.ts';
import { smallest } from '../stacks.ts';

const UID = '0a1b2c3d-0000-4000-8000-000000000001';
const OTHER = '0a1b2c3d-0000-4000-8000-000000000002';
const pinned = { ...smallest, kubernetes: { context: 'default', clusterUid: UID } };

suite('a stack that names its cluster', () => {
  test('is put there, and tells it', async () => {
    const { outputs } = await runStack(pinned, { facts: { ...someCluster, uid: UID } });
    assert.equal(outputs.clusterUid, UID);
  });

  test('changes no other cluster of the same context name', async () => {
    await assert.rejects(runStack(pinned, { facts: { ...someCluster, uid: OTHER } }), {
      code: 'cluster-another',
      message:
        `The context default leads to another cluster than this stack is for: its uid is ${OTHER}, and ` +
        `kubernetes.clusterUid is ${UID}. Nothing was changed. Name the right context, or remove the key when the stack is to move.`,
    });
  });

  test('is not put anywhere while the cluster cannot be asked', async () => {
    const facts = { ...someCluster, trouble: 'no answer within 8 seconds' };
    await assert.rejects(runStack(pinned, { facts }), {
      code: 'cluster-unreachable',
      message:
        `The cluster could not be asked whether it is ${UID} (kubernetes.clusterUid): no answer within 8 seconds. ` +
        'Nothing was changed.',
    });
  });

  test('may leave it out', async () => {
    const { outputs } = await runStack(smallest);
    assert.equal(outputs.clusterUid, null);
  });
});
