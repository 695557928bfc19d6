import { z } from 'zod';

import type { Check, Finding } from '../checks/check.ts';
import type { ClusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/schema.ts';
import { exposureOf } from '../exposure/exposure.ts';

/** An object that config names and this program does not make. */
interface Named {
  readonly title: string;
  readonly path: string;
  /** Keys that its data has to hold. */
  readonly keys: readonly string[];
  readonly fix: string;
}

const withData = z.looseObject({ data: z.record(z.string(), z.string()).optional() });
const named = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

/** Whether everything that config refers to is there, with the keys that it names. */
export function objectChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  return [...existingObjects(config), ...classes(config)].map((object) => ({
    title: object.title,
    find: () => isThere(reader, object),
  }));
}

async function isThere(reader: ClusterReader, { fix, keys, path }: Named): Promise<Finding> {
  const object = await reader.read(path);
  if (object === undefined) return { outcome: 'bad', says: 'does not exist', fix };
  if (keys.length === 0) return { outcome: 'good', says: 'is there' };
  const { data = {} } = withData.parse(object);
  const missing = keys.filter((key) => !Object.hasOwn(data, key));
  if (missing.length === 0) return { outcome: 'good', says: `has ${keys.join(', ')}` };
  return {
    outcome: 'bad',
    says: `has no ${missing.join(', ')}`,
    fix: `It has ${Object.keys(data).join(', ') || 'nothing'}; name the keys in config, or add them.`,
  };
}

function existingObjects(config: StackConfig): Named[] {
  const { clearml, imageCredentials, ingress, namespace, router } = config;
  const inNamespace = (kind: 'Secret' | 'ConfigMap', name: string, keys: string[]): Named => ({
    title: `${kind} ${name}`,
    path: `/api/v1/namespaces/${namespace.name}/${kind.toLowerCase()}s/${name}`,
    keys,
    fix: `Make it in namespace ${namespace.name}, with ${keys.join(', ')}.`,
  });
  const found = imageCredentials.existingImagePullSecrets.map((name) =>
    inNamespace('Secret', name, ['.dockerconfigjson']),
  );
  if (ingress.tlsSecretName !== undefined) {
    found.push(inNamespace('Secret', ingress.tlsSecretName, ['tls.crt', 'tls.key']));
  }
  const { existingCaConfigMap: ca, existingSecret: credentials, proxy } = clearml;
  if (credentials !== undefined) {
    const { apiServerKeyKey, apiServerSecretKey, jwksKeyKey, name } = credentials;
    found.push(inNamespace('Secret', name, [apiServerKeyKey, apiServerSecretKey, jwksKeyKey]));
  }
  if (proxy?.existingSecret !== undefined) {
    const { name, passwordKey, usernameKey } = proxy.existingSecret;
    found.push(inNamespace('Secret', name, [usernameKey, passwordKey]));
  }
  if (router.existingSecret !== undefined) {
    found.push(inNamespace('Secret', router.existingSecret.name, [router.existingSecret.key]));
  }
  if (clearml.existingCaSecret !== undefined) {
    found.push(
      inNamespace('Secret', clearml.existingCaSecret.name, [clearml.existingCaSecret.key]),
    );
  }
  if (ca !== undefined) found.push(inNamespace('ConfigMap', ca.name, [ca.key]));
  if (router.staticRoutesConfigMap !== undefined) {
    found.push(inNamespace('ConfigMap', router.staticRoutesConfigMap, ['routes.json']));
  }
  return found;
}

/** Classes, Gateways and issuers: objects of others that ours point at. */
function classes(config: StackConfig): Named[] {
  const { gateway, ingress, namespace, pod, tls } = config;
  const found: Named[] = [];
  const add = (title: string, path: string, fix: string): void => {
    found.push({ title, path, keys: [], fix });
  };
  if (ingress.className !== undefined) {
    add(
      `ingress class ${ingress.className}`,
      `/apis/networking.k8s.io/v1/ingressclasses/${ingress.className}`,
      'Install the ingress controller, or name another class: kubectl get ingressclasses',
    );
  }
  if (pod.priorityClassName !== undefined) {
    add(
      `priority class ${pod.priorityClassName}`,
      `/apis/scheduling.k8s.io/v1/priorityclasses/${pod.priorityClassName}`,
      'Make it, or name another: kubectl get priorityclasses',
    );
  }
  if (exposureOf(config) === 'gateway') {
    for (const { name, namespace: home = namespace.name } of gateway.parentRefs) {
      add(
        `Gateway ${name}`,
        `/apis/gateway.networking.k8s.io/v1/namespaces/${home}/gateways/${name}`,
        `Make it in namespace ${home}, or name another: kubectl get gateways --all-namespaces`,
      );
    }
  }
  if (tls.issuer !== undefined) {
    const { group, kind, name } = tls.issuer;
    const place =
      kind === 'ClusterIssuer' ? 'clusterissuers' : `namespaces/${namespace.name}/issuers`;
    add(
      `${kind} ${name}`,
      `/apis/${group}/v1/${place}/${name}`,
      `Make it, or name another: kubectl get ${kind.toLowerCase()}s`,
    );
  }
  return found;
}

/** Without a class the cluster's default one serves the Ingress: is there one? */
export function defaultClassChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  if (exposureOf(config) !== 'ingress' || config.ingress.className !== undefined) return [];
  return [{ title: 'default ingress class', find: () => hasDefaultClass(reader) }];
}

const DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
const classWithDefault = named.extend({
  metadata: z.looseObject({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

async function hasDefaultClass(reader: ClusterReader): Promise<Finding> {
  const items = await reader.list('/apis/networking.k8s.io/v1/ingressclasses');
  const known = items.map((item) => classWithDefault.parse(item).metadata);
  const byDefault = known.find(({ annotations }) => annotations?.[DEFAULT] === 'true');
  if (byDefault !== undefined) return { outcome: 'good', says: `is ${byDefault.name}` };
  const names = known.map(({ name }) => name).join(', ');
  return {
    outcome: 'unsure',
    says: 'there is none',
    fix:
      names === ''
        ? 'Install an ingress controller; some, such as GKE, serve an Ingress without a class.'
        : `Name one: pulumi config set --path ingress.className NAME (there is: ${names}).`,
  };
}
