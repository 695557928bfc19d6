import { core } from '@pulumi/kubernetes';
import { type Input, type Output, secret as asSecret } from '@pulumi/pulumi';

import { InfraError } from '../errors.ts';
import { hidden } from './hidden.ts';
import type { Scope } from '../scope.ts';

/**
 * The key that signs ClearML's tokens: from config, or read from the Secret of a ClearML server in the same cluster, as
 * the installation guide does by hand:
 * `kubectl -n clearml get secret clearml-conf -o jsonpath='{.data.secure_auth_token_secret}'`.
 */
export function signingKey(scope: Scope): Input<string> | undefined {
  const { jwksKey, serverSecret } = scope.config.clearml;
  if (serverSecret === undefined) return hidden(jwksKey);
  const { namespace, name, key } = serverSecret;
  const found = core.v1.Secret.get(`${scope.names.router}-clearml-server`, `${namespace}/${name}`, {
    parent: scope.parent,
  });
  return asSecret(decoded(found.data, `Secret ${name} in namespace ${namespace}`, key));
}

function decoded(
  data: Output<Readonly<Record<string, string>>>,
  where: string,
  key: string,
): Output<string> {
  return data.apply((values) => {
    const value = values?.[key];
    if (value !== undefined) return Buffer.from(value, 'base64').toString();
    const known = Object.keys(values ?? {}).join(', ');
    throw new InfraError(
      'signing-key-missing',
      `clearml.serverSecret: ${where} has no key ${key}; it has ${known || 'none'}.`,
    );
  });
}
