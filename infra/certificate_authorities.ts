import { core, type types } from '@pulumi/kubernetes';

import type { Scope } from './scope.ts';

/** A file of further CA certificates in the pod, readable without root. */
export interface CertificateAuthorities {
  readonly volume: types.input.core.v1.Volume;
  /** Key of the volume that holds the certificates. */
  readonly file: string;
}

const FILE = 'ca.pem';

/** The CA certificates that ClearML's servers are verified with, beside the well-known ones; undefined where none are given. */
export function certificateAuthorities(scope: Scope): CertificateAuthorities | undefined {
  const { caCertificates, existingCaConfigMap, existingCaSecret } = scope.config.clearml;
  const name = 'certificate-authorities';
  if (existingCaConfigMap !== undefined) {
    const volume = { name, configMap: { name: existingCaConfigMap.name } };
    return { volume, file: existingCaConfigMap.key };
  }
  if (existingCaSecret !== undefined) {
    const { key, name: secretName } = existingCaSecret;
    // Such a Secret may hold a private key, too: the pod sees the certificates alone.
    const volume = { name, secret: { secretName, items: [{ key, path: FILE }] } };
    return { volume, file: FILE };
  }
  if (caCertificates === undefined) return undefined;
  const configMap = new core.v1.ConfigMap(
    `${scope.names.router}-ca`,
    {
      metadata: { namespace: scope.namespace, labels: scope.names.labels },
      immutable: true,
      data: { [FILE]: caCertificates },
    },
    { parent: scope.parent },
  );
  return { volume: { name, configMap: { name: configMap.metadata.name } }, file: FILE };
}
