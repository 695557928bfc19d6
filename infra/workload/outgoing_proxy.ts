import { hidden } from '../secrets/hidden.ts';
import { immutableSecret } from '../secrets/immutable_secret.ts';
import type { Scope } from '../scope.ts';
import type { Variable } from './pod_parts.ts';

const USERNAME = 'CLEARML_PROXY_USERNAME';
const PASSWORD = 'CLEARML_PROXY_PASSWORD';

/**
 * Environment that leads the router's calls to ClearML through a proxy; nothing where config names none. Credentials come from
 * a Secret, and the kubelet puts them into the URL (`$(NAME)`), so that no value of them stands in the pod's spec.
 */
export function outgoingProxy(scope: Scope): readonly Variable[] {
  const { proxy } = scope.config.clearml;
  if (proxy === undefined) return [];
  const { noProxy, url } = proxy;
  const credentials = proxyCredentials(scope, proxy);
  const value =
    credentials.length === 0 ? url : url.replace('://', `://$(${USERNAME}):$(${PASSWORD})@`);
  return [
    // They stand first: the kubelet replaces `$(NAME)` only by variables that stand above.
    ...credentials,
    { name: 'HTTPS_PROXY', value },
    { name: 'HTTP_PROXY', value },
    ...(noProxy.length === 0 ? [] : [{ name: 'NO_PROXY', value: noProxy.join(',') }]),
  ];
}

type Proxy = NonNullable<Scope['config']['clearml']['proxy']>;

function proxyCredentials(scope: Scope, proxy: Proxy): Variable[] {
  const { existingSecret, password, username } = proxy;
  const from = (name: string, secretName: Variable['value'], key: string): Variable => ({
    name,
    valueFrom: { secretKeyRef: { name: secretName, key } },
  });
  if (existingSecret !== undefined) {
    const { name, passwordKey, usernameKey } = existingSecret;
    return [from(USERNAME, name, usernameKey), from(PASSWORD, name, passwordKey)];
  }
  if (username === undefined || password === undefined) return [];
  const name = immutableSecret(scope, 'proxy', {
    username: encodeURIComponent(username),
    password: hidden(password).apply(encodeURIComponent),
  });
  return [from(USERNAME, name, 'username'), from(PASSWORD, name, 'password')];
}
