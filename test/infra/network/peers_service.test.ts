import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ofKind, runStack } from '../stack_run.ts';
import { smallest } from '../stacks.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The Service by which replicas find each other, if there is one, and the name that the router is given. */
async function found(more: Raw) {
  const run = await runStack({ ...smallest, ...more });
  const [service] = ofKind(run, 'core/v1:Service').filter(({ name }) => name.endsWith('-peers'));
  const [deployment] = ofKind(run, 'apps/v1:Deployment');
  const text = JSON.stringify(deployment?.inputs);
  return { run, service, host: /"name":"PEERS_HOST","value":"([^"]+)"/.exec(text)?.[1] };
}

suite('the Service of the router’s own pods', () => {
  test('is named as the router is told, and names pods that are not ready, too', async () => {
    const { service, host } = await found({ router: { name: 'gpu-router' } });
    assert.equal(host, 'gpu-router-peers');
    assert.equal(service?.name, host);
    assert.deepEqual(service?.inputs['spec'], {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: {
        'app.kubernetes.io/name': 'task-traffic-router',
        'app.kubernetes.io/instance': 'gpu-router',
      },
      ports: [{ name: 'admin', port: 8082, targetPort: 'admin', protocol: 'TCP' }],
    });
  });

  test('is not there where one pod runs at a time, or pods do not ask the DNS of the cluster', async () => {
    const alone = { availability: { leaderElection: false } };
    for (const config of [alone, { pod: { dnsPolicy: 'Default' } }]) {
      const { service, host } = await found(config);
      assert.deepEqual([service, host], [undefined, undefined], JSON.stringify(config));
    }
  });

  test('needs no right on the API', async () => {
    const { run } = await found({});
    const rights = ofKind(run, 'rbac.authorization.k8s.io/v1:Role').map(({ inputs }) => inputs);
    assert.doesNotMatch(JSON.stringify(rights), /services|endpoint(s|slices)"/);
  });
});
