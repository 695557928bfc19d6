import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { sourceRangeWarnings } from '../../../infra/advice/source_ranges.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';

const HIDDEN = [
  'tcpSession.sourceRanges is held against addresses of nodes: tcpSession.service.externalTrafficPolicy Cluster hides the ' +
    "client's. Set tcpSession.service.externalTrafficPolicy to Local, or tcpSession.proxyProtocol where the load balancer can, or use " +
    'tcpSession.service.loadBalancerSourceRanges.',
];
const HIDDEN_BY_AWS = [
  'tcpSession.sourceRanges is held against addresses of the load balancer: targets that are pods get its own addresses. ' +
    'Set tcpSession.proxyProtocol, or use tcpSession.service.loadBalancerSourceRanges.',
];
const PASSED_BY =
  'tcpSession.service.loadBalancerSourceRanges is held by the load balancer alone: node ports, and the address of the Service inside ' +
  'of the cluster, lead past it. ';
const sourceRanges = ['203.0.113.0/24'];
const loadBalancerSourceRanges = sourceRanges;
const preserved = {
  'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes':
    'deregistration_delay.timeout_seconds=120, preserve_client_ip.enabled=true',
};

suite('source ranges of the router', () => {
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['are not given', {}, []],
    ['see nodes alone', { sourceRanges }, HIDDEN],
    [
      'see clients on their own node',
      { sourceRanges, service: { externalTrafficPolicy: 'Local' } },
      [],
    ],
    ['see what a PROXY header says', { sourceRanges, proxyProtocol: true }, []],
    [
      'see the load balancer of AWS through targets that are pods',
      { sourceRanges, service: { platform: 'aws-nlb', externalTrafficPolicy: 'Local' } },
      HIDDEN_BY_AWS,
    ],
    [
      'see clients through it where it is told to keep them',
      { sourceRanges, service: { platform: 'aws-nlb', annotations: preserved } },
      [],
    ],
    [
      'see whatever way from outside there is',
      { sourceRanges, routerAddress: '192.0.2.1', service: { type: 'ClusterIP' } },
      [],
    ],
    [
      'are not those of the load balancer, where nodes alone are seen',
      { service: { loadBalancerSourceRanges } },
      [
        `${PASSED_BY}Set tcpSession.service.externalTrafficPolicy to Local, or tcpSession.proxyProtocol where the load balancer can, so that the router checks them, too.`,
      ],
    ],
    [
      'cannot be seen behind a shared address but by a header',
      { service: { platform: 'metallb', sharingKey: 'all', loadBalancerSourceRanges } },
      [
        `${PASSED_BY}Set tcpSession.proxyProtocol where the load balancer can, so that the router checks them, too.`,
      ],
    ],
    [
      'are not those of AWS, where its load balancer is seen',
      { service: { platform: 'aws-nlb', loadBalancerSourceRanges } },
      [`${PASSED_BY}Set tcpSession.proxyProtocol, so that the router checks them, too.`],
    ],
    [
      'are not those of a load balancer that is not known',
      { service: { loadBalancerSourceRanges, externalTrafficPolicy: 'Local' } },
      [
        `${PASSED_BY}Set tcpSession.sourceRanges to the same networks where it leaves clients their addresses.`,
      ],
    ],
    [
      'are those of the load balancer as well, where clients are seen',
      { proxyProtocol: true, service: { loadBalancerSourceRanges } },
      [],
    ],
  ];
  for (const [title, session, expected] of cases) {
    test(title, () => {
      const { tcpSession } = parsedConfig({
        ...smallest,
        router: { trustedProxies: ['192.0.2.9/32'] },
        tcpSession: { portRange: { start: 30_000, end: 30_001 }, ...session },
      });
      assert.deepEqual(sourceRangeWarnings(tcpSession), expected);
    });
  }
});
