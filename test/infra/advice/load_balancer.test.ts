import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { loadBalancerWarnings } from '../../../infra/advice/load_balancer.ts';
import { settledConfig } from '../settled_config.ts';
import { smallest } from '../stacks.ts';

const portRange = { start: 31_000, end: 31_001 };

function warned(service: object, apiGroups: readonly string[] | undefined): readonly string[] {
  const config = { ...smallest, tcpSession: { portRange, service } };
  return loadBalancerWarnings(settledConfig(config, { gitVersion: 'v1.33.4-eks-1', apiGroups }));
}

const LACK =
  'The cluster serves neither elbv2.k8s.aws nor eks.amazonaws.com, so that it has no AWS Load Balancer Controller and no Auto Mode: ';

suite('advice about load balancers of AWS without a controller', () => {
  test('tells of the classic one, and what to do', () => {
    const text =
      LACK +
      "the TCP range gets a classic load balancer, which hides clients' addresses and connects to a task every few seconds to see whether " +
      'it is alive. Install the controller, or set tcpSession.service.externalTrafficPolicy to Local.';
    assert.deepEqual(warned({}, []), [text]);
    assert.deepEqual(warned({ externalTrafficPolicy: 'Local' }, []), []);
  });

  test('tells of a Service that nobody serves', () => {
    assert.deepEqual(warned({ platform: 'aws-nlb' }, []), [
      `${LACK}a Service with tcpSession.service.platform aws-nlb gets no address. Install the controller first.`,
    ]);
  });

  test('tells of the classic one of any cluster on AWS, unless another is named', () => {
    const nodes = [{ name: 'one', providerID: 'aws:///eu-central-1a/i-0', labels: {} }];
    const warnedOn = (service: object) => {
      const config = { ...smallest, tcpSession: { portRange, service } };
      return loadBalancerWarnings(settledConfig(config, { nodes }));
    };
    assert.match(warnedOn({}).join(), /the TCP range gets a classic load balancer/);
    assert.deepEqual(warnedOn({ platform: 'metallb' }), []);
  });

  test('says nothing where there is one, where that is not known, and where config names a class', () => {
    for (const group of ['elbv2.k8s.aws', 'eks.amazonaws.com']) {
      assert.deepEqual(warned({}, [group]), []);
    }
    assert.deepEqual(warned({ platform: 'aws-nlb' }, undefined), []);
    assert.deepEqual(warned({ loadBalancerClass: 'eks.amazonaws.com/nlb' }, []), []);
  });
});
