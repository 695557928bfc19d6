import { RouterError } from '../../errors.ts';
import { createKubernetesApi, inCluster } from '../../kubernetes/api.ts';
import { createPodWatch, podsOf } from '../../kubernetes/pod_watch.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import { createTaskPods, type TaskPods } from './task_pods.ts';

/** Milliseconds for one page of pods. */
const LIST_TIMEOUT_MS = 15_000;

/**
 * The check of addresses by the pods of VERIFY_TASK_PODS; undefined where that is not set.
 *
 * @throws RouterError SETTINGS_INVALID where there is no Kubernetes or no service account.
 */
export function followTaskPods(
  settings: Pick<Settings, 'VERIFY_TASK_PODS' | 'VERIFY_TASK_PODS_STRICT' | 'TASK_POD_NAME_PREFIX'>,
  environment: NodeJS.ProcessEnv,
  log: Log,
): TaskPods | undefined {
  const { TASK_POD_NAME_PREFIX: namePrefix, VERIFY_TASK_PODS: namespaces } = settings;
  if (namespaces.length === 0) return undefined;
  const place = inCluster(environment);
  if (place === undefined) {
    throw new RouterError(
      'SETTINGS_INVALID',
      'VERIFY_TASK_PODS: pods are looked at in Kubernetes alone, but KUBERNETES_SERVICE_HOST is not set; leave it away outside a cluster',
    );
  }
  const open = (namespace: string): ReturnType<typeof createKubernetesApi> =>
    createKubernetesApi({
      ...place,
      timeout: LIST_TIMEOUT_MS,
      needs: `list and watch on pods in ${podsOf(namespace)}`,
    });
  try {
    return createTaskPods({
      namespaces,
      namePrefix,
      strict: settings.VERIFY_TASK_PODS_STRICT,
      log,
      watch: (namespace, observer) => createPodWatch(open(namespace), namespace, observer),
    });
  } catch (error) {
    throw new RouterError(
      'SETTINGS_INVALID',
      `VERIFY_TASK_PODS: the pod has no service account to speak to Kubernetes with: ${(error as Error).message}; set automountServiceAccountToken`,
      { cause: error },
    );
  }
}
