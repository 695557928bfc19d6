import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { neighbourProblems } from '../../../infra/config/reading/neighbours.ts';
import { examples } from '../examples.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Problems of a stack beside one other, called b. */
function problems(config: Raw, other: Raw): string[] {
  return neighbourProblems(config, [{ stack: 'b', path: 'Pulumi.b.yaml', config: other }]).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

/** Another name than a stack has that says none. */
const named = { router: { name: 'other' } };
const here = { kubernetes: { context: 'here' } };

function range(start: number, end: number, more: Raw = {}): Raw {
  return { tcpSession: { portRange: { start, end }, ...more } };
}

const nodePorts = { service: { type: 'NodePort' } };

const cases: readonly {
  readonly name: string;
  readonly config: Raw;
  readonly other: Raw;
  readonly expected: readonly string[];
}[] = [
  {
    name: 'ranges that overlap at one address, whatever the clusters are called',
    config: range(20_000, 20_009, { routerAddress: 'ssh.example.com' }),
    other: { ...here, ...range(20_009, 20_019, { routerAddress: 'SSH.example.com' }) },
    expected: [
      'tcpSession.portRange: 20000 to 20009 overlaps with 20009 to 20019 of stack b, at the same address ssh.example.com; give each router ports of its own',
    ],
  },
  {
    name: 'ranges that overlap at one address that a load balancer is asked for',
    config: range(20_000, 20_009, { service: { loadBalancerIP: '10.0.0.9' } }),
    other: range(20_000, 20_000, { routerAddress: '10.0.0.9' }),
    expected: [
      'tcpSession.portRange: 20000 to 20009 overlaps with 20000 of stack b, at the same address 10.0.0.9; give each router ports of its own',
    ],
  },
  {
    name: 'ranges that overlap on the node ports of one cluster',
    config: { ...here, ...named, ...range(30_000, 30_009, nodePorts) },
    other: { ...here, ...range(30_005, 30_019, nodePorts) },
    expected: [
      'tcpSession.portRange: 30000 to 30009 overlaps with 30005 to 30019 of stack b (tcpSession.portRange): a node port belongs to one Service of a cluster; if these are two clusters, set kubernetes.clusterUid in both stacks',
    ],
  },
  {
    name: 'the node port of HTTP inside of a range of node ports',
    config: { ...here, ...named, service: { type: 'NodePort', nodePort: 30_007 } },
    other: { ...here, ...range(30_005, 30_019, nodePorts) },
    expected: [
      'service.nodePort: 30007 overlaps with 30005 to 30019 of stack b (tcpSession.portRange): a node port belongs to one Service of a cluster; if these are two clusters, set kubernetes.clusterUid in both stacks',
    ],
  },
  {
    name: 'one name in one namespace of one cluster, said or left out',
    config: { ...here, router: { name: 'task-router' } },
    other: { ...here, namespace: { name: 'task-traffic-router' } },
    expected: [
      'router.name: stack b has a router of the same name in the same namespace of the same cluster; give one of them another name, or, if these are two clusters, set kubernetes.clusterUid in both stacks',
    ],
  },
];

/** What looks alike and is no clash. */
const harmless: readonly (readonly [name: string, config: Raw, other: Raw])[] = [
  ['one name in two namespaces', here, { ...here, namespace: { name: 'other' } }],
  ['one name in two clusters', here, { kubernetes: { context: 'there' } }],
  ['one name in clusters that are not named', {}, {}],
  [
    'one name in clusters whose contexts are called alike',
    { kubernetes: { context: 'default', clusterUid: 'a' } },
    { kubernetes: { context: 'default', clusterUid: 'b' } },
  ],
  [
    'node ports of two clusters',
    { ...here, ...range(30_000, 30_009, nodePorts) },
    { kubernetes: { context: 'there' }, ...range(30_000, 30_009, nodePorts) },
  ],
  ['ranges behind load balancers of their own', range(1, 9), range(1, 9)],
  [
    'ranges side by side',
    range(20_000, 20_009, { routerAddress: 'a' }),
    range(20_010, 20_019, { routerAddress: 'a' }),
  ],
  [
    'what cannot be read',
    range(1, 9, { routerAddress: 'a' }),
    { tcpSession: { secure: 'v1:x' }, kubernetes: 7, router: 'x' },
  ],
];

suite('stacks of one project', () => {
  for (const { config, expected, name, other } of cases) {
    test(`tell of ${name}`, () => {
      assert.deepEqual(problems(config, other), expected);
    });
  }

  for (const [name, config, other] of harmless) {
    test(`take no offence at ${name}`, () => {
      const own = { ...named, ...config };
      assert.deepEqual(problems(name.startsWith('one name') ? config : own, other), []);
    });
  }

  test('as the examples are, two tenants of one cluster do not clash', () => {
    const [a, b] = examples().filter(({ name }) => name.startsWith('tenant-'));
    assert.ok(a !== undefined && b !== undefined);
    assert.deepEqual(problems(a.config, b.config), []);
    assert.equal(problems(a.config, a.config).length, 2);
  });
});
