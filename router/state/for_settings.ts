import { createKubernetesApi, inCluster } from '../kubernetes/api.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { CONFIG_MAP_NEEDS, createConfigMapState } from './config_map.ts';
import { createSharedState, type SharedState } from './shared_state.ts';
import { createStateFile } from './state_file.ts';
import type { StateObject } from './state_object.ts';

/** The ConfigMap stands beside the Lease; the Pulumi program makes both. Its name is older than what else it keeps now. */
function placeOf(
  { STATE_FILE: file, LEASE_NAMESPACE: namespace, LEASE_NAME: name }: Settings,
  environment: NodeJS.ProcessEnv,
): StateObject | undefined {
  if (file !== undefined) return createStateFile(file);
  const cluster = inCluster(environment);
  if (namespace === undefined || name === undefined || cluster === undefined) return undefined;
  const api = createKubernetesApi({ ...cluster, needs: CONFIG_MAP_NEEDS });
  return createConfigMapState(api, namespace, `${name}-endpoint-tokens`);
}

/** Undefined where there is no place for it: neither STATE_FILE nor a Lease. */
export function createSharedStateFor(
  settings: Settings,
  environment: NodeJS.ProcessEnv,
  log: Log,
): SharedState | undefined {
  const object = placeOf(settings, environment);
  return object === undefined ? undefined : createSharedState(object, log);
}
