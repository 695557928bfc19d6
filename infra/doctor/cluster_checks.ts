import { ApisApi, AuthorizationV1Api, CoreV1Api, NetworkingV1Api } from '@kubernetes/client-node';

import type { Check, Finding } from '../checks/check.ts';
import { textOf } from '../checks/known_secret.ts';
import { askCluster } from '../cluster/facts.ts';
import { type ClusterAddress, kubeConfigOf } from '../cluster/kube_config.ts';
import { checkVersion } from '../cluster/version.ts';
import type { StackConfig } from '../config/schema.ts';
import { neededApis, neededRights } from './needs.ts';

type Cluster = ReturnType<typeof kubeConfigOf>;

/** Whether the cluster answers, lets this program in, and has what config names. */
export async function clusterChecks(config: StackConfig): Promise<readonly Check[]> {
  const address: ClusterAddress = {
    kubeconfig: await textOf(config.kubernetes.kubeconfig),
    context: config.kubernetes.context,
  };
  const cluster = kubeConfigOf(address);
  const { className } = config.ingress;
  return [
    { title: 'cluster', find: () => versionFits(address, config) },
    { title: 'rights', find: () => hasRights(cluster, config) },
    { title: 'namespace', find: () => namespaceFits(cluster, config) },
    ...(className === undefined
      ? []
      : [{ title: 'ingress class', find: () => hasIngressClass(cluster, className) }]),
    ...neededApis(config).map((api) => ({ title: api, find: () => hasApi(cluster, api) })),
    ...existingSecrets(config).map(([name, keys]) => ({
      title: `Secret ${name}`,
      find: () => hasSecret(cluster, config.namespace.name, name, keys),
    })),
  ];
}

async function versionFits(address: ClusterAddress, config: StackConfig): Promise<Finding> {
  const { podNetworks, trouble, version } = await askCluster(address);
  if (version === undefined) {
    return { outcome: 'bad', says: trouble ?? 'no answer', fix: 'Look at kubernetes.context.' };
  }
  const warning = checkVersion(version);
  if (config.router.taskNetworks === undefined && podNetworks.length === 0) {
    return {
      outcome: 'bad',
      says: 'the nodes do not tell their pod networks',
      fix: "Name them: pulumi config set --path 'router.taskNetworks[0]' 10.244.0.0/16",
    };
  }
  const says = `answers, Kubernetes ${version.major}.${version.minor}`;
  return warning === undefined
    ? { outcome: 'good', says }
    : { outcome: 'unsure', says, fix: warning };
}

async function hasRights(cluster: Cluster, config: StackConfig): Promise<Finding> {
  const api = cluster.makeApiClient(AuthorizationV1Api);
  const denied: string[] = [];
  for (const { group, resource, isNamespaced } of neededRights(config)) {
    const namespace = isNamespaced ? { namespace: config.namespace.name } : {};
    const resourceAttributes = { group, resource, verb: 'create', ...namespace };
    const body = { spec: { resourceAttributes } };
    const { status } = await api.createSelfSubjectAccessReview({ body });
    if (status?.allowed !== true) denied.push(resource);
  }
  if (denied.length === 0) return { outcome: 'good', says: 'everything may be created' };
  return {
    outcome: 'bad',
    says: `may not create ${denied.join(', ')}`,
    fix: `Use an account that may, or let somebody grant it in namespace ${config.namespace.name}.`,
  };
}

async function namespaceFits(cluster: Cluster, config: StackConfig): Promise<Finding> {
  const { create, name } = config.namespace;
  const { items } = await cluster
    .makeApiClient(CoreV1Api)
    .listNamespace({ fieldSelector: `metadata.name=${name}` });
  const exists = items.length > 0;
  if (create && exists) {
    return {
      outcome: 'unsure',
      says: `${name} exists`,
      fix: 'Good when it is from an earlier pulumi up of this stack; else set namespace.create to false.',
    };
  }
  if (!create && !exists) {
    return { outcome: 'bad', says: `${name} does not exist`, fix: 'Set namespace.create to true.' };
  }
  return { outcome: 'good', says: create ? `${name} will be created` : `${name} is there` };
}

async function hasIngressClass(cluster: Cluster, className: string): Promise<Finding> {
  const { items } = await cluster.makeApiClient(NetworkingV1Api).listIngressClass();
  const names = items.map(({ metadata }) => metadata?.name ?? '');
  if (names.includes(className)) return { outcome: 'good', says: `${className} is there` };
  return {
    outcome: 'bad',
    says: `${className} is not there`,
    fix: names.length === 0 ? 'Install an ingress controller.' : `There is: ${names.join(', ')}.`,
  };
}

async function hasApi(cluster: Cluster, api: string): Promise<Finding> {
  const [group = ''] = api.split('/');
  const { groups } = await cluster.makeApiClient(ApisApi).getAPIVersions();
  if (groups.some(({ name }) => name === group)) return { outcome: 'good', says: 'is there' };
  return {
    outcome: 'bad',
    says: 'the cluster has no such API',
    fix: `Install the CRDs of ${group}.`,
  };
}

function existingSecrets(config: StackConfig): readonly (readonly [string, readonly string[]])[] {
  const { clearml, imageCredentials, ingress } = config;
  const { existingSecret: credentials } = clearml;
  const found: [string, string[]][] = imageCredentials.existingImagePullSecrets.map((name) => [
    name,
    ['.dockerconfigjson'],
  ]);
  const { tlsSecretName } = ingress;
  if (tlsSecretName !== undefined) found.push([tlsSecretName, ['tls.crt', 'tls.key']]);
  if (credentials !== undefined) {
    const { apiServerKeyKey, apiServerSecretKey, jwksKeyKey, name } = credentials;
    found.push([name, [apiServerKeyKey, apiServerSecretKey, jwksKeyKey]]);
  }
  return found;
}

async function hasSecret(
  cluster: Cluster,
  namespace: string,
  name: string,
  keys: readonly string[],
): Promise<Finding> {
  const { data = {} } = await cluster
    .makeApiClient(CoreV1Api)
    .readNamespacedSecret({ name, namespace });
  const missing = keys.filter((key) => !Object.hasOwn(data, key));
  if (missing.length === 0) return { outcome: 'good', says: `has ${keys.join(', ')}` };
  return {
    outcome: 'bad',
    says: `has no ${missing.join(', ')}`,
    fix: `It has ${Object.keys(data).join(', ') || 'nothing'}; name the keys in config, or add them.`,
  };
}
