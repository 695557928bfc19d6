import { createKubernetesApi, inCluster } from '../kubernetes/api.ts';
import type { Settings } from '../settings/settings.ts';
import { CONFIG_MAP_NEEDS, createConfigMapStore } from './config_map_store.ts';
import { EndpointTokens } from './endpoint_tokens.ts';
import type { EndpointTokenStore } from './endpoint_token_store.ts';
import type { Tell } from './notices.ts';
import type { Sealer } from './seal.ts';
import { createStateFile } from './state_file.ts';

/** The ConfigMap stands beside the Lease; the Pulumi program makes both. */
function chooseStore(
  { STATE_FILE: file, LEASE_NAMESPACE: namespace, LEASE_NAME: name }: Settings,
  environment: NodeJS.ProcessEnv,
): EndpointTokenStore | undefined {
  if (file !== undefined) return createStateFile(file);
  const place = inCluster(environment);
  if (namespace === undefined || name === undefined || place === undefined) return undefined;
  const api = createKubernetesApi({ ...place, needs: CONFIG_MAP_NEEDS });
  return createConfigMapStore(api, namespace, `${name}-endpoint-tokens`);
}

/** Endpoint tokens where there is a place for their records: STATE_FILE, or beside the Lease; else undefined, and they are off. */
export function createEndpointTokens(
  settings: Settings,
  sealer: Sealer,
  now: () => number,
  environment: NodeJS.ProcessEnv,
  tell: Tell,
): EndpointTokens | undefined {
  const store = chooseStore(settings, environment);
  return store === undefined ? undefined : new EndpointTokens(store, sealer, now, tell);
}
