import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { internalSchemeWarnings } from '../../../infra/advice/internal_scheme.ts';
import { runStack } from '../stack_run.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';

const portRange = { start: 31_000, end: 31_001 };
const ALB = 'alb.ingress.kubernetes.io/scheme';
const NLB = 'service.beta.kubernetes.io/aws-load-balancer-scheme';

function warned(ofIngress: object, ofService: object): readonly string[] {
  const { hostName } = smallest.ingress;
  const ingress = { hostName, controller: 'alb', annotations: ofIngress };
  const service = { platform: 'aws-nlb', annotations: ofService };
  return internalSchemeWarnings(
    parsedConfig({ ...smallest, ingress, tcpSession: { portRange, service } }),
  );
}

const NLB_WARNING =
  'The NLB is reached from its VPC alone, unless its controller was told otherwise: set ' +
  `${NLB} in tcpSession.service.annotations to internet-facing, or to internal if that is meant.`;

suite('load balancers of AWS that are internal', () => {
  test('are told of where config does not say that they are meant to be', () => {
    assert.deepEqual(warned({}, {}), [
      `The ALB is reached from its VPC alone, unless its controller was told otherwise: set ${ALB} in ingress.annotations to ` +
        'internet-facing, or to internal if that is meant.',
      NLB_WARNING,
    ]);
  });

  test('are not where it does, nor elsewhere', () => {
    assert.deepEqual(warned({ [ALB]: 'internal' }, { [NLB]: 'internet-facing' }), []);
    const older = { 'service.beta.kubernetes.io/aws-load-balancer-internal': 'true' };
    assert.deepEqual(warned({ [ALB]: 'internal' }, older), []);
    const others = { ...smallest, tcpSession: { portRange, service: { platform: 'metallb' } } };
    assert.deepEqual(internalSchemeWarnings(parsedConfig(others)), []);
  });

  test('are told of by up', async () => {
    const service = { platform: 'aws-nlb' };
    const { outputs } = await runStack({ ...smallest, tcpSession: { portRange, service } });
    assert.ok(outputs.warnings.includes(NLB_WARNING));
  });
});
