import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { asksApiServer, findsPeers } from '../../../../infra/config/decisions/pods.ts';
import { OWN_PORTS } from '../../../../infra/config/decisions/ports.ts';
import type { Told } from '../../../../infra/config/reading/settle.ts';
import { namesOf } from '../../../../infra/names.ts';
import { policyWarnings } from '../../../../infra/advice/policy_warnings.ts';
import { egressRules } from '../../../../infra/network/policy/egress.ts';
import { ingressRules } from '../../../../infra/network/policy/ingress.ts';
import { portOf } from '../../../../router/grammar/authority.ts';
import { examples } from '../../examples.ts';
import { settledConfig } from '../../settled_config.ts';
import { smallest } from '../../stacks.ts';
import {
  CILIUM,
  type Connection,
  ENGINES,
  type Engine,
  passes,
  type Place,
  type Rule,
} from './engines.ts';

type Raw = Readonly<Record<string, unknown>>;

/** A cluster: what it tells of itself, where its DNS and its API server are, and the engine that it may have. */
interface Cluster {
  readonly name: string;
  readonly told: Partial<Told>;
  readonly dns: Connection;
  readonly apiServerPort: number;
  readonly hasEngine: (engine: Engine) => boolean;
}

const NODE: Place = { kind: 'node', address: '172.18.0.2' };
const node = { name: 'one', providerID: undefined, labels: {}, addresses: [NODE.address] };
const isCilium = ({ name }: Engine): boolean => name === CILIUM;

function dnsOf(namespace: string, labels: Readonly<Record<string, string>>, port: number) {
  const other = { kind: 'pod', address: '10.244.0.53', namespace, labels } as const;
  const service = { address: '10.96.0.10', port: 53 };
  const told = { pods: [{ namespace, labels }], ports: [port], networks: [] };
  return { told, asked: { other, protocol: 'UDP', port, service } } as const;
}

const coreDns = dnsOf('kube-system', { 'k8s-app': 'kube-dns' }, 53);
const openshiftDns = dnsOf(
  'openshift-dns',
  { 'dns.operator.openshift.io/daemonset-dns': 'default' },
  5353,
);
function resolverOnNode(address: string): Connection {
  return { other: { kind: 'node', address }, protocol: 'UDP', port: 53 };
}

const nodeLocalDns = resolverOnNode('169.254.20.10');

const CLUSTERS: readonly Cluster[] = [
  {
    name: 'a cluster of kubeadm',
    told: { nodes: [node], dns: coreDns.told, apiServerPorts: [6443] },
    dns: coreDns.asked,
    apiServerPort: 6443,
    hasEngine: (engine) => !isCilium(engine),
  },
  {
    name: 'OpenShift',
    told: {
      nodes: [node],
      apiGroups: ['config.openshift.io'],
      dns: openshiftDns.told,
      apiServerPorts: [6443],
    },
    dns: openshiftDns.asked,
    apiServerPort: 6443,
    hasEngine: (engine) => !isCilium(engine),
  },
  {
    name: 'an API server on 8443 and a resolver on each node',
    told: {
      nodes: [node],
      dns: { ...coreDns.told, networks: ['169.254.20.10/32'] },
      apiServerPorts: [8443],
    },
    dns: nodeLocalDns,
    apiServerPort: 8443,
    hasEngine: (engine) => !isCilium(engine),
  },
  {
    name: 'a resolver on each node of which nothing is told, as Kubespray has it',
    told: { nodes: [node], dns: coreDns.told, apiServerPorts: [6443] },
    dns: resolverOnNode('169.254.25.10'),
    apiServerPort: 6443,
    hasEngine: (engine) => !isCilium(engine),
  },
  {
    name: 'AKS with Cilium and LocalDNS',
    told: {
      nodes: [{ ...node, labels: { 'kubernetes.azure.com/cluster': 'a' } }],
      apiGroups: ['cilium.io'],
      dns: coreDns.told,
      apiServerPorts: [443],
    },
    dns: resolverOnNode('169.254.10.11'),
    apiServerPort: 443,
    hasEngine: isCilium,
  },
  {
    name: 'Cilium and an API server on 16443',
    told: {
      nodes: [node],
      apiGroups: ['cilium.io'],
      dns: coreDns.told,
      apiServerPorts: [16_443],
    },
    dns: coreDns.asked,
    apiServerPort: 16_443,
    hasEngine: isCilium,
  },
  {
    name: 'Cilium and a resolver on each node',
    told: {
      nodes: [node],
      apiGroups: ['cilium.io'],
      dns: { ...coreDns.told, networks: ['169.254.20.10/32'] },
      apiServerPorts: [6443],
    },
    dns: nodeLocalDns,
    apiServerPort: 6443,
    hasEngine: isCilium,
  },
  {
    name: 'a cluster that could not be asked, with whatever engine',
    told: { nodes: undefined, apiGroups: undefined, dns: undefined, apiServerPorts: undefined },
    dns: coreDns.asked,
    apiServerPort: 6443,
    hasEngine: () => true,
  },
];

/** A pod with an address in one of the networks. */
function podIn(network: string, namespace: string, labels = {}): Place {
  return { kind: 'pod', address: network.replace(/\d+\/.*/, '77'), namespace, labels };
}

/** What a router in a cluster may do, by its policy. */
function policyIn(config: Raw, { told }: Pick<Cluster, 'told'>, taskNetwork = '10.244.1.0/24') {
  const isUnasked = told.nodes === undefined && 'nodes' in told;
  const kubernetes = { context: 'test', ...(isUnasked ? { platform: 'other' } : {}) };
  // What nobody was told, keys have to say.
  const said = isUnasked ? { apiServerPorts: [6443] } : {};
  const networkPolicy = { ...said, ...(config['networkPolicy'] as Raw | undefined) };
  const stack = { ...config, kubernetes, networkPolicy };
  const settled = settledConfig(stack, isUnasked ? { ...told, version: undefined } : told);
  const networks = settled.router.taskNetworks ?? [taskNetwork];
  return {
    settled,
    networks,
    egress: egressRules(settled, networks) as readonly Rule[],
    ingress: ingressRules(settled) as readonly Rule[],
    warnings: policyWarnings(settled, networks),
  };
}

/** Where ClearML is, as a URL says it or the policy's networks do. */
function clearmlOf(url: string, networks: readonly string[], ports: readonly number[]): Connection {
  const { hostname, port, protocol } = new URL(url);
  const at = ports[0] ?? portOf(new URL(`${protocol}//h${port === '' ? '' : `:${port}`}`));
  const [, namespace] = /\.([^.]+)\.svc$/.exec(hostname) ?? [];
  if (namespace !== undefined) {
    const service = { address: '10.96.3.3', port: at };
    const other = { kind: 'pod', address: '10.244.0.8', namespace, labels: {} } as const;
    return { other, protocol: 'TCP', port: 8008, service };
  }
  const outside = networks[0]?.replace(/\d+\/.*/, '7') ?? '203.0.113.80';
  const address = /^[\d.]+$/.test(hostname) ? hostname : outside;
  return { other: { kind: 'outside', address }, protocol: 'TCP', port: at };
}

suite('the default policy', () => {
  for (const cluster of CLUSTERS) {
    for (const engine of ENGINES.filter((one) => cluster.hasEngine(one))) {
      test(`opens in ${cluster.name}, by ${engine.name}, all that each example needs`, () => {
        for (const { name, config } of examples()) {
          const { egress, ingress, networks, settled, warnings } = policyIn(config, cluster);
          const out = (connection: Connection): boolean =>
            passes(engine, settled.namespace.name, egress, connection);
          const { clearml, networkPolicy, router, tcpSession } = settled;
          assert.ok(out(cluster.dns), `${name}: DNS`);
          assert.ok(out({ ...cluster.dns, protocol: 'TCP' }), `${name}: DNS by TCP`);
          const [namespace = 'anywhere'] = router.verifyPods?.namespaces ?? [];
          const task = podIn(networks[0] ?? '', namespace === '*' ? 'anywhere' : namespace);
          assert.ok(out({ other: task, protocol: 'TCP', port: 8888 }), `${name}: a task`);
          if (asksApiServer(settled)) {
            const reached = out({
              other: NODE,
              protocol: 'TCP',
              port: cluster.apiServerPort,
              service: { address: '10.96.0.1', port: 443 },
            });
            // Whoever names networks of nodes where none is matched is warned.
            const isNamed = networkPolicy.apiServerNetworks.length > 0 && isCilium(engine);
            const isWarned = warnings.some((text) => text.includes('apiServerNetworks'));
            const isTold = settled.found.nodes !== undefined;
            assert.equal(reached, !isNamed, `${name}: the API server`);
            if (isNamed && isTold) assert.ok(isWarned, `${name}: the warning`);
          }
          const { apiServerUrlReference, proxy } = clearml;
          const { clearmlNetworks, clearmlPorts, proxyNetworks } = networkPolicy;
          const api =
            proxy === undefined
              ? clearmlOf(apiServerUrlReference, clearmlNetworks, clearmlPorts)
              : clearmlOf(proxy.url, proxyNetworks, []);
          assert.ok(out(api), `${name}: ClearML`);
          if (findsPeers(settled)) {
            const labels = namesOf(router.name).selector;
            const other = podIn('10.244.7.0/24', settled.namespace.name, labels);
            const peer = { other, protocol: 'TCP', port: OWN_PORTS.admin } as const;
            assert.ok(out(peer), `${name}: another replica`);
            assert.ok(
              passes(engine, settled.namespace.name, ingress, peer),
              `${name}: for another replica`,
            );
          }
          for (const port of tcpSession === undefined ? [] : [0, 1]) {
            const { end, start } = tcpSession?.portRange ?? { end: 0, start: 0 };
            const mapped = start < 1024 ? 20_000 : start;
            const at = port === 0 ? mapped : mapped + end - start;
            const user: Place = { kind: 'outside', address: '203.0.113.9' };
            assert.ok(
              passes(engine, settled.namespace.name, ingress, {
                other: user,
                protocol: 'TCP',
                port: at,
              }),
              `${name}: TCP port ${at}`,
            );
          }
        }
      });

      test(`keeps in ${cluster.name}, by ${engine.name}, everything else away`, () => {
        const isUnasked = cluster.told.apiGroups === undefined && 'apiGroups' in cluster.told;
        const strange: Place = { kind: 'outside', address: '203.0.113.80' };
        const metadata: Place = { kind: 'outside', address: '169.254.169.254' };
        for (const { name, config } of examples()) {
          const { egress, ingress, settled } = policyIn(config, cluster);
          const { namespace } = settled;
          const out = (connection: Connection): boolean =>
            passes(engine, namespace.name, egress, connection);
          assert.ok(!out({ other: strange, protocol: 'TCP', port: 22 }), `${name}: the internet`);
          assert.ok(!out({ other: metadata, protocol: 'TCP', port: 80 }), `${name}: metadata`);
          if (!isUnasked && (cluster.dns.other.kind === 'pod' || !isCilium(engine))) {
            assert.ok(!out({ other: strange, protocol: 'UDP', port: 53 }), `${name}: other DNS`);
          }
          const pod = podIn('10.244.1.0/24', 'anywhere');
          const { selector } = namesOf(settled.router.name);
          const namesake = podIn('10.244.1.0/24', 'anywhere', selector);
          for (const other of [pod, namesake, strange]) {
            for (const [what, at] of Object.entries(OWN_PORTS)) {
              if (what === 'http') continue;
              const asked = { other, protocol: 'TCP', port: at } as const;
              assert.ok(!passes(engine, namespace.name, ingress, asked), `${name}: ${what}`);
            }
          }
        }
      });
    }
  }
});

function clusterCalled(wanted: string): Pick<Cluster, 'told'> {
  return CLUSTERS.find(({ name }) => name === wanted) ?? { told: {} };
}

const kubeadm = clusterCalled('a cluster of kubeadm');
const cilium = clusterCalled('Cilium and an API server on 16443');
const here = { ...smallest, networkPolicy: {} };

function portsOf(rules: readonly Rule[], index: number): readonly (number | undefined)[] {
  return rules[index]?.ports?.map(({ port }) => port) ?? [];
}

suite('the way out', () => {
  test('to names is to pods and resolvers on the node, on the ports where they listen', () => {
    const both = (port: number) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port }));
    const names = (wanted: string) => policyIn(here, clusterCalled(wanted)).egress.slice(0, 2);
    const labels = openshiftDns.told.pods[0]?.labels;
    const onNode = { to: [{ ipBlock: { cidr: '169.254.0.0/16' } }], ports: both(53) };
    assert.deepEqual(names('OpenShift'), [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } },
            podSelector: { matchLabels: labels },
          },
        ],
        ports: both(5353),
      },
      onNode,
    ]);
    const anywhere = names('Cilium and a resolver on each node')[0];
    assert.deepEqual(anywhere, { ports: both(53) });
    const autoMode = { ...kubeadm.told, gitVersion: 'v1.33.4-eks-1' };
    const { egress: onNodes } = policyIn(here, {
      told: { ...autoMode, apiGroups: ['eks.amazonaws.com'] },
    });
    assert.deepEqual(onNodes[0], { ports: both(53) });
    const service = { ...coreDns.told, networks: ['169.254.20.10/32', '10.96.0.10/32'] };
    const { egress } = policyIn(here, { told: { ...kubeadm.told, dns: service } });
    assert.deepEqual(egress[1]?.to?.[1], { ipBlock: { cidr: '10.96.0.10/32' } });
  });

  test('to names is to the servers of the pod, too, and to any where the node names them', () => {
    const asks = (pod: Raw, told: Partial<Told>, address: string): readonly boolean[] => {
      const { egress, settled } = policyIn({ ...smallest, pod }, { told });
      const other: Place = address === NODE.address ? NODE : { kind: 'outside', address };
      return ENGINES.filter((engine) => isCilium(engine) === (told === cilium.told)).map((engine) =>
        passes(engine, settled.namespace.name, egress, { other, protocol: 'UDP', port: 53 }),
      );
    };
    const none = { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.53', NODE.address] } };
    const added = { dnsConfig: { nameservers: ['192.0.2.53'] } };
    for (const { told } of [kubeadm, cilium]) {
      for (const [pod, address] of [
        [none, '192.0.2.53'],
        [none, NODE.address],
        [added, '192.0.2.53'],
        [{ dnsPolicy: 'Default' }, '203.0.113.53'],
      ] as const) {
        assert.ok(asks(pod, told, address).every(Boolean), JSON.stringify([pod, address]));
      }
      assert.ok(!asks(added, told, '203.0.113.53').some(Boolean));
    }
  });

  test('names pods of tasks by namespace where their addresses are not matched, or config says so', () => {
    const tasks = (more: Raw, cluster = cilium) =>
      policyIn({ ...smallest, ...more }, cluster).egress[2]?.to;
    const block = { ipBlock: { cidr: '10.244.1.0/24' } };
    const named = (...values: readonly string[]) => ({
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }],
      },
    });
    const verifyPods = { namespaces: ['team'] };
    const taskNamespaces = { networkPolicy: { taskNamespaces: ['jobs'] } };
    assert.deepEqual(tasks({}), [block, { namespaceSelector: {} }]);
    assert.deepEqual(tasks({ router: { verifyPods } }), [
      block,
      named('team', 'task-traffic-router'),
    ]);
    assert.deepEqual(tasks({ router: { verifyPods: { namespaces: ['*'] } } }), [
      block,
      { namespaceSelector: {} },
    ]);
    assert.deepEqual(tasks({ router: { verifyPods }, ...taskNamespaces }), [
      block,
      named('team', 'jobs', 'task-traffic-router'),
    ]);
    assert.deepEqual(tasks({ router: { verifyPods } }, kubeadm), [block]);
    assert.deepEqual(tasks(taskNamespaces, kubeadm), [block, named('jobs', 'task-traffic-router')]);
  });

  test('to the API server is on the ports found, or those of config, and on that of its Service', () => {
    assert.deepEqual(portsOf(policyIn(here, cilium).egress, 4), [443, 16_443]);
    const networkPolicy = { apiServerPorts: [8443], apiServerNetworks: ['192.0.2.0/24'] };
    const { egress } = policyIn({ ...smallest, networkPolicy }, kubeadm);
    assert.deepEqual(portsOf(egress, 4), [443, 8443]);
    assert.deepEqual(egress[4]?.to, [{ ipBlock: { cidr: '192.0.2.0/24' } }]);
  });

  test('to ClearML at an address is open to that and to pods, unless it is a node that cannot be matched', () => {
    const at = (apiServerUrlReference: string): Raw => ({
      ...smallest,
      clearml: { ...smallest.clearml, apiServerUrlReference },
    });
    const [outside, onNode] = [at('http://192.0.2.7:8008'), at('http://172.18.0.2:30008')];
    const peers = [{ ipBlock: { cidr: '192.0.2.7/32' } }, { namespaceSelector: {} }];
    assert.deepEqual(policyIn(outside, kubeadm).egress[3]?.to, peers);
    assert.deepEqual(policyIn(outside, cilium).egress[3]?.to, peers);
    assert.equal(policyIn(onNode, kubeadm).egress[3]?.to?.length, 2);
    assert.equal(policyIn(onNode, cilium).egress[3]?.to, undefined);
    assert.deepEqual(portsOf(policyIn(onNode, cilium).egress, 3), [30_008, 8008]);
    const proxy = { url: 'http://192.0.2.8:3128' };
    const behind = { ...smallest, clearml: { ...smallest.clearml, proxy } };
    assert.deepEqual(policyIn(behind, kubeadm).egress[3]?.to?.[0], {
      ipBlock: { cidr: '192.0.2.8/32' },
    });
    assert.deepEqual(portsOf(policyIn(behind, kubeadm).egress, 3), [3128]);
  });

  test('ends with the rules of config, as they are', () => {
    const extraEgress = [{ to: [{ podSelector: {} }], ports: [{ port: 25 }] }];
    const extraIngress = [{ from: [{ podSelector: {} }] }];
    const { egress, ingress } = policyIn(
      { ...smallest, networkPolicy: { extraEgress, extraIngress } },
      kubeadm,
    );
    assert.deepEqual(egress.at(-1), extraEgress[0]);
    assert.deepEqual(ingress.at(-1), extraIngress[0]);
  });

  test('opens a proxy whose pods listen on another port than its Service by a rule of config', () => {
    const proxy = { url: 'http://proxy.egress.svc' };
    const to = [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'egress' } } },
    ];
    const extraEgress = [{ to, ports: [{ port: 3128 }] }];
    const behind = { ...smallest, clearml: { ...smallest.clearml, proxy } };
    const { egress } = policyIn({ ...behind, networkPolicy: { extraEgress } }, cilium);
    assert.deepEqual(egress.slice(-1), extraEgress);
    assert.deepEqual(
      egress.slice(-4).map(({ ports }) => ports?.map(({ port }) => port)),
      [[80], [443, 16_443], [OWN_PORTS.admin], [3128]],
    );
  });
});

suite('the way in', () => {
  const { hostName } = smallest.ingress;
  const subnets = { networkPolicy: { ingressNetworks: ['10.0.64.0/20'] } };
  const alb = { ingress: { hostName, controller: 'alb' } };
  const portRange = { start: 20_000, end: 20_001 };
  const nlb = { tcpSession: { portRange, service: { platform: 'aws-nlb' } } };
  const gkeIngress = { ingress: { hostName, controller: 'gke' } };
  const gkeGateway = {
    gateway: { enabled: true, controller: 'gke', parentRefs: [{ name: 'a' }] },
  };
  const atPort = (wanted: number, more: Raw): readonly Rule[] =>
    policyIn({ ...smallest, ...more }, kubeadm).ingress.filter(({ ports = [] }) =>
      ports.some(({ port }) => port === wanted),
    );
  const health = (more: Raw) => atPort(8081, more);
  const admin = (more: Raw) => atPort(8082, more);

  test('to the health port is for the load balancers that ask there, alone where their networks are known', () => {
    const ports = [{ protocol: 'TCP', port: 8081 }];
    const google = ['35.191.0.0/16', '130.211.0.0/22'].map((cidr) => ({ ipBlock: { cidr } }));
    const metrics = { networkPolicy: { metricsNamespaces: ['monitoring'] } };
    for (const nobody of [{}, metrics, subnets]) assert.deepEqual(health(nobody), []);
    for (const gke of [gkeIngress, gkeGateway]) {
      assert.deepEqual(health(gke), [{ from: google, ports }]);
      assert.deepEqual(health({ ...gke, ...metrics }), [{ from: google, ports }]);
    }
    for (const aws of [alb, nlb]) {
      const from = [{ ipBlock: { cidr: '10.0.64.0/20' } }];
      assert.deepEqual(health({ ...aws, ...subnets }), [{ from, ports }]);
      assert.deepEqual(health(aws), [{ ports }]);
      assert.deepEqual(policyIn({ ...smallest, ...aws }, kubeadm).warnings, []);
    }
  });

  test('to the admin port is for those who read metrics and its own pods alone, on every exposure', () => {
    const values = ['monitoring'];
    const namespaceSelector = {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }],
    };
    const ports = [{ protocol: 'TCP', port: 8082 }];
    const ownPods = {
      from: [{ podSelector: { matchLabels: namesOf('task-router').selector } }],
      ports,
    };
    const metricsNamespaces = values;
    for (const way of [{}, alb, nlb, { ...alb, ...nlb }, gkeIngress, gkeGateway]) {
      for (const { networkPolicy } of [subnets, { networkPolicy: {} }]) {
        assert.deepEqual(admin({ ...way, networkPolicy }), [ownPods], JSON.stringify(way));
        const read = { ...way, networkPolicy: { ...networkPolicy, metricsNamespaces } };
        assert.deepEqual(admin(read), [{ from: [{ namespaceSelector }], ports }, ownPods]);
      }
    }
    for (const alone of [
      { availability: { leaderElection: false } },
      { pod: { dnsPolicy: 'Default' } },
    ]) {
      assert.deepEqual(admin(alone), []);
    }
  });

  for (const engine of ENGINES) {
    test(`on AWS lets everybody ask for health and Prometheus alone for metrics, by ${engine.name}`, () => {
      const cluster = isCilium(engine) ? cilium : kubeadm;
      const inVpc: Place = { kind: 'outside', address: '10.0.64.7' };
      const outsider: Place = { kind: 'outside', address: '203.0.113.80' };
      const task = podIn('10.244.1.0/24', 'tasks');
      const prometheus = podIn('10.244.2.0/24', 'monitoring');
      for (const balancer of [alb, nlb]) {
        const opened = (more: Raw): readonly (readonly [boolean, boolean])[] => {
          const networkPolicy = { metricsNamespaces: ['monitoring'], ...more };
          const { ingress, settled } = policyIn(
            { ...smallest, ...balancer, networkPolicy },
            cluster,
          );
          return [inVpc, outsider, task, prometheus].map((other) => {
            const isOpen = (port: number): boolean =>
              passes(engine, settled.namespace.name, ingress, { other, protocol: 'TCP', port });
            return [isOpen(8081), isOpen(8082)];
          });
        };
        const [asks, reads, both, neither] = [
          [true, false],
          [false, true],
          [true, true],
          [false, false],
        ];
        assert.deepEqual(opened({}), [asks, asks, asks, both]);
        assert.deepEqual(opened({ metricsNamespaces: [] }), [asks, asks, asks, asks]);
        assert.deepEqual(opened(subnets.networkPolicy), [asks, neither, neither, reads]);
      }
    });
  }

  test('to the admin port is told of where it is closed to the Prometheus that is to read there', () => {
    const warned = (networkPolicy: Raw, way: Raw = {}) =>
      policyIn(
        { ...smallest, ...way, monitoring: { serviceMonitor: true }, networkPolicy },
        kubeadm,
      ).warnings;
    const unread = [
      'The NetworkPolicy keeps Prometheus away from the metrics that monitoring.serviceMonitor tells it to read: name its namespace in ' +
        'networkPolicy.metricsNamespaces.',
    ];
    for (const way of [{}, alb, nlb]) assert.deepEqual(warned({}, way), unread);
    assert.deepEqual(warned({ metricsNamespaces: ['monitoring'] }), []);
    assert.deepEqual(warned({ extraIngress: [{ ports: [{ port: 8082 }] }] }), []);
    assert.deepEqual(warned({ enabled: false }), []);
  });

  test('is refused where the class that the cluster tells makes namespaces a lock for everybody', () => {
    const ingressClasses = [{ name: 'web', controller: 'ingress.k8s.aws/alb', isDefault: true }];
    const networkPolicy = { ingressNamespaces: ['ingress'] };
    assert.throws(() => settledConfig({ ...smallest, networkPolicy }, { ingressClasses }), {
      code: 'config-invalid',
      message:
        /networkPolicy\.ingressNamespaces: keeps everybody out: with ingress\.controller alb HTTP comes/,
    });
  });

  test('to the TCP range is port by port where ranges may not be read', () => {
    const tcpSession = { routerAddress: 'a.b', portRange: { start: 20_000, end: 20_002 } };
    const config = { ...smallest, tcpSession };
    const range = [{ protocol: 'TCP', port: 20_000, endPort: 20_002 }];
    assert.deepEqual(policyIn(config, kubeadm).ingress[1]?.ports, range);
    assert.deepEqual(portsOf(policyIn(config, cilium).ingress, 1), [20_000, 20_001, 20_002]);
  });
});

suite('networks with pods or nodes', () => {
  const warned = (networkPolicy: Raw, cluster = cilium): readonly string[] =>
    policyIn({ ...smallest, networkPolicy }, cluster).warnings;

  test('are told where Cilium matches neither by address', () => {
    assert.deepEqual(warned({ apiServerNetworks: ['198.51.100.0/24', '172.18.0.0/16'] }), [
      'networkPolicy.apiServerNetworks holds 172.18.0.0/16, where pods or nodes are, and the network plugin is or may be Cilium, which ' +
        'matches neither by address: the policy opens nothing there. Leave it out, or name pods by their labels in networkPolicy.extraEgress.',
    ]);
    assert.match(
      warned({ clearmlNetworks: ['10.244.0.0/16'] }).join(),
      /^networkPolicy\.clearmlNetworks/,
    );
    assert.match(
      warned({ ingressNetworks: ['172.18.0.2/32'] }).join(),
      /^networkPolicy\.ingressNetworks .*extraIngress\.$/,
    );
  });

  test('are nobody’s trouble outside of the cluster, or where they are matched', () => {
    assert.deepEqual(warned({ clearmlNetworks: ['198.51.100.0/24'] }), []);
    assert.deepEqual(warned({ proxyNetworks: ['172.18.0.0/16'] }), []);
    assert.deepEqual(warned({ apiServerNetworks: ['172.18.0.0/16'] }, kubeadm), []);
  });
});
