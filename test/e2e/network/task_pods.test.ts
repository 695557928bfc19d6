/** The router follows the pods of a real API server, with the rights that the program gives it and no others. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

import { CoreV1Api, type KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';

import type { KubernetesApiOptions } from '../../../router/kubernetes/api.ts';
import { createKubernetesApi } from '../../../router/kubernetes/api.ts';
import { createPodWatch } from '../../../router/kubernetes/pod_watch.ts';
import { createTaskPods } from '../../../router/routes/asks/task_pods.ts';
import { examples } from '../../infra/examples.ts';
import { objectsOf } from '../../infra/manifests.ts';
import { runStack } from '../../infra/stack_run.ts';
import { startApiServerAlone } from '../../lab/cluster/api_server_alone.ts';
import { eventually, keepLog } from '../../support/installation.ts';
import { toolsOrSkip } from '../availability.ts';

const DIRECTORY = resolve(import.meta.dirname, '../../../.work/e2e-task-pods');
/** Where the example of a tenant puts its router, and where that looks at pods. */
const ROUTER_NAMESPACE = 'clearml';
const TASK_NAMESPACE = 'tenant-a-cpu';
const NAMESPACES = [ROUTER_NAMESPACE, TASK_NAMESPACE, 'tenant-a-gpu'];
const ROUTER = 'tenant-a';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

/** Makes the account and the rights that the example has, as `pulumi up` would. */
async function grantRights(config: KubeConfig): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  for (const name of NAMESPACES) await core.createNamespace({ body: { metadata: { name } } });
  const example = examples().find(({ name }) => name === ROUTER);
  assert.ok(example !== undefined);
  const kinds = ['ServiceAccount', 'Role', 'RoleBinding'];
  const objects = objectsOf(await runStack(example.config));
  const api = KubernetesObjectApi.makeApiClient(config);
  for (const kind of kinds) {
    for (const object of objects.filter((made) => made['kind'] === kind)) await api.create(object);
  }
}

/** How the router would reach the API server from its pod. */
async function asTheRouter(
  t: TestContext,
  config: KubeConfig,
): Promise<Omit<KubernetesApiOptions, 'needs'>> {
  const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    name: ROUTER,
    namespace: ROUTER_NAMESPACE,
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  });
  const { caData = '', server } = config.getCurrentCluster() ?? { server: '' };
  const folder = mkdtempSync(join(tmpdir(), 'service-account-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')];
  writeFileSync(caFile, Buffer.from(caData, 'base64'));
  writeFileSync(tokenFile, status?.token ?? '');
  const { hostname: host, port } = new URL(server);
  return { host, port: Number(port), caFile, tokenFile };
}

test('an address is known as that of a pod, from a real API server', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools?.cluster === undefined) return;
  const { config, stop } = await startApiServerAlone(DIRECTORY, tools.cluster);
  t.after(stop);
  await grantRights(config);
  const place = await asTheRouter(t, config);
  const core = config.makeApiClient(CoreV1Api);

  /** Says what a kubelet would say of a pod. */
  const report = async (name: string, ip: string, phase: string): Promise<void> => {
    await core.patchNamespacedPodStatus({
      name,
      namespace: TASK_NAMESPACE,
      body: [
        { op: 'add', path: '/status/podIPs', value: [{ ip }] },
        { op: 'add', path: '/status/podIP', value: ip },
        { op: 'replace', path: '/status/phase', value: phase },
      ],
    });
  };
  const run = async (name: string, ip: string): Promise<void> => {
    const containers = [{ name: 'task', image: 'none' }];
    const body = { metadata: { name }, spec: { containers } };
    await core.createNamespacedPod({ namespace: TASK_NAMESPACE, body });
    await report(name, ip, 'Running');
  };

  await run(`clearml-id-${A}`, '10.0.0.1');
  const {
    refusal,
    start,
    stop: unfollow,
    problems,
  } = createTaskPods({
    namespaces: NAMESPACES.filter((name) => name !== ROUTER_NAMESPACE),
    namePrefix: 'clearml-id-',
    strict: false,
    log: keepLog().log,
    watch: (namespace, observer) => {
      const needs = `list and watch on pods in namespace ${namespace}`;
      return createPodWatch(createKubernetesApi({ ...place, needs }), namespace, observer);
    },
  });
  t.after(unfollow);
  start();
  const isRefused = (taskId: string, address: string): boolean =>
    refusal(taskId, address) !== undefined;

  await t.test('of those that were there', async () => {
    await eventually(() => !isRefused(A, '192.0.2.1'), 'the lists');
    assert.equal(isRefused(A, '10.0.0.1'), false);
    assert.equal(isRefused(B, '10.0.0.1'), true);
  });

  await t.test('of one that came, and of it no more once it ended', async () => {
    await run('mysql', '10.0.0.5');
    await eventually(() => isRefused(A, '10.0.0.5'), 'the new pod');
    await report('mysql', '10.0.0.5', 'Succeeded');
    await eventually(() => !isRefused(A, '10.0.0.5'), 'its end');
  });

  await t.test('with no right to anything else', async () => {
    const api = createKubernetesApi({ ...place, needs: 'nothing' });
    t.after(api.close);
    const pod = `/api/v1/namespaces/${TASK_NAMESPACE}/pods/clearml-id-${A}`;
    const others = [pod, `${pod}/log`, `/api/v1/namespaces/${TASK_NAMESPACE}/secrets`];
    for (const path of [...others, '/api/v1/pods', `/api/v1/namespaces/${ROUTER_NAMESPACE}/pods`]) {
      await assert.rejects(api.call({ method: 'GET', path }), /status 403/, path);
    }
    assert.deepEqual(problems(), []);
  });
});
