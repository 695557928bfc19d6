import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nextSteps } from '../../../infra/advice/next_steps.ts';
import { tcpRangeWarnings } from '../../../infra/advice/tcp_range.ts';
import { parsedConfig } from '../parsed_config.ts';
import { settledConfig } from '../settled_config.ts';
import { smallest } from '../stacks.ts';

const OPEN =
  'TCP ports know no sign-in: whoever reaches a port reaches its task. tcpSession.service.loadBalancerSourceRanges narrows who can.';

function configOf(session: object, ports = 2): ReturnType<typeof parsedConfig> {
  const portRange = { start: 30_000, end: 30_000 + ports - 1 };
  const router = { access: { default: 'visible' } };
  return parsedConfig({ ...smallest, router, tcpSession: { portRange, ...session } });
}

suite('advice about the TCP range', () => {
  test('names what narrows an open range, by its Service', () => {
    assert.deepEqual(tcpRangeWarnings(configOf({}).tcpSession), [OPEN]);
    const ports = { service: { type: 'NodePort' }, routerAddress: 'node.example.com' };
    assert.deepEqual(tcpRangeWarnings(configOf(ports).tcpSession), [
      'TCP ports know no sign-in: whoever reaches a port reaches its task. A firewall narrows who can.',
    ]);
  });

  test('says nothing of one that is narrowed, at the load balancer or in the router, and of none', () => {
    const ranges = ['203.0.113.0/24'];
    assert.deepEqual(tcpRangeWarnings(configOf({ sourceRanges: ranges }).tcpSession), []);
    const service = { loadBalancerSourceRanges: ranges };
    assert.deepEqual(tcpRangeWarnings(configOf({ service }).tcpSession), []);
    assert.deepEqual(tcpRangeWarnings(undefined), []);
  });

  test('repeats it among the next steps of a long range', () => {
    const stepsOf = (ports: number, session = {}) => nextSteps(configOf(session, ports), 'dev');
    assert.deepEqual(
      stepsOf(21).filter((step) => step.includes('TCP')),
      [`Narrow who reaches the 21 TCP ports. ${OPEN}`],
    );
    for (const steps of [stepsOf(20), stepsOf(21, { sourceRanges: ['203.0.113.0/24'] })]) {
      assert.doesNotMatch(steps.join(), /TCP/);
    }
  });

  test('tells of health checks that end in tasks', () => {
    const sourceRanges = ['203.0.113.0/24'];
    const session = (service: object) =>
      settledConfig({
        ...smallest,
        tcpSession: { portRange: { start: 30_000, end: 30_001 }, sourceRanges, service },
      }).tcpSession;
    const dialled = session({ platform: 'aks', externalTrafficPolicy: 'Cluster' });
    assert.deepEqual(tcpRangeWarnings(dialled), [
      'With tcpSession.service.externalTrafficPolicy Cluster the load balancer connects to each port of each node every few seconds, ' +
        'and through it to each task; an SSH server that counts such connections (OpenSSH from 9.8 on) locks everybody out. Set it to Local.',
    ]);
    assert.deepEqual(tcpRangeWarnings(session({ platform: 'aks' })), []);
    assert.deepEqual(tcpRangeWarnings(session({ platform: 'gke' })), []);
  });

  test('tells of an address that users are told and nothing asks for', () => {
    const [warning, ...others] = tcpRangeWarnings(
      configOf({ routerAddress: '192.0.2.7', sourceRanges: ['203.0.113.0/24'] }).tcpSession,
    );
    assert.match(warning ?? '', /^tcpSession\.routerAddress 192\.0\.2\.7 is what users are told/);
    assert.deepEqual(others, []);
    const annotations = { 'metallb.io/allow-shared-ip': 'a' };
    const shared = configOf({
      routerAddress: '192.0.2.7',
      sourceRanges: ['203.0.113.0/24'],
      service: { annotations },
    });
    assert.deepEqual(tcpRangeWarnings(shared.tcpSession), [warning]);
    const service = { loadBalancerIP: '192.0.2.7', loadBalancerSourceRanges: ['203.0.113.0/24'] };
    const asked = configOf({ routerAddress: '192.0.2.7', service });
    assert.deepEqual(tcpRangeWarnings(asked.tcpSession), []);
  });
});
