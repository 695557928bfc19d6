import { z } from 'zod';

import type { ClusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/schema.ts';
import { textOf } from './known_secret.ts';

const dataOf = z.looseObject({ data: z.record(z.string(), z.string()).optional() });

/** A key of a Secret or ConfigMap in the cluster. */
export interface StoredValue {
  readonly kind: 'secrets' | 'configmaps';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/**
 * What is stored under the key, as text.
 *
 * @throws Error that names the object, and the key where that is missing.
 */
export async function storedValue(reader: ClusterReader, value: StoredValue): Promise<string> {
  const { key, kind, name, namespace } = value;
  const what = `${kind === 'secrets' ? 'Secret' : 'ConfigMap'} ${name} in namespace ${namespace}`;
  const object = await reader.read(`/api/v1/namespaces/${namespace}/${kind}/${name}`);
  if (object === undefined) throw new Error(`${what} does not exist`);
  const { data = {} } = dataOf.parse(object);
  const found = data[key];
  if (found === undefined) {
    throw new Error(`${what} has no ${key}; it has ${Object.keys(data).join(', ') || 'nothing'}`);
  }
  return kind === 'secrets' ? Buffer.from(found, 'base64').toString().trim() : found;
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
      kind: 'secrets',
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
    accessKey: (await textOf(clearml.apiServerKey)) ?? '',
    secretKey: (await textOf(clearml.apiServerSecret)) ?? '',
    signingKey:
      serverSecret === undefined
        ? ((await textOf(clearml.jwksKey)) ?? '')
        : await storedValue(reader, { kind: 'secrets', ...serverSecret }),
    ca,
  };
}

function authoritiesOf(
  { clearml, namespace }: StackConfig,
  reader: ClusterReader,
): Promise<string | undefined> {
  const { caCertificates, existingCaConfigMap: configMap, existingCaSecret: secret } = clearml;
  const place = { namespace: namespace.name };
  if (configMap !== undefined) {
    return storedValue(reader, { kind: 'configmaps', ...place, ...configMap });
  }
  if (secret !== undefined) return storedValue(reader, { kind: 'secrets', ...place, ...secret });
  return Promise.resolve(caCertificates);
}
