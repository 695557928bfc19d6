import { core } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

/** Where the pod finds the key of what the router itself signs. */
export interface RouterSecret {
  readonly secretName: Input<string>;
  /** Key of the Secret. */
  readonly key: string;
}

/** The Secret with `router.secret`, or the existing one; undefined where the router derives the key. */
export function routerSecret(scope: Scope): RouterSecret | undefined {
  const { existingSecret, secret } = scope.config.router;
  if (existingSecret !== undefined) {
    return { secretName: existingSecret.name, key: existingSecret.key };
  }
  if (secret === undefined) return undefined;
  const { name } = new core.v1.Secret(
    `${scope.names.router}-secret`,
    {
      metadata: { namespace: scope.namespace, labels: scope.names.labels },
      immutable: true,
      stringData: { secret },
    },
    { parent: scope.parent },
  ).metadata;
  return { secretName: name, key: 'secret' };
}
