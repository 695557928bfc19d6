import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { InfraError } from '../../../infra/errors.ts';
import type { Told } from '../../../infra/config/reading/settle.ts';
import type { NodeEvidence } from '../../../infra/platform/evidence.ts';
import { settledConfig } from '../settled_config.ts';
import { smallest } from '../stacks.ts';

/** What does not fit the cluster, line by line. */
function problemsIn(told: Partial<Told>, config: object): string[] {
  try {
    settledConfig({ ...smallest, ...config }, told);
    return [];
  } catch (error) {
    assert.ok(error instanceof InfraError);
    return error.message
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim());
  }
}

function nodePorts(start: number, service: object = {}): object {
  const portRange = { start, end: start + 9 };
  const routerAddress = 'node.example.com';
  return { tcpSession: { routerAddress, portRange, service: { type: 'NodePort', ...service } } };
}

suite('node ports', () => {
  test('are those of every cluster where it does not tell them, and the key is named that does', () => {
    assert.deepEqual(problemsIn({}, nodePorts(20_000)), [
      'tcpSession.portRange: lies outside of the node ports, 30000 to 32767, which tcpSession.service.type NodePort uses; where the API ' +
        'server has others (its --service-node-port-range), say which in tcpSession.service.nodePortRange',
    ]);
    assert.deepEqual(problemsIn({}, nodePorts(30_000)), []);
  });

  test('are those that the cluster told', () => {
    const told = { nodePorts: { start: 20_000, end: 22_767 } };
    assert.deepEqual(problemsIn(told, nodePorts(20_000)), []);
    assert.deepEqual(problemsIn(told, nodePorts(30_000)), [
      'tcpSession.portRange: lies outside of the node ports, 20000 to 22767, which tcpSession.service.type NodePort uses',
    ]);
  });

  test('are those of config before all', () => {
    const nodePortRange = { start: 20_000, end: 20_999 };
    assert.deepEqual(problemsIn({}, nodePorts(20_000, { nodePortRange })), []);
  });
});

suite('the node port of HTTP', () => {
  const http = { service: { type: 'NodePort', nodePort: 8080 } };

  test('is one that the cluster gives', () => {
    const told = { nodePorts: { start: 20_000, end: 22_767 } };
    assert.deepEqual(problemsIn(told, http), [
      'service.nodePort: lies outside of the node ports of the cluster, 20000 to 22767',
    ]);
    const within = { service: { type: 'NodePort', nodePort: 22_767 } };
    assert.deepEqual(problemsIn(told, within), []);
  });

  test('is held against the range of config before all, and against none where nothing tells it', () => {
    const nodePortRange = { start: 8000, end: 8999 };
    const given = { ...nodePorts(8500, { nodePortRange }), ...http };
    assert.deepEqual(problemsIn({ nodePorts: { start: 20_000, end: 22_767 } }, given), []);
    assert.deepEqual(problemsIn({}, http), []);
  });
});

suite('externalTrafficPolicy Local on node ports', () => {
  const [first, ...others]: NodeEvidence[] = ['a', 'b', 'c'].map((name) => ({
    name,
    providerID: undefined,
    labels: { 'kubernetes.io/hostname': name },
  }));
  const nodes = first === undefined ? [] : [first, ...others];
  const local = nodePorts(30_000, { externalTrafficPolicy: 'Local' });
  const remedy =
    'set pod.nodeSelector to the labels of the nodes behind tcpSession.routerAddress (kubernetes.io/hostname: NODE for one), have a pod ' +
    'for each (availability.replicas), or use Cluster';
  const refused = (pods: string, where: string) => [
    `tcpSession.service.externalTrafficPolicy: Local turns users away at nodes without a pod of the router, and ${pods} may run on ` +
      `${where}; ${remedy}`,
  ];

  test('is refused with fewer pods than nodes', () => {
    assert.deepEqual(problemsIn({ nodes }, local), refused('the one pod', 'any of 3 nodes'));
    const two = { ...local, availability: { replicas: 2 } };
    assert.deepEqual(problemsIn({ nodes }, two), refused('2 pods', 'any of 3 nodes'));
    const least = { ...local, availability: { autoscaling: { minReplicas: 2, maxReplicas: 3 } } };
    assert.deepEqual(problemsIn({ nodes }, least), refused('2 pods', 'any of 3 nodes'));
  });

  test('is refused where the nodes are not known and none is chosen', () => {
    const told = { nodes: undefined };
    const named = { ...local, kubernetes: { context: 'test', platform: 'other' } };
    assert.deepEqual(problemsIn(told, named), refused('the one pod', 'any node'));
    const chosen = { ...named, pod: { nodeSelector: { a: 'b' } } };
    assert.deepEqual(problemsIn(told, chosen), []);
  });

  test('is taken with a pod for each node that may have one, and where config places the pods itself', () => {
    const nodeSelector = { 'kubernetes.io/hostname': 'b' };
    for (const more of [
      { pod: { nodeSelector } },
      { pod: { affinity: { nodeAffinity: {} } } },
      { availability: { replicas: 3 } },
    ]) {
      assert.deepEqual(problemsIn({ nodes }, { ...local, ...more }), []);
    }
    assert.deepEqual(problemsIn({ nodes: nodes.slice(1, 2) }, local), []);
    assert.deepEqual(problemsIn({ nodes }, nodePorts(30_000)), []);
  });
});

suite('rules of a security group', () => {
  const networks = ['203.0.113.0/24', '198.51.100.0/24'];
  const eks = { gitVersion: 'v1.33.1-eks-7f9249a', apiGroups: ['elbv2.k8s.aws'] };
  const asked = (service: object, end = 20_049) => ({
    tcpSession: { portRange: { start: 20_000, end }, service },
  });

  test('are counted where the cluster tells that it is an NLB', () => {
    const [problem, ...more] = problemsIn(eks, asked({ loadBalancerSourceRanges: networks }));
    assert.match(problem ?? '', /makes 100 rules of a security group \(50 ports, 2 networks\)/);
    assert.deepEqual(more, []);
    assert.deepEqual(problemsIn({}, asked({ loadBalancerSourceRanges: networks })), []);
  });

  test('are counted by IP family, and with one network where all may connect', () => {
    const families = ['203.0.113.0/24', '2001:db8::/32'];
    assert.deepEqual(problemsIn(eks, asked({ loadBalancerSourceRanges: families })), []);
    const [problem] = problemsIn(eks, asked({ maxPorts: 100 }, 20_060));
    assert.match(problem ?? '', /makes 61 rules of a security group \(61 ports, 1 networks\)/);
  });

  test('are not ours to count in a group of somebody else', () => {
    const annotations = { 'service.beta.kubernetes.io/aws-load-balancer-security-groups': 'sg-1' };
    const own = asked({ loadBalancerSourceRanges: networks, annotations });
    assert.deepEqual(problemsIn(eks, own), []);
  });
});

suite('ports of a load balancer', () => {
  test('are 300 on AKS, and one range on GKE', () => {
    const ports = (platform: string) => ({
      tcpSession: { portRange: { start: 20_000, end: 20_300 }, service: { platform } },
    });
    assert.match(
      problemsIn({}, ports('aks')).join(),
      /asks one load balancer for 301 ports, and it has 300;/,
    );
    assert.deepEqual(problemsIn({}, ports('gke')), []);
  });
});
