/* A real API server takes every object of every example, and every pod passes PodSecurity's restricted profile. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';

import {
  CoreV1Api,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
} from '@kubernetes/client-node';

import { examples } from '../infra/examples.ts';
import { isCustom } from '../infra/kubernetes_api/custom.ts';
import { objectsOf } from '../infra/manifests.ts';
import { runStack } from '../infra/stack_run.ts';
import { clusterDown } from '../lab/cluster/down.ts';
import { clusterUp } from '../lab/cluster/up.ts';
import { toolsOrSkip } from './availability.ts';

const DIRECTORY = resolve(import.meta.dirname, '../../.work/e2e-manifests');
const NAMESPACE = 'restricted';

interface Sent extends KubernetesObject {
  type?: string;
  stringData?: unknown;
  spec?: { template?: { metadata: object; spec: Record<string, unknown> } };
}

/** Data that a Secret of a type has to have; what the golden hides is not sent. */
const DATA: Readonly<Record<string, Record<string, string>>> = {
  'kubernetes.io/dockerconfigjson': { '.dockerconfigjson': '{"auths":{}}' },
  'kubernetes.io/tls': { 'tls.crt': '', 'tls.key': '' },
};

/** An object of an example as it is sent: with a name where Pulumi makes one, in the namespace of this test. */
function sent(object: Readonly<Record<string, unknown>>): Sent {
  const copy = structuredClone(object) as Sent;
  const isNamespace = copy.kind === 'Namespace';
  copy.metadata = {
    name: 'generated',
    ...(copy.metadata as object),
    ...(isNamespace ? {} : { namespace: NAMESPACE }),
  };
  if (copy.kind === 'Secret') copy.stringData = DATA[copy.type ?? ''] ?? { key: 'value' };
  return copy;
}

/** The pod of a Deployment, without what has to be there before a pod is taken. */
function podOf({ spec }: Sent): KubernetesObject | undefined {
  if (spec?.template === undefined) return undefined;
  const { priorityClassName: _class, serviceAccountName: _account, ...pod } = spec.template.spec;
  const metadata = { ...spec.template.metadata, name: 'pod', namespace: NAMESPACE };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod } as KubernetesObject;
}

test('a real API server takes every object of every example', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools === undefined) return;
  t.after(() => clusterDown(DIRECTORY));
  const cluster = await clusterUp({
    directory: DIRECTORY,
    tools,
    images: [],
    onProgress: () => undefined,
  });
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await config
    .makeApiClient(CoreV1Api)
    .createNamespace({ body: { metadata: { name: NAMESPACE, labels } } });
  const api = KubernetesObjectApi.makeApiClient(config);

  for (const example of examples()) {
    await t.test(example.name, async () => {
      const run = await runStack(example.config);
      const objects = objectsOf(run).filter((object) => !isCustom(object));
      const all = objects.map(sent).flatMap((object) => [object, podOf(object) ?? []].flat());
      assert.ok(all.some(({ kind }) => kind === 'Pod'));
      for (const object of all) await api.create(object, undefined, 'All');
    });
  }
});
