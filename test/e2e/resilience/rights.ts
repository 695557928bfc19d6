import assert from 'node:assert/strict';

import {
  ApiException,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
} from '@kubernetes/client-node';

import { ROUTER_NAME, ROUTER_NAMESPACE } from '../../lab/run/stack_config.ts';
import type { World } from './world.ts';

const namespace = ROUTER_NAMESPACE;
const TOKENS = `${ROUTER_NAME}-endpoint-tokens`;
/** What every account may do: ask what it may. */
const OWN_RIGHTS = ['authorization.k8s.io', 'authentication.k8s.io'];

/** The cluster as the router's service account sees it. */
async function asRouter({ session }: World): Promise<KubeConfig> {
  const { config } = session.target;
  const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    name: ROUTER_NAME,
    namespace,
    body: { spec: { audiences: [], expirationSeconds: 600 } },
  });
  const cluster = config.getCurrentCluster();
  const token = status?.token;
  assert.ok(cluster !== null && token !== undefined);
  const own = new KubeConfig();
  own.loadFromClusterAndUser(cluster, { name: 'router', token });
  return own;
}

function forbidden(error: unknown): boolean {
  return error instanceof ApiException && error.code === 403;
}

/** The service account may touch its Lease and its ConfigMap, and nothing else. */
export async function rights(world: World): Promise<void> {
  const config = await asRouter(world);
  const { status } = await config
    .makeApiClient(AuthorizationV1Api)
    .createSelfSubjectRulesReview({ body: { spec: { namespace } } });
  const rules = status?.resourceRules
    .filter(({ apiGroups = [] }) => !apiGroups.every((group) => OWN_RIGHTS.includes(group)))
    .map(({ resources, resourceNames, verbs }) => ({ resources, resourceNames, verbs }));
  assert.deepEqual(rules, [
    { resources: ['leases'], resourceNames: [ROUTER_NAME], verbs: ['get', 'update', 'patch'] },
    { resources: ['configmaps'], resourceNames: [TOKENS], verbs: ['get', 'patch'] },
  ]);

  const core = config.makeApiClient(CoreV1Api);
  const leases = config.makeApiClient(CoordinationV1Api);
  await core.readNamespacedConfigMap({ namespace, name: TOKENS });
  await leases.readNamespacedLease({ namespace, name: ROUTER_NAME });
  const metadata = { name: 'another' };
  const calls: readonly (() => Promise<unknown>)[] = [
    () => core.listNamespacedSecret({ namespace }),
    () => core.listNamespacedConfigMap({ namespace }),
    () => core.listNamespacedPod({ namespace }),
    () => core.listNode(),
    () => core.createNamespacedConfigMap({ namespace, body: { metadata } }),
    () => core.deleteNamespacedConfigMap({ namespace, name: TOKENS }),
    () => core.readNamespacedConfigMap({ namespace: 'kube-system', name: TOKENS }),
    () => leases.listNamespacedLease({ namespace }),
    () => leases.createNamespacedLease({ namespace, body: { metadata } }),
    () => leases.deleteNamespacedLease({ namespace, name: ROUTER_NAME }),
  ];
  for (const call of calls) {
    await assert.rejects(call(), forbidden);
  }
}
