import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nodeChecks } from '../../../../infra/checks/doctor/node_checks.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';
import { linesOf } from '../find.ts';

const nodes = ['192.0.2.1', '192.0.2.2'].map((address, index) => ({
  name: `node${index + 1}`,
  providerID: undefined,
  labels: { 'kubernetes.io/hostname': `node${index + 1}` },
  addresses: [address],
  hostNames: [`node${index + 1}.example.com`],
}));

suite('the look at the node of the TCP address', () => {
  const cases: readonly (readonly [string, string, string | undefined, readonly string[]])[] = [
    [
      'is content where the pod runs there',
      '192.0.2.1',
      'node1',
      ['✔ node of the TCP address: the router may run on node1, whose address users are told'],
    ],
    [
      'tells another one, by its address',
      '192.0.2.2',
      'node1',
      [
        '✖ node of the TCP address: 192.0.2.2 is node node2, where pod.nodeSelector lets no pod of the router run',
        '    Set pod.nodeSelector to labels of node2, or tcpSession.service.externalTrafficPolicy to Cluster.',
      ],
    ],
    [
      'tells another one, by its name',
      'node2',
      'node1',
      [
        '✖ node of the TCP address: node2 is node node2, where pod.nodeSelector lets no pod of the router run',
        '    Set pod.nodeSelector to labels of node2, or tcpSession.service.externalTrafficPolicy to Cluster.',
      ],
    ],
    [
      'tells another one, by its name of DNS',
      'node2.example.com',
      'node1',
      [
        '✖ node of the TCP address: node2.example.com is node node2, where pod.nodeSelector lets no pod of the router run',
        '    Set pod.nodeSelector to labels of node2, or tcpSession.service.externalTrafficPolicy to Cluster.',
      ],
    ],
    [
      'cannot tell by a name that is no node’s',
      'ssh.example.com',
      'node1',
      ['✔ node of the TCP address: ssh.example.com is the address of no single node'],
    ],
  ];
  const stack = (routerAddress: string, hostname: string | undefined, policy: string) =>
    parsedConfig({
      ...smallest,
      pod: { nodeSelector: hostname === undefined ? {} : { 'kubernetes.io/hostname': hostname } },
      tcpSession: {
        routerAddress,
        portRange: { start: 30_000, end: 30_001 },
        service: { type: 'NodePort', externalTrafficPolicy: policy },
      },
    });
  for (const [title, address, hostname, expected] of cases) {
    test(title, async () => {
      const { lines } = await linesOf(nodeChecks(stack(address, hostname, 'Local'), nodes));
      assert.deepEqual(lines, expected);
    });
  }

  test('cannot tell where the nodes could not be asked', async () => {
    const { lines } = await linesOf(nodeChecks(stack('192.0.2.2', 'node1', 'Local'), undefined));
    assert.deepEqual(lines, [
      '• node of the TCP address: the nodes could not be asked',
      '    See that pod.nodeSelector has a pod of the router run where 192.0.2.2 leads.',
    ]);
  });

  test('does not look where every node answers', () => {
    assert.deepEqual(nodeChecks(stack('192.0.2.2', 'node1', 'Cluster'), nodes), []);
  });
});
