import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { runStack } from '../../stack_run.ts';
import { smallest } from '../../stacks.ts';

async function routeSpec(gateway: object): Promise<Record<string, unknown>> {
  const config = { enabled: true, parentRefs: [{ name: 'public' }], ...gateway };
  const { resources } = await runStack({ ...smallest, gateway: config });
  const route = resources.find(({ inputs }) => inputs['kind'] === 'HTTPRoute');
  return route?.inputs['spec'] as Record<string, unknown>;
}

suite('an HTTPRoute', () => {
  const limits: readonly (readonly [title: string, gateway: object, timeouts: unknown])[] = [
    ['takes away the time limit of the Gateway', {}, { request: '0s' }],
    ['has the time limit of config', { requestTimeout: '1h' }, { request: '1h' }],
    ['leaves the time limit to the Gateway', { requestTimeout: 'none' }, undefined],
    ['leaves it to the policy of GKE', { controller: 'gke' }, undefined],
    [
      'has that of config on GKE, too',
      { controller: 'gke', requestTimeout: '1h' },
      { request: '1h' },
    ],
  ];
  for (const [title, gateway, timeouts] of limits) {
    test(title, async () => {
      const { rules } = await routeSpec(gateway);
      const [rule] = rules as readonly { timeouts?: unknown }[];
      assert.deepEqual(rule?.timeouts, timeouts);
    });
  }

  test('attaches to what config names, of whatever kind it is', async () => {
    const parentRefs = [
      { group: 'gateway.networking.k8s.io', kind: 'ListenerSet', name: 'tasks', port: 443 },
    ];
    assert.deepEqual((await routeSpec({ parentRefs }))['parentRefs'], parentRefs);
  });
});
