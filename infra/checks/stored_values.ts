import { z } from 'zod';

import type { ClusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/stack_config.ts';

const withData = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

/** A key of a Secret or ConfigMap in the cluster. */
interface StoredValue {
  /** The key of the stack that names it. */
  readonly place: string;
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** What a Secret (in base64) or a ConfigMap holds, by key; undefined where there is no object at the path. */
export async function storedData(
  reader: ClusterReader,
  path: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const object = await reader.read(path);
  return object === undefined ? undefined : withData.parse(object).data;
}

/**
 * What is stored under the key, as text.
 *
 * @throws Error that names the object, and the key where that is missing.
 */
export async function storedValue(reader: ClusterReader, value: StoredValue): Promise<string> {
  const { key, kind, name, namespace, place } = value;
  const what = `${place}: ${kind} ${name} in namespace ${namespace}`;
  const path = `/api/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
  const data = await storedData(reader, path);
  if (data === undefined) throw new Error(`${what} does not exist`);
  const found = data[key];
  if (found === undefined) {
    throw new Error(`${what} has no ${key}; it has ${Object.keys(data).join(', ') || 'nothing'}`);
  }
  return kind === 'Secret' ? Buffer.from(found, 'base64').toString().trim() : found;
}

/** What the router logs in with and verifies tokens with, wherever config says that it lies. */
export interface ClearmlValues {
  readonly accessKey: string;
  readonly secretKey: string;
  /** The key that signs ClearML's tokens. */
  readonly signingKey: string;
  /** Further CA certificates, PEM. */
  readonly ca: string | undefined;
}

/**
 * Reads config and, for what config leaves to existing Secrets and ConfigMaps, the cluster.
 *
 * @throws Error of `storedValue`, or of a cluster that does not let them be read.
 */
export async function clearmlValues(
  config: StackConfig,
  reader: ClusterReader,
): Promise<ClearmlValues> {
  const { clearml, namespace } = config;
  const { existingSecret, serverSecret } = clearml;
  const inSecret = (key: string): Promise<string> =>
    storedValue(reader, {
      kind: 'Secret',
      place: 'clearml.existingSecret',
      namespace: namespace.name,
      name: existingSecret?.name ?? '',
      key,
    });
  const ca = await authoritiesOf(config, reader);
  if (existingSecret !== undefined) {
    return {
      accessKey: await inSecret(existingSecret.apiServerKeyKey),
      secretKey: await inSecret(existingSecret.apiServerSecretKey),
      signingKey: await inSecret(existingSecret.jwksKeyKey),
      ca,
    };
  }
  return {
    accessKey: clearml.apiServerKey?.reveal() ?? '',
    secretKey: clearml.apiServerSecret?.reveal() ?? '',
    signingKey:
      serverSecret === undefined
        ? (clearml.jwksKey?.reveal() ?? '')
        : await storedValue(reader, {
            kind: 'Secret',
            place: 'clearml.serverSecret',
            ...serverSecret,
          }),
    ca,
  };
}

function authoritiesOf(
  { clearml, namespace }: StackConfig,
  reader: ClusterReader,
): Promise<string | undefined> {
  const { caCertificates, existingCaConfigMap: configMap, existingCaSecret: secret } = clearml;
  const home = { namespace: namespace.name };
  if (configMap !== undefined) {
    const place = 'clearml.existingCaConfigMap';
    return storedValue(reader, { kind: 'ConfigMap', place, ...home, ...configMap });
  }
  if (secret !== undefined) {
    const place = 'clearml.existingCaSecret';
    return storedValue(reader, { kind: 'Secret', place, ...home, ...secret });
  }
  return Promise.resolve(caCertificates);
}
