/** A `pulumi up` that fails ends in time, says why, leaves the old pods serving, and is repaired by the next one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CoreV1Api } from '@kubernetes/client-node';
import type { ConfigMap } from '@pulumi/pulumi/automation/index.js';

import { userToken } from '../../lab/clearml/client.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { PROJECT, ROUTER_NAME, ROUTER_NAMESPACE } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { startLoad, troublesOf } from '../load/load.ts';
import { routerPods } from './router_pods.ts';
import { sessionOrSkip } from '../session_or_skip.ts';

/**
 * Seconds after which a rollout that fails is given up here: the program's own five minutes are too long for a test. A pull that
 * fails is known as such only after a while.
 */
const DEADLINES = { pull: 20, start: 10 };

const { signal } = new AbortController();

test('a failed update and its repair', async (t) => {
  const session = await sessionOrSkip(t, 'repair');
  if (session === undefined) return;
  const { answers, clearml, stack, target } = session;
  const core = target.config.makeApiClient(CoreV1Api);
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;

  const set = (values: ConfigMap): Promise<void> =>
    stack.setAllConfig(
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [`${PROJECT}:${key}`, value]),
      ),
      true,
    );
  const up = () => stackUp(stack, signal, () => undefined);

  /** Names of the router's pods that serve; those that never became ready are gone or on their way. */
  async function serving(): Promise<readonly string[]> {
    const pods = await routerPods(target.config);
    return pods.filter(({ isReady }) => isReady).map(({ name }) => name);
  }

  const [old] = await serving();
  assert.ok(old !== undefined);
  const load = await startLoad({
    endpoint: answers.endpoint,
    headers: () => ({ authorization }),
    tcp: { address: answers.tcpAddress, port: answers.tcpPort },
  });
  t.after(() => load.stop());

  /** Runs an update that has to fail; returns what it says. */
  async function failure(deadline: number): Promise<string> {
    await set({ 'availability.progressDeadlineSeconds': { value: String(deadline) } });
    const began = Date.now();
    const said = await up().then(
      () => assert.fail('it went well'),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const seconds = Math.round((Date.now() - began) / 1_000);
    t.diagnostic(`failed after ${seconds} s: ${said}`);
    // Told when the deadline is over, and not a minute later; all else of an `up` takes a third of that, or twice as long beside others.
    assert.ok(seconds < deadline + 45, `${seconds} s`);
    assert.deepEqual(await serving(), [old]);
    return said;
  }

  await t.test('an image that cannot be pulled', async () => {
    await set({ 'router.image': { value: 'registry.example.test/no/such:image' } });
    const said = await failure(DEADLINES.pull);
    assert.match(said, /registry\.example\.test\/no\/such:image/);
    assert.match(said, /ErrImagePull|ImagePullBackOff/);
  });

  await t.test('a wrong signing key: the pod names it', async () => {
    await stack.removeConfig(`${PROJECT}:router.image`, true);
    const wrong = Buffer.from('the key of another ClearML server').toString('base64url');
    await set({ 'clearml.jwksKey': { value: wrong, secret: true } });
    const said = await failure(DEADLINES.start);
    assert.match(said, /not ready/);
    const unready = (await routerPods(target.config)).find(
      ({ name, endBegan }) => name !== old && endBegan === undefined,
    );
    assert.ok(unready !== undefined);
    const log = await core.readNamespacedPodLog({
      namespace: ROUTER_NAMESPACE,
      name: unready.name,
    });
    assert.match(log, /signing|AUTH_BASE64_JWKS_KEY/);
  });

  await t.test('all the while the old pod has served, and its sessions are open', async () => {
    const report = await load.stop();
    assert.deepEqual(troublesOf(report), []);
    assert.equal(report.webSockets.alive, report.webSockets.opened);
    assert.equal(report.tcpSessions.alive, report.tcpSessions.opened);
    t.diagnostic(`${report.http.done} requests`);
  });

  await t.test('the corrected config repairs it, and nothing of the failure is left', async () => {
    const value = clearml.signingKey.base64url;
    await stack.removeConfig(`${PROJECT}:availability`);
    await set({ 'clearml.jwksKey': { value, secret: true } });
    await up();
    assert.equal((await serving()).length, 1);
    const labelSelector = `app.kubernetes.io/instance=${ROUTER_NAME}`;
    const secrets = await core.listNamespacedSecret({ namespace: ROUTER_NAMESPACE, labelSelector });
    assert.equal(secrets.items.length, 1);
    await waitFor(
      60,
      async () => ((await routerPods(target.config)).length === 1 ? true : undefined),
      () => Promise.resolve('there are pods of the failed updates still'),
    );
  });

  await t.test('the class of the load balancer: its Service alone is made anew', async () => {
    // The address is named, since nothing in this cluster serves the other class.
    await set({
      'tcpSession.routerAddress': { value: answers.tcpAddress },
      'tcpSession.service.loadBalancerClass': { value: 'example.test/other' },
    });
    const { steps } = await up();
    const shown = steps.map(({ op, resource }) => `${op} ${resource}`);
    assert.deepEqual(
      shown.filter((step) => step.includes('Service ')),
      [
        'delete-replaced Service task-router-tcp',
        'replace Service task-router-tcp',
        'create-replacement Service task-router-tcp',
      ],
    );
    assert.deepEqual(
      shown.filter((step) => /replace/.test(step) && !step.includes('Service ')),
      [],
    );
    const service = await core.readNamespacedService({
      namespace: ROUTER_NAMESPACE,
      name: `${ROUTER_NAME}-tcp`,
    });
    assert.equal(service.spec?.loadBalancerClass, 'example.test/other');
  });
});
