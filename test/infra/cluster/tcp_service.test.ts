import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { askCluster } from '../../../infra/cluster/facts.ts';
import { tcpServicePlace } from '../../../infra/config/decisions/ports.ts';
import { parsedConfig } from '../parsed_config.ts';
import { guide, smallest } from '../stacks.ts';
import { clusterAnswering, Refusal } from './stand_in.ts';

const PATH =
  '/api/v1/namespaces/clearml/services?labelSelector=' +
  encodeURIComponent(
    'app.kubernetes.io/name=task-traffic-router,app.kubernetes.io/instance=task-router',
  );

function service(name: string, type: string, annotations?: object) {
  return { metadata: { name, annotations }, spec: { type } };
}

suite('the Service for TCP that is there', () => {
  const tcpService = tcpServicePlace(parsedConfig({ ...guide, namespace: { name: 'clearml' } }));

  test('is told where it has a load balancer, whatever its first port', async (context) => {
    const http = service('task-router', 'LoadBalancer');
    const first = service('task-router-tcp-31000', 'LoadBalancer', { a: 'b' });
    const { kubeconfig } = await clusterAnswering(context, { [PATH]: { items: [http, first] } });
    const facts = await askCluster({ kubeconfig, context: 'here' }, { tcpService });
    assert.deepEqual(facts.tcpService, {
      name: 'task-router-tcp-31000',
      annotations: { a: 'b' },
      loadBalancerClass: undefined,
    });
  });

  test('is none of another type, or in an empty namespace', async (context) => {
    const items = [service('task-router-tcp', 'NodePort')];
    for (const answer of [{ items }, { items: [] }]) {
      const { kubeconfig } = await clusterAnswering(context, { [PATH]: answer });
      const facts = await askCluster({ kubeconfig, context: 'here' }, { tcpService });
      assert.equal(facts.tcpService, 'none');
    }
  });

  test('is not known to whoever may not list Services', async (context) => {
    const { kubeconfig } = await clusterAnswering(context, { [PATH]: new Refusal(403, 'no') });
    const facts = await askCluster({ kubeconfig, context: 'here' }, { tcpService });
    assert.equal(facts.tcpService, undefined);
    assert.match(facts.trouble ?? '', /TCP Service: 403 no/);
  });

  test('is not asked for without a load balancer', () => {
    assert.equal(tcpServicePlace(parsedConfig(smallest)), undefined);
  });
});
