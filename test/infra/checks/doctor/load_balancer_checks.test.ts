import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { loadBalancerChecks } from '../../../../infra/checks/doctor/load_balancer_checks.ts';
import { type Answers, clusterAnswering } from '../../cluster/stand_in.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';
import { linesOf } from '../find.ts';

const portRange = { start: 20_000, end: 20_009 };
const metallb: Answers = { '/apis/metallb.io': { versions: [{ version: 'v1beta1' }] } };

/** The DaemonSets that K3s has with its Traefik. */
function daemonSets(...labels: readonly string[]): Answers {
  const items = labels.map((label) => ({
    metadata: { name: 'svclb-traefik-1a2b3c', labels: { [label]: 'traefik' } },
  }));
  return { '/apis/apps/v1/namespaces/kube-system/daemonsets': { items } };
}

const K3S = 'svccontroller.k3s.cattle.io/svcname';

suite('the look at the load balancers of the cluster', () => {
  const cases: readonly (readonly [string, object, Answers, readonly string[]])[] = [
    [
      'tells two of them that would serve one Service',
      { tcpSession: { portRange } },
      { ...metallb, ...daemonSets('app', K3S) },
      [
        '✖ load balancers: MetalLB and ServiceLB (DaemonSet kube-system/svclb-traefik-1a2b3c) would both give the Service an address',
        '    Start the servers of the cluster with --disable servicelb, where MetalLB is to serve it.',
      ],
    ],
    [
      'does so for HTTP',
      { service: { type: 'LoadBalancer' } },
      { ...metallb, ...daemonSets('svccontroller.rke2.cattle.io/svcname') },
      [
        '✖ load balancers: MetalLB and ServiceLB (DaemonSet kube-system/svclb-traefik-1a2b3c) would both give the Service an address',
        '    Start the servers of the cluster with --disable servicelb, where MetalLB is to serve it.',
      ],
    ],
    [
      'is content with MetalLB alone',
      { tcpSession: { portRange } },
      { ...metallb, ...daemonSets('app') },
      ['✔ load balancers: MetalLB alone'],
    ],
    [
      'is content with ServiceLB alone',
      { tcpSession: { portRange } },
      daemonSets(K3S),
      ['✔ load balancers: no two of them are seen'],
    ],
    [
      'does not look where a class says who serves it',
      { tcpSession: { portRange, service: { loadBalancerClass: 'metallb' } } },
      { ...metallb, ...daemonSets(K3S) },
      [],
    ],
    ['does not look where there is no load balancer', {}, { ...metallb, ...daemonSets(K3S) }, []],
  ];
  for (const [title, config, answers, expected] of cases) {
    test(title, async (context) => {
      const { reader } = await clusterAnswering(context, answers);
      const checks = loadBalancerChecks(parsedConfig({ ...smallest, ...config }), reader);
      assert.deepEqual((await linesOf(checks)).lines, expected);
    });
  }
});
