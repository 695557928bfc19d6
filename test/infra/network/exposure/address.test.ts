import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ofKind, type RunOptions, runStack } from '../../stack_run.ts';
import { smallest } from '../../stacks.ts';

async function addressOf(config: object, options: RunOptions = {}): Promise<unknown> {
  const { shownOutputs } = await runStack({ ...smallest, ...config }, options);
  return (shownOutputs as { httpAddress: unknown }).httpAddress;
}

const named = { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } };

suite('the address that leads HTTP in', () => {
  test('is that of the load balancer of the Service', async () => {
    const service = { type: 'LoadBalancer' };
    assert.equal(await addressOf({ service }), '192.0.2.10');
    assert.equal(await addressOf({ service }, { serviceStatus: named }), 'lb.example.com');
  });

  test('is the one that the controller reports for the Ingress, once it does', async () => {
    assert.equal(await addressOf({}, { ingressStatus: named }), 'lb.example.com');
    assert.equal(await addressOf({}, { ingressStatus: { loadBalancer: {} } }), null);
    assert.equal(await addressOf({}), null);
  });

  test('is unknown where others made what has it', async () => {
    const gateway = { enabled: true, parentRefs: [{ name: 'public' }] };
    assert.equal(await addressOf({ gateway }), null);
    assert.equal(await addressOf({ service: { type: 'NodePort' } }), null);
    assert.equal(await addressOf({ ingress: { ...smallest.ingress, enabled: false } }), null);
    assert.equal(await addressOf({ openshiftRoute: { enabled: true } }), null);
  });

  test('is waited for where a load balancer has to give it, unless config says otherwise', async () => {
    const waitOf = async (service: object): Promise<unknown> => {
      const run = await runStack({ ...smallest, service });
      const [http] = ofKind(run, 'core/v1:Service').filter(({ name }) => name === 'task-router');
      const metadata = http?.inputs['metadata'];
      return (metadata as { annotations?: unknown } | undefined)?.annotations;
    };
    const waitFor = { 'pulumi.com/waitFor': 'jsonpath={.status.loadBalancer.ingress}' };
    const skip = { 'pulumi.com/skipAwait': 'true' };
    assert.deepEqual(await waitOf({ type: 'LoadBalancer' }), waitFor);
    assert.deepEqual(await waitOf({ type: 'LoadBalancer', annotations: skip }), {
      ...waitFor,
      ...skip,
    });
    assert.deepEqual(await waitOf({ type: 'NodePort' }), skip);
  });
});
