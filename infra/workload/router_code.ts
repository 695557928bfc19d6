import { packed } from '../bundle/packed.ts';
import { immutableConfigMap } from './immutable_config_map.ts';
import type { Mount } from '../mount.ts';
import type { Scope } from '../scope.ts';

const BUNDLE_FILE = 'router.cjs';
const FOLDER = '/opt/task-router';

/** The bundle in the pod. */
export const BUNDLE_PATH = `${FOLDER}/${BUNDLE_FILE}`;

/**
 * The router's bundle in a ConfigMap, so that no registry of one's own is needed. Another bundle makes another ConfigMap and rolls
 * the Deployment, and going back goes back.
 */
export function routerCode(scope: Scope, code: string): Mount {
  const name = immutableConfigMap(scope, 'code', packed(BUNDLE_FILE, code));
  return { name: 'code', source: { configMap: { name } }, folder: FOLDER, settings: {} };
}
