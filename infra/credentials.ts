import { core } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import { signingKey } from './signing_key.ts';
import type { Scope } from './scope.ts';

/** Where the pod finds the router's credentials: a Secret, and the keys in it. */
export interface Credentials {
  readonly secretName: Input<string>;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly signingKey: string;
}

/**
 * The Secret with the ClearML account and the signing key, or the existing one that config names.
 *
 * It has a generated name and is immutable: other values make another Secret, whose name in the pod template rolls the
 * Deployment; the old one goes when no pod of this stack needs it.
 */
export function credentialsFor(scope: Scope): Credentials {
  const { existingSecret, apiServerKey, apiServerSecret } = scope.config.clearml;
  const jwksKey = signingKey(scope);
  if (existingSecret !== undefined) {
    return {
      secretName: existingSecret.name,
      accessKey: existingSecret.apiServerKeyKey,
      secretKey: existingSecret.apiServerSecretKey,
      signingKey: existingSecret.jwksKeyKey,
    };
  }
  const secret = new core.v1.Secret(
    `${scope.names.router}-credentials`,
    {
      metadata: { namespace: scope.namespace, labels: scope.names.labels },
      immutable: true,
      stringData: {
        apiServerKey: apiServerKey ?? '',
        apiServerSecret: apiServerSecret ?? '',
        jwksKey: jwksKey ?? '',
      },
    },
    { parent: scope.parent },
  );
  return {
    secretName: secret.metadata.name,
    accessKey: 'apiServerKey',
    secretKey: 'apiServerSecret',
    signingKey: 'jwksKey',
  };
}
