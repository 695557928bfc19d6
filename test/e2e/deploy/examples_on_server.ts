import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

import type { KubernetesVersion } from '../../../infra/platform/kubernetes_version.ts';
import { examples, versionFor } from '../../infra/examples.ts';
import { objectsOf } from '../../infra/manifests.ts';
import { runStack, someCluster } from '../../infra/stack_run.ts';
import { ApiServer } from '../../lab/provider/api_server.ts';
import { asManifest, type Manifest } from '../../lab/provider/manifest.ts';

const NAMESPACE = 'restricted';
const HOW = { manager: 'examples', force: false, dryRun: true };

interface Sent {
  kind: string;
  type?: string;
  metadata?: object;
  stringData?: unknown;
  spec?: { template?: { metadata: object; spec: Record<string, unknown> } };
}

/** Data that a Secret of a type has to have; what the golden hides is not sent. */
const DATA: Readonly<Record<string, Record<string, string>>> = {
  'kubernetes.io/dockerconfigjson': { '.dockerconfigjson': '{"auths":{}}' },
  'kubernetes.io/tls': { 'tls.crt': '', 'tls.key': '' },
};

/** An object of an example as it is sent: with a name where Pulumi makes one, in the namespace of the test. */
function sent(object: Readonly<Record<string, unknown>>): Sent {
  const copy = structuredClone(object) as unknown as Sent;
  const isNamespace = copy.kind === 'Namespace';
  copy.metadata = {
    name: 'generated',
    ...copy.metadata,
    ...(isNamespace ? {} : { namespace: NAMESPACE }),
  };
  if (copy.kind === 'Secret') copy.stringData = DATA[copy.type ?? ''] ?? { key: 'value' };
  return copy;
}

/** The pod of a Deployment, without what has to be there before a pod is taken. */
function podOf({ spec }: Sent): object | undefined {
  if (spec?.template === undefined) return undefined;
  const { priorityClassName: _class, serviceAccountName: _account, ...pod } = spec.template.spec;
  const metadata = { ...spec.template.metadata, name: 'pod', namespace: NAMESPACE };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod };
}

/**
 * Sends every object of every example to a real API server, as a dry run that refuses what the kind does not have, into a
 * namespace that admits restricted pods alone; each example is a sub-test.
 *
 * @param isSent whether the server knows the kind of an object.
 * @returns the kinds that were sent.
 */
export async function assertTakesExamples(
  t: TestContext,
  config: KubeConfig,
  version: KubernetesVersion,
  isSent: (object: Readonly<Record<string, unknown>>) => boolean,
): Promise<ReadonlySet<string>> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await config
    .makeApiClient(CoreV1Api)
    .createNamespace({ body: { metadata: { name: NAMESPACE, labels } } });
  const api = new ApiServer(config);

  await t.test('a field that is no part of a kind is refused', async () => {
    const spec = { ports: [{ port: 80 }], colour: 'red' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec };
    await assert.rejects(api.apply(asManifest(service), HOW), /colour/);
  });

  const kinds = new Set<string>();
  for (const example of examples()) {
    await t.test(example.name, async () => {
      const facts = { ...someCluster, version: versionFor(example.config, version) };
      const run = await runStack(example.config, { facts });
      const objects = objectsOf(run).filter(isSent).map(sent);
      const all: readonly Manifest[] = objects
        .flatMap((object) => [object, podOf(object) ?? []].flat())
        .map((object) => asManifest({ ...object }));
      assert.ok(all.some(({ kind }) => kind === 'Pod'));
      for (const object of all) {
        await api.apply(object, HOW);
        kinds.add(object.kind);
      }
    });
  }
  return kinds;
}
