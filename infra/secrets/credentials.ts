import { hidden } from './hidden.ts';
import { immutableSecret } from './immutable_secret.ts';
import { signingKey } from './signing_key.ts';
import type { Scope } from '../scope.ts';
import { type Mount, mountOf } from '../mount.ts';

/** The Secret with the ClearML account and the signing key, or the existing one that config names. */
export function credentialsFor(scope: Scope): Mount {
  const { existingSecret, apiServerKey, apiServerSecret } = scope.config.clearml;
  const secret = existingSecret ?? {
    name: immutableSecret(scope, 'credentials', {
      apiServerKey: hidden(apiServerKey) ?? '',
      apiServerSecret: hidden(apiServerSecret) ?? '',
      jwksKey: signingKey(scope) ?? '',
    }),
    apiServerKeyKey: 'apiServerKey',
    apiServerSecretKey: 'apiServerSecret',
    jwksKeyKey: 'jwksKey',
  };
  const source = { secret: { secretName: secret.name } };
  return mountOf(
    { name: 'credentials', source, folder: '/etc/task-router/credentials' },
    {
      CLEARML_API_ACCESS_KEY_FILE: secret.apiServerKeyKey,
      CLEARML_API_SECRET_KEY_FILE: secret.apiServerSecretKey,
      AUTH_BASE64_JWKS_KEY_FILE: secret.jwksKeyKey,
    },
  );
}
