/** What is rendered and applied by kubectl is what `pulumi up` makes of the same stack, and its router starts. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { CoreV1Api } from '@kubernetes/client-node';
import { stringify } from 'yaml';

import { bundleRouter } from '../../../infra/bundle/bundle.ts';
import { askCluster } from '../../../infra/cluster/facts.ts';
import { writeFolder } from '../../../infra/render/folder.ts';
import { sorted } from '../../../infra/render/manifest.ts';
import { recordProgram } from '../../../infra/render/record_program.ts';
import { stackValues } from '../../../infra/render/stack_values.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { run } from '../../lab/command.ts';
import { openStack } from '../../lab/run/stack.ts';
import { PROJECT } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { preparedOrSkip } from '../session_or_skip.ts';

const STACK = 'rendered';
const NAMESPACE = 'rendered';
const ROUTER = 'rendered-router';

/** Kinds of what the stack makes. */
const KINDS =
  'configmap,deployment,horizontalpodautoscaler,ingress,lease,networkpolicy,poddisruptionbudget,role,rolebinding,service,serviceaccount';
const CLUSTER_KINDS = 'clusterrole,clusterrolebinding';

interface Live {
  kind: string;
  metadata: Record<string, unknown> & { name: string; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
  [key: string]: unknown;
}

/** An object without what the cluster, Pulumi and the router write into it. */
function stable({ status: _status, ...object }: Live): unknown {
  const { annotations = {}, labels, name, namespace } = object.metadata;
  const kept = Object.entries(annotations).filter(
    ([key]) => !/^(pulumi\.com|deployment\.kubernetes\.io)\//.test(key),
  );
  const metadata = { annotations: Object.fromEntries(kept), labels, name, namespace };
  if (object.kind === 'Lease') return { ...object, metadata, spec: {} };
  if (object.kind === 'ConfigMap' && name.endsWith('-endpoint-tokens')) {
    return { ...object, metadata, data: {} };
  }
  if (object.kind !== 'Service') return { ...object, metadata };
  const { clusterIP: _ip, clusterIPs: _ips, ports = [], ...spec } = object.spec ?? {};
  const withoutNodePorts = (ports as object[]).map((port) => ({ ...port, nodePort: undefined }));
  return { ...object, metadata, spec: { ...spec, ports: withoutNodePorts } };
}

test('kubectl makes of what is rendered what pulumi up makes', async (t) => {
  const prepared = await preparedOrSkip(t, 'render');
  if (prepared === undefined) return;
  const { clearml, folder, target, tools } = prepared;
  assert.ok(target.exposure.kind === 'ingress' && 'path' in tools.kubectl);
  const { path } = tools.kubectl;
  const kubeconfig = resolve(folder.cluster, 'kubeconfig');
  const kubectl = (...args: string[]): Promise<string> =>
    run(path, ['--kubeconfig', kubeconfig, '--context', target.context, ...args]);

  const core = target.config.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  const { accessKey, secretKey } = credentials.router;
  const stringData = {
    apiServerKey: accessKey,
    apiServerSecret: secretKey,
    jwksKey: clearml.signingKey.base64url,
  };
  const secret = { metadata: { name: 'clearml' }, stringData };
  await core.createNamespacedSecret({ namespace: NAMESPACE, body: secret });

  const config = {
    clearml: { apiServerUrlReference: clearml.url, existingSecret: { name: 'clearml' } },
    ingress: { hostName: 'http://rendered.example.test', className: target.exposure.className },
    tcpSession: {
      routerAddress: 'rendered.example.test',
      portRange: { start: 30_450, end: 30_452 },
    },
    namespace: { name: NAMESPACE, create: false },
    router: {
      name: ROUTER,
      drainSeconds: 5,
      verifyPods: { namespaces: ['*'] },
      staticRoutes: [{ name: 'docs', type: 'path', path: 'docs' }],
    },
    availability: { podDisruptionBudget: true, autoscaling: { maxReplicas: 2 } },
    kubernetes: { context: target.context },
  };

  /** All that the stack made, with names that follow content replaced, since Pulumi's are random. */
  async function made(): Promise<readonly string[]> {
    const label = `app.kubernetes.io/instance=${ROUTER}`;
    const own = await kubectl('get', KINDS, '-n', NAMESPACE, '-l', label, '--output=json');
    const shared = await kubectl('get', CLUSTER_KINDS, '-l', label, '--output=json');
    return [own, shared]
      .flatMap((text) => (JSON.parse(text) as { items: Live[] }).items)
      .map((object) => JSON.stringify(sorted(stable(object)), undefined, 1))
      .map((text) => text.replaceAll(/-code-[0-9a-f]{8,10}\b/g, '-code-hash'))
      .toSorted();
  }

  const stack = await openStack(folder, tools, STACK);
  const inPulumi = {
    ...config,
    kubernetes: { ...config.kubernetes, kubeconfig: target.kubeconfig },
  };
  await stack.setAllConfig(
    Object.fromEntries(
      Object.entries(inPulumi).map(([key, value]) => [
        `${PROJECT}:${key}`,
        { value: JSON.stringify(value), secret: key === 'kubernetes' },
      ]),
    ),
  );
  await stackUp(stack, new AbortController().signal, () => undefined);
  const byPulumi = await made();
  assert.ok(byPulumi.length > 12, `${byPulumi.length} objects`);
  await stack.destroy();
  assert.deepEqual(await made(), []);

  const root = await mkdtemp(join(tmpdir(), 'render-'));
  t.after(() => rm(root, { recursive: true }));
  const sections = Object.entries(config).map(([key, value]) => [`${PROJECT}:${key}`, value]);
  const file = stringify({ config: Object.fromEntries(sections) });
  await writeFile(join(root, `Pulumi.${STACK}.yaml`), file);
  const out = join(root, 'out');
  const values = stackValues({ root, project: PROJECT, stack: STACK });
  writeFolder(
    out,
    STACK,
    await recordProgram(STACK, values, {
      bundle: bundleRouter,
      askCluster: ({ context }, questions) =>
        askCluster({ context, kubeconfig: target.kubeconfig }, questions),
    }),
  );

  await t.test('the same objects, of which the router starts', async () => {
    await kubectl('apply', '--server-side', '-k', out);
    await kubectl('rollout', 'status', `deployment/${ROUTER}`, '-n', NAMESPACE, '--timeout=120s');
    assert.deepEqual(await made(), byPulumi);
  });

  await t.test('no difference is left while the router runs', async () => {
    // It ends with 1 where there is one.
    assert.equal(await kubectl('diff', '--server-side', '-k', out), '');
  });
});
