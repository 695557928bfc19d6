import type { types } from '@pulumi/kubernetes';
import { jsonStringify } from '@pulumi/pulumi';

import { hidden } from './hidden.ts';
import { immutableSecret } from './immutable_secret.ts';
import type { Scope } from '../scope.ts';

/** Name by which a kubelet looks up credentials of images without a registry (with or without Docker's URL around it). */
const DOCKER_HUB = 'index.docker.io';

/** References for the pod: existing pull secrets, and one made of `imageCredentials.password` where that is given. */
export function imagePullSecrets(scope: Scope): types.input.core.v1.LocalObjectReference[] {
  const { registry, username, existingImagePullSecrets } = scope.config.imageCredentials;
  const password = hidden(scope.config.imageCredentials.password);
  const references: types.input.core.v1.LocalObjectReference[] = existingImagePullSecrets.map(
    (name) => ({ name }),
  );
  if (password === undefined) return references;
  const auth = password.apply((text) => Buffer.from(`${username}:${text}`).toString('base64'));
  const server = registry === 'docker.io' ? DOCKER_HUB : registry;
  const name = immutableSecret(
    scope,
    'registry',
    { '.dockerconfigjson': jsonStringify({ auths: { [server]: { username, password, auth } } }) },
    'kubernetes.io/dockerconfigjson',
  );
  return [...references, { name }];
}
