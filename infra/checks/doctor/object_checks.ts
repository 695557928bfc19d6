import { z } from 'zod';

import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import { storedData } from '../stored_values.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';

/** An object that config names and this program does not make. */
interface Named {
  readonly title: string;
  readonly path: string;
  /** Keys that its data has to hold. */
  readonly keys: readonly string[];
  readonly fix: string;
}

/** Whether everything that config refers to is there, with the keys that it names. */
export function objectChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  return [...existingObjects(config), ...classes(config)].map((object) => ({
    title: object.title,
    find: () => isThere(reader, object),
  }));
}

async function isThere(reader: ClusterReader, { fix, keys, path }: Named): Promise<Finding> {
  const data = await storedData(reader, path);
  if (data === undefined) return bad('does not exist', fix);
  if (keys.length === 0) return good('is there');
  const missing = keys.filter((key) => !Object.hasOwn(data, key));
  if (missing.length === 0) return good(`has ${keys.join(', ')}`);
  return bad(
    `has no ${missing.join(', ')}`,
    `It has ${Object.keys(data).join(', ') || 'nothing'}; name the keys in config, or add them.`,
  );
}

function existingObjects(config: StackConfig): Named[] {
  const { clearml, imageCredentials, ingress, namespace, router } = config;
  const account = clearml.existingSecret;
  const server = clearml.serverSecret;
  const proxy = clearml.proxy?.existingSecret;
  const { existingCaConfigMap, existingCaSecret } = clearml;
  const secret = 'Secret';
  const objects: readonly (readonly [
    place: string,
    kind: string,
    name: string | undefined,
    ...(string | undefined)[],
  ])[] = [
    ...imageCredentials.existingImagePullSecrets.map(
      (name) =>
        ['imageCredentials.existingImagePullSecrets', secret, name, '.dockerconfigjson'] as const,
    ),
    ['ingress.tlsSecretName', secret, ingress.tlsSecretName, 'tls.crt', 'tls.key'],
    [
      'clearml.existingSecret',
      secret,
      account?.name,
      account?.apiServerKeyKey,
      account?.apiServerSecretKey,
      account?.jwksKeyKey,
    ],
    ['clearml.serverSecret', secret, server?.name, server?.key],
    ['clearml.proxy.existingSecret', secret, proxy?.name, proxy?.usernameKey, proxy?.passwordKey],
    ['router.existingSecret', secret, router.existingSecret?.name, router.existingSecret?.key],
    ['clearml.existingCaSecret', secret, existingCaSecret?.name, existingCaSecret?.key],
    [
      'clearml.existingCaConfigMap',
      'ConfigMap',
      existingCaConfigMap?.name,
      existingCaConfigMap?.key,
    ],
    ['router.staticRoutesConfigMap', 'ConfigMap', router.staticRoutesConfigMap, 'routes.json'],
  ];
  return objects.flatMap(([place, kind, name, ...named]) => {
    if (name === undefined) return [];
    const home = place === 'clearml.serverSecret' ? server?.namespace : namespace.name;
    const keys = named.filter((key) => key !== undefined);
    const path = `/api/v1/namespaces/${home ?? ''}/${kind.toLowerCase()}s/${name}`;
    const fix = `Make it in namespace ${home ?? ''}, with ${keys.join(', ')}, or name another in ${place}.`;
    return [{ title: `${kind} ${name}`, path, keys, fix }];
  });
}

const GATEWAY_API = 'gateway.networking.k8s.io';
/** Where XListenerSet lies, which Gateway API 1.5 made ListenerSet of the group above. */
const EXPERIMENTAL_GATEWAY_API = 'gateway.networking.x-k8s.io';

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
    for (const parent of gateway.parentRefs) {
      const {
        group = GATEWAY_API,
        kind = 'Gateway',
        name,
        namespace: home = namespace.name,
      } = parent;
      const version = group === EXPERIMENTAL_GATEWAY_API ? 'v1alpha1' : 'v1';
      const resource = `${kind.toLowerCase()}s`;
      add(
        `${kind} ${name}`,
        `/apis/${group}/${version}/namespaces/${home}/${resource}/${name}`,
        `Make it in namespace ${home}, or name another: kubectl get ${resource} --all-namespaces`,
      );
    }
  }
  const issuerPath = pathOfIssuer(config);
  if (tls.issuer !== undefined && issuerPath !== undefined) {
    const { kind, name } = tls.issuer;
    add(
      `${kind} ${name}`,
      issuerPath,
      `Make it, or name another: kubectl get ${kind.toLowerCase()}s`,
    );
  }
  return found;
}

/** Where cert-manager's issuer lies; undefined where config names none. */
export function pathOfIssuer({ namespace, tls: { issuer } }: StackConfig): string | undefined {
  if (issuer === undefined) return undefined;
  const { group, kind, name } = issuer;
  const place =
    kind === 'ClusterIssuer' ? 'clusterissuers' : `namespaces/${namespace.name}/issuers`;
  return `/apis/${group}/v1/${place}/${name}`;
}

/** Without a class the cluster's default one serves the Ingress: is there one? */
export function defaultClassChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  if (exposureOf(config) !== 'ingress' || config.ingress.className !== undefined) return [];
  return [{ title: 'default ingress class', find: () => hasDefaultClass(reader) }];
}

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';
const ingressClass = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

async function hasDefaultClass(reader: ClusterReader): Promise<Finding> {
  const items = await reader.list('/apis/networking.k8s.io/v1/ingressclasses');
  const known = items.map((item) => ingressClass.parse(item).metadata);
  const byDefault = known.find(({ annotations }) => annotations?.[DEFAULT_CLASS] === 'true');
  if (byDefault !== undefined) return good(`is ${byDefault.name}`);
  const [first, ...others] = known.map(({ name }) => name);
  const more = others.length === 0 ? '' : ` (there are also ${others.join(', ')})`;
  return unsure(
    'there is none',
    first === undefined
      ? 'Install an ingress controller; some, such as GKE, serve an Ingress without a class.'
      : `Name one: pulumi config set --path ingress.className ${first}${more}.`,
  );
}
