import { hidden } from './hidden.ts';
import { immutableSecret } from './immutable_secret.ts';
import { type Mount, mountOf } from '../mount.ts';
import type { Scope } from '../scope.ts';

/** The Secret with `router.secret`, or the existing one; undefined where the router derives the key. */
export function routerSecret(scope: Scope): Mount | undefined {
  const { existingSecret, secret } = scope.config.router;
  if (existingSecret === undefined && secret === undefined) return undefined;
  const { key, name: secretName } = existingSecret ?? {
    name: immutableSecret(scope, 'secret', { secret: hidden(secret) ?? '' }),
    key: 'secret',
  };
  return mountOf(
    {
      name: 'router-secret',
      source: { secret: { secretName } },
      folder: '/etc/task-router/secret',
    },
    { ROUTER_SECRET_FILE: key },
  );
}
