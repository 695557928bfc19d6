import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { runStack, someCluster } from '../stack_run.ts';
import { smallest } from '../stacks.ts';
import type { ClusterFacts } from '../../../infra/cluster/facts.ts';

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

/** What the provider is told about the cluster. */
async function identifier(
  config: Readonly<Record<string, unknown>>,
  facts: ClusterFacts,
  firstUid?: string,
): Promise<unknown> {
  const run = await runStack(config, { facts, ...(firstUid === undefined ? {} : { firstUid }) });
  const [provider] = run.resources.filter(({ type }) => type === 'pulumi:providers:kubernetes');
  return provider?.inputs['clusterIdentifier'];
}

suite('the identity that the provider knows the cluster by', () => {
  const answers = { ...someCluster, uid: UID };

  test('is its uid, whatever the kubeconfig looks like', async () => {
    assert.equal(await identifier(smallest, answers), UID);
    assert.equal(await identifier(smallest, answers, UID), UID);
  });

  test('stays while the cluster cannot be asked', async () => {
    assert.equal(await identifier(smallest, someCluster, UID), UID);
  });

  test('is left out where nobody knows it', async () => {
    assert.equal(await identifier(smallest, someCluster), undefined);
  });

  test('is taken from today’s answer where the first run had none', async () => {
    assert.equal(await identifier(smallest, answers, ''), UID);
  });

  test('is not that of another cluster', async () => {
    await assert.rejects(identifier(smallest, { ...someCluster, uid: OTHER }, UID), {
      code: 'cluster-another',
      message:
        `The context test leads to another cluster than the one that holds this stack: its uid is ${OTHER}, and that of the ` +
        `stack's first run was ${UID}. Nothing was changed. Name the right context. When the stack is to move, name the new one: ` +
        `pulumi config set --path kubernetes.clusterUid ${OTHER}; everything is made there, and deleted here.`,
    });
  });

  test('is another one when config names that', async () => {
    const moved = { ...smallest, kubernetes: { context: 'test', clusterUid: OTHER } };
    assert.equal(await identifier(moved, { ...someCluster, uid: OTHER }, UID), OTHER);
  });
});
