import { CoreV1Api, type KubeConfig, type V1Pod } from '@kubernetes/client-node';

import { isNotFound, waitFor } from '../../lab/run/kubernetes/wait.ts';
import { ROUTER_NAME, ROUTER_NAMESPACE } from '../../lab/run/stack_config.ts';

/** A pod of the router. */
export interface RouterPod {
  readonly name: string;
  readonly isReady: boolean;
  /** When its end began, in milliseconds since the epoch; undefined while it lives on. */
  readonly endBegan: number | undefined;
}

function routerPod({ metadata, status }: V1Pod): RouterPod {
  const { name = '', deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata ?? {};
  return {
    name,
    isReady: (status?.conditions ?? []).some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    ),
    // The API server writes when the grace will be over.
    endBegan:
      deletionTimestamp === undefined
        ? undefined
        : new Date(deletionTimestamp).getTime() - deletionGracePeriodSeconds * 1_000,
  };
}

/** The router's pods, those that are ending too. */
export async function routerPods(
  config: KubeConfig,
  name = ROUTER_NAME,
  namespace = ROUTER_NAMESPACE,
): Promise<readonly RouterPod[]> {
  const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({
    namespace,
    labelSelector: `app.kubernetes.io/instance=${name}`,
  });
  return items.map(routerPod);
}

/** Waits until a pod of the router drains, or has done so and is gone. */
export function untilDraining(config: KubeConfig, pod: string): Promise<true> {
  const api = config.makeApiClient(CoreV1Api);
  return waitFor(
    60,
    () =>
      api.readNamespacedPodLog({ namespace: ROUTER_NAMESPACE, name: pod }).then(
        (log) => (log.includes('"draining"') ? true : undefined),
        (error: unknown) => {
          if (isNotFound(error)) return true as const;
          throw error;
        },
      ),
    () => Promise.resolve(`pod ${pod} does not drain`),
  );
}

/** Waits until a pod of the router is gone. */
export function untilGone(config: KubeConfig, pod: string): Promise<true> {
  const api = config.makeApiClient(CoreV1Api);
  return waitFor(
    90,
    () =>
      api.readNamespacedPod({ namespace: ROUTER_NAMESPACE, name: pod }).then(
        () => undefined,
        (error: unknown) => {
          if (isNotFound(error)) return true as const;
          throw error;
        },
      ),
    () => Promise.resolve(`pod ${pod} is still ending`),
  );
}
