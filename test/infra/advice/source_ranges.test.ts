import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { sourceRangeWarnings } from '../../../infra/advice/source_ranges.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';

const HIDDEN = [
  'tcpSession.sourceRanges is held against addresses of nodes: tcpSession.service.externalTrafficPolicy Cluster hides the ' +
    "client's. Set that to Local, or tcpSession.proxyProtocol where the load balancer can, or use " +
    'tcpSession.service.loadBalancerSourceRanges.',
];
const sourceRanges = ['203.0.113.0/24'];

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
      'see clients through targets that are pods',
      { sourceRanges, service: { platform: 'aws-nlb' } },
      [],
    ],
    [
      'see whatever way from outside there is',
      { sourceRanges, routerAddress: '192.0.2.1', service: { type: 'ClusterIP' } },
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
