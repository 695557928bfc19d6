import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import { askCluster } from '../../../infra/cluster/facts.ts';
import { questionsOf } from '../../../infra/cluster/stack_questions.ts';
import type { SettledConfig } from '../../../infra/config/decisions/found.ts';
import type { TcpServiceEvidence } from '../../../infra/platform/evidence.ts';
import { clusterAnswering, Refusal } from '../cluster/stand_in.ts';
import type { Told } from '../../../infra/config/reading/settle.ts';
import { parsedConfig } from '../parsed_config.ts';
import { settledConfig } from '../settled_config.ts';
import { runStack, someCluster } from '../stack_run.ts';
import { guide, smallest } from '../stacks.ts';
import { answersOf, type RecordedCluster, recordedClusters } from './clusters.ts';

const forbidden = new Refusal(403, 'forbidden');

/** The guide's stack in a recorded cluster, for somebody who is refused some paths. */
async function settledIn(
  context: TestContext,
  cluster: RecordedCluster,
  refused: readonly string[] = [],
): Promise<SettledConfig> {
  const refusals = Object.fromEntries(refused.map((path) => [path, forbidden]));
  const { kubeconfig } = await clusterAnswering(context, { ...answersOf(cluster), ...refusals });
  const config = { ...guide, ingress: { hostName: 'tasks.example.com' } };
  const facts = await askCluster(
    { kubeconfig, context: 'here' },
    questionsOf(parsedConfig(config)),
  );
  return settledConfig(config, facts);
}

suite('the platform of a cluster', () => {
  const expected = [
    ['eks', 'its version is v1.33.4-eks-99d6cc0', 'other', 'aws-nlb', true],
    ['gke', 'its version is v1.33.4-gke.1245000', 'gke', 'gke', false],
    ['aks', 'its nodes have the label kubernetes.azure.com/cluster', 'nginx', 'aks', false],
    ['openshift', 'the cluster serves config.openshift.io', 'other', 'other', true],
    ['k3s', 'its version is v1.33.4+k3s1', 'traefik', 'metallb', true],
    ['microk8s', 'its nodes have the label microk8s.io/cluster', 'nginx', 'other', true],
    ['other', 'neither version, API groups nor nodes name a platform', 'other', 'other', true],
  ] as const;
  for (const [name, reason, controller, loadBalancer, ipBlockCoversPods] of expected) {
    test(`${name} is told by its answers, and gives the defaults`, async (context) => {
      const { found, ingress, tcpSession } = await settledIn(context, recordedClusters[name]);
      assert.deepEqual(
        [found.platform.name, found.reason, ingress.controller, found.ipBlockCoversPods],
        [name, reason, controller, ipBlockCoversPods],
      );
      assert.equal(tcpSession?.service.platform, loadBalancer);
      assert.deepEqual(found.apiServerPorts, [recordedClusters[name].apiServerPort]);
    });
  }

  test('is told to whoever may not list nodes, where version or API groups name it', async (context) => {
    for (const name of ['eks', 'gke', 'openshift', 'k3s'] as const) {
      const { found } = await settledIn(context, recordedClusters[name], ['/api/v1/nodes']);
      assert.equal(found.platform.name, name);
    }
    await assert.rejects(settledIn(context, recordedClusters.aks, ['/api/v1/nodes']), {
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  kubernetes.platform: missing, and the cluster could not be asked what it is (nodes: 403 forbidden). Name it: ' +
        'pulumi config set --path kubernetes.platform other (or eks, gke, aks, openshift, k3s, microk8s)\n' +
        'infra/README.md lists every key.',
    });
  });

  test('is none of a cloud whose build runs on the machines of others', () => {
    for (const [gitVersion, own, others] of [
      ['v1.33.4-eks-99d6cc0', 'aws:///eu-central-1a/i-0', 'vsphere://0a1b'],
      ['v1.33.4-gke.1000', 'gce://example/europe-west4-a/n', 'baremetal://10.0.0.5'],
    ] as const) {
      const platformOn = (...ids: readonly string[]) => {
        const nodes = ids.map((providerID) => ({ name: 'one', providerID, labels: {} }));
        return settledConfig(smallest, { gitVersion, nodes }).found.platform.name;
      };
      assert.equal(platformOn(others), 'other');
      assert.notEqual(platformOn(others, own), 'other');
    }
  });

  test('is the one that config names', () => {
    const config = { ...smallest, kubernetes: { context: 'test', platform: 'aks' } };
    const { found } = settledConfig(config, { gitVersion: 'v1.33.4-gke.1000' });
    assert.equal(found.platform.name, 'aks');
    assert.equal(found.reason, 'kubernetes.platform says so');
  });

  test('is an output', async () => {
    const facts = { ...someCluster, gitVersion: 'v1.33.4+k3s1' };
    const { outputs } = await runStack(smallest, { facts });
    assert.deepEqual(outputs.platform, { name: 'k3s', reason: 'its version is v1.33.4+k3s1' });
  });
});

suite('what a cluster brings', () => {
  test('is overridden by keys that say otherwise', () => {
    const service = { platform: 'other', type: 'LoadBalancer' };
    const { gateway, tcpSession } = settledConfig(
      {
        ...guide,
        ingress: { hostName: 'tasks.example.com' },
        gateway: { enabled: true, controller: 'other', parentRefs: [{ name: 'a' }] },
        tcpSession: { ...guide.tcpSession, service },
      },
      { gitVersion: 'v1.33.4-gke.1000' },
    );
    assert.deepEqual([gateway.controller, tcpSession?.service.platform], ['other', 'other']);
  });

  test('leaves out what config does not use', () => {
    const gke = { gitVersion: 'v1.33.4-gke.1000' };
    const behindNginx = settledConfig(
      { ...smallest, ingress: { ...smallest.ingress, className: 'nginx' } },
      gke,
    );
    assert.deepEqual(
      [behindNginx.gateway.controller, behindNginx.ingress.controller],
      ['other', 'nginx'],
    );
    const gateway = { enabled: true, parentRefs: [{ name: 'a' }] };
    const behindGateway = settledConfig({ ...smallest, gateway }, gke);
    assert.deepEqual(
      [behindGateway.gateway.controller, behindGateway.ingress.controller],
      ['gke', undefined],
    );
  });

  test('is no load balancer for a range that is exposed otherwise', () => {
    const tcpSession = { ...guide.tcpSession, service: { type: 'NodePort' } };
    const settled = settledConfig({ ...guide, tcpSession }, { apiGroups: ['metallb.io'] });
    assert.equal(settled.tcpSession?.service.platform, 'other');
  });

  test('is no NLB on EKS where its controller is not installed', () => {
    const settled = settledConfig(guide, { gitVersion: 'v1.33.4-eks-1', apiGroups: [] });
    assert.equal(settled.tcpSession?.service.platform, 'other');
  });

  test('is an NLB on EKS in Auto Mode', () => {
    const told = { gitVersion: 'v1.33.4-eks-1', apiGroups: ['eks.amazonaws.com'] };
    assert.equal(settledConfig(guide, told).tcpSession?.service.platform, 'aws-nlb');
  });

  test('is an NLB on AWS, whoever made the cluster there, where the controller is installed', () => {
    const nodes = [{ name: 'one', providerID: 'aws:///eu-central-1a/i-0', labels: {} }];
    const found = (apiGroups: readonly string[], more: Partial<Told> = {}) => {
      const settled = settledConfig(guide, { nodes, apiGroups, ...more });
      return [settled.found.platform.name, settled.tcpSession?.service.platform];
    };
    assert.deepEqual(found(['elbv2.k8s.aws']), ['other', 'aws-nlb']);
    assert.deepEqual(found(['elbv2.k8s.aws', 'cilium.io']), ['other', 'aws-nlb']);
    assert.deepEqual(found(['elbv2.k8s.aws', 'config.openshift.io']), ['openshift', 'aws-nlb']);
    assert.deepEqual(found([]), ['other', 'other']);
    const tcpService = { name: 'task-router-tcp', annotations: {}, loadBalancerClass: undefined };
    assert.deepEqual(found(['elbv2.k8s.aws'], { tcpService }), ['other', 'other']);
    assert.throws(() => found(['elbv2.k8s.aws'], { tcpService: undefined }), {
      message: /tcpSession\.service\.platform: missing, /,
    });
    const elsewhere = [{ name: 'one', providerID: 'vsphere://0a1b', labels: {} }];
    assert.deepEqual(found(['elbv2.k8s.aws'], { nodes: elsewhere }), ['other', 'other']);
  });

  test('has to be said on EKS where the cluster cannot be asked for its controller', () => {
    const told = { gitVersion: 'v1.33.4-eks-1', apiGroups: undefined, trouble: 'API groups: 403' };
    assert.throws(() => settledConfig(guide, told), {
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  tcpSession.service.platform: missing, and the cluster could not be asked whether the AWS Load Balancer Controller is there ' +
        '(API groups: 403). Name it: pulumi config set --path tcpSession.service.platform aws-nlb (or other for a classic load balancer)\n' +
        'infra/README.md lists every key.',
    });
    const tcpSession = { ...guide.tcpSession, service: { platform: 'aws-nlb' } };
    assert.equal(
      settledConfig({ ...guide, tcpSession }, told).tcpSession?.service.platform,
      'aws-nlb',
    );
  });

  test('is no port of the API server where whoever made the cluster chose it: a key has to say it then', () => {
    const named = (platform: string, networkPolicy = {}, availability = {}) => {
      const kubernetes = { context: 'test', platform };
      const stack = { ...smallest, kubernetes, networkPolicy, availability };
      const told = { apiServerPorts: undefined, trouble: 'API server: 403 forbidden' };
      return settledConfig(stack, told).found.apiServerPorts;
    };
    assert.throws(() => named('other'), {
      code: 'config-invalid',
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  networkPolicy.apiServerPorts: missing, and the cluster could not be asked on which port its API server listens behind the ' +
        'Service default/kubernetes (API server: 403 forbidden). Name it: ' +
        "pulumi config set --path 'networkPolicy.apiServerPorts[0]' 6443\n" +
        'infra/README.md lists every key.',
    });
    assert.deepEqual(named('other', { apiServerPorts: [8443] }), []);
    assert.deepEqual(named('other', { enabled: false }), []);
    assert.deepEqual(named('other', {}, { leaderElection: false }), []);
    assert.deepEqual(
      ['eks', 'gke', 'aks', 'openshift', 'k3s', 'microk8s'].map((name) => named(name)),
      [[443], [443], [443], [6443], [6443], [16_443]],
    );
  });

  test('is asked of its keys together where the cluster tells nothing of it', () => {
    const kubernetes = { context: 'test', platform: 'eks' };
    const stack = { ...guide, kubernetes };
    const told = { ingressClasses: undefined, apiGroups: undefined, trouble: 'no answer' };
    assert.throws(() => settledConfig(stack, told), {
      message:
        /has 2 problems;.*\n {2}ingress\.controller: missing, .*\n {2}tcpSession\.service\.platform: missing, /,
    });
  });

  const onEks = { gitVersion: 'v1.33.4-eks-1', apiGroups: ['elbv2.k8s.aws'] };
  const inPlace = { name: 'task-router-tcp', annotations: {}, loadBalancerClass: undefined };

  test('stays on EKS what it is, where the Service is there: a changed kind would leave a load balancer behind', () => {
    const kinds = [
      [inPlace, 'other'],
      [{ ...inPlace, loadBalancerClass: 'service.k8s.aws/nlb' }, 'aws-nlb'],
      [{ ...inPlace, loadBalancerClass: 'eks.amazonaws.com/nlb' }, 'aws-nlb'],
      ...['nlb', 'external', 'nlb-ip'].map((type) => [
        { ...inPlace, annotations: { 'service.beta.kubernetes.io/aws-load-balancer-type': type } },
        type === 'nlb' ? 'other' : 'aws-nlb',
      ]),
    ] as [typeof inPlace, string][];
    for (const [tcpService, expected] of kinds) {
      const settled = settledConfig(guide, { ...onEks, tcpService });
      assert.equal(settled.tcpSession?.service.platform, expected);
    }
  });

  test('is refused on EKS where config names an NLB and the Service has another kind', () => {
    const tcpSession = { ...guide.tcpSession, service: { platform: 'aws-nlb' } };
    assert.throws(
      () => settledConfig({ ...guide, tcpSession }, { ...onEks, tcpService: inPlace }),
      {
        message:
          'The config of stack test has one problem; nothing was changed.\n' +
          '  tcpSession.service.platform: Service task-router-tcp has a load balancer of another kind, which AWS would leave behind, and ' +
          'bill, when this changes; remove tcpSession, run pulumi up, and put it back (it gets another address), or keep that load ' +
          'balancer: other\n' +
          'infra/README.md lists every key.',
      },
    );
    const taken = { ...inPlace, loadBalancerClass: 'service.k8s.aws/nlb' };
    const settled = settledConfig({ ...guide, tcpSession }, { ...onEks, tcpService: taken });
    assert.equal(settled.tcpSession?.service.platform, 'aws-nlb');
  });

  test('is refused on EKS where config names another and the Service has one of the controller', () => {
    const type = 'service.beta.kubernetes.io/aws-load-balancer-type';
    const taken = { ...inPlace, annotations: { [type]: 'external' } };
    const settledAs = (service: object, tcpService: TcpServiceEvidence) => {
      const tcpSession = { ...guide.tcpSession, service };
      const settled = settledConfig({ ...guide, tcpSession }, { ...onEks, tcpService });
      return settled.tcpSession?.service.platform;
    };
    const left = {
      code: 'config-invalid',
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  tcpSession.service.platform: Service task-router-tcp has a load balancer of the AWS Load Balancer Controller, which AWS would ' +
        'leave behind, and bill, when this changes; remove tcpSession, run pulumi up, and put it back (it gets another address), or keep ' +
        'that load balancer: aws-nlb\n' +
        'infra/README.md lists every key.',
    };
    assert.throws(() => settledAs({ platform: 'other' }, taken), left);
    assert.throws(() => settledAs({ annotations: { [type]: 'nlb' } }, taken), left);
    // What config says by itself, or the class that the controller gave the Service, leaves it where it is.
    assert.equal(settledAs({ platform: 'other', annotations: taken.annotations }, taken), 'other');
    const classed = { ...inPlace, loadBalancerClass: 'service.k8s.aws/nlb' };
    assert.equal(settledAs({ platform: 'other' }, classed), 'other');
    // Another class is another Service, and the old one goes with its load balancer.
    assert.equal(settledAs({ platform: 'other', loadBalancerClass: 'mine' }, taken), 'other');
  });

  test('has to be said on EKS to whoever may not list Services', () => {
    const told = { ...onEks, tcpService: undefined, trouble: 'TCP Service: 403 forbidden' };
    assert.throws(() => settledConfig(guide, told), {
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  tcpSession.service.platform: missing, and the cluster could not be asked whether the TCP Service is there, and which load ' +
        'balancer it has (TCP Service: 403 forbidden). Name it: pulumi config set --path tcpSession.service.platform aws-nlb (or other ' +
        'for a classic load balancer)\n' +
        'infra/README.md lists every key.',
    });
    const tcpSession = { ...guide.tcpSession, service: { platform: 'other' } };
    assert.equal(
      settledConfig({ ...guide, tcpSession }, told).tcpSession?.service.platform,
      'other',
    );
  });

  test('may be too small for what config asks, which is told before anything is made', () => {
    const portRange = { start: 31_000, end: 31_050 };
    const told = { gitVersion: 'v1.33.4-eks-1', apiGroups: ['elbv2.k8s.aws'] };
    assert.throws(() => settledConfig({ ...guide, tcpSession: { portRange } }, told), {
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  tcpSession.portRange: asks one load balancer for 51 ports, and it has 50; narrow the range, or have the quota raised ' +
        'and set tcpSession.service.maxPorts to the new one\n' +
        'infra/README.md lists every key.',
    });
  });
});
