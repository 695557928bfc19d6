import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { StackQuestions } from '../../infra/cluster/stack_questions.ts';
import { ofKind, runStack, someCluster } from './stack_run.ts';
import { guide, smallest } from './stacks.ts';

/** What a run with this config asks the cluster for, beside what every run does. */
async function askedFor(config: object): Promise<StackQuestions | undefined> {
  let asked: StackQuestions | undefined;
  await runStack({ ...smallest, ...config }, { onAsk: (questions) => (asked = questions) });
  return asked;
}

suite('the program', () => {
  test('asks the cluster for what its config depends on', async () => {
    const { tcpSession } = guide;
    const labels = {
      'app.kubernetes.io/name': 'task-traffic-router',
      'app.kubernetes.io/instance': 'task-router',
    };
    assert.deepEqual(await askedFor({ tcpSession }), {
      nodePortsIn: undefined,
      tcpService: { namespace: 'task-traffic-router', name: 'task-router-tcp', labels },
      serverSecret: undefined,
    });
    const portRange = { start: 31_000, end: 31_002 };
    const onNodes = { ...tcpSession, portRange, service: { type: 'NodePort' } };
    const namespace = { name: 'clearml', create: false };
    assert.equal((await askedFor({ tcpSession: onNodes }))?.nodePortsIn, 'default');
    assert.equal((await askedFor({ tcpSession: onNodes, namespace }))?.nodePortsIn, 'clearml');
    const serverSecret = { name: 'clearml-conf', namespace: 'clearml', key: 'secret' };
    const { jwksKey: _, ...clearml } = smallest.clearml;
    const fromServer = await askedFor({ clearml: { ...clearml, serverSecret } });
    assert.deepEqual(fromServer?.serverSecret, serverSecret);
  });

  test('makes what fits what the cluster told', async () => {
    const eks = { ...someCluster, gitVersion: 'v1.33.4-eks-1', apiGroups: ['elbv2.k8s.aws'] };
    const typeOf = async (facts: typeof eks): Promise<string | undefined> => {
      const services = ofKind(await runStack(guide, { facts }), 'core/v1:Service');
      const tcp = services.find(({ name }) => name === 'task-router-tcp')?.inputs['metadata'];
      const { annotations } = tcp as { annotations: Readonly<Record<string, string>> };
      return annotations['service.beta.kubernetes.io/aws-load-balancer-type'];
    };
    assert.equal(await typeOf(eks), 'external');
    const tcpService = { name: 'task-router-tcp', annotations: {}, loadBalancerClass: undefined };
    assert.equal(await typeOf({ ...eks, tcpService }), undefined);
    const tcpSession = { ...guide.tcpSession, service: { type: 'NodePort' } };
    const facts = { ...someCluster, nodePorts: { start: 20_000, end: 22_767 } };
    await assert.rejects(runStack({ ...guide, tcpSession }, { facts }), {
      message: /tcpSession\.portRange: lies outside of the node ports, 20000 to 22767/,
    });
  });
});
