import { ApiException, CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

import { LabError } from '../../errors.ts';
import { isNotFound, waitFor } from './wait.ts';

const LABEL = 'task-traffic-router/lab';

/**
 * Makes a namespace, marked with the run's id.
 *
 * @throws LabError `IN_USE` where there is one of this name, which is left as it is.
 */
export async function createNamespace(
  config: KubeConfig,
  name: string,
  runId: string,
): Promise<void> {
  try {
    await config.makeApiClient(CoreV1Api).createNamespace({
      body: { metadata: { name, labels: { [LABEL]: runId } } },
    });
  } catch (error) {
    if (!(error instanceof ApiException) || error.code !== 409) throw error;
    throw new LabError(
      'IN_USE',
      `The cluster has a namespace ${name} already: another npm start uses it, from another checkout or machine.`,
      { cause: error },
    );
  }
}

/** Removes the namespaces that a run has made, with all in them, and waits until they are gone. */
export async function removeNamespaces(config: KubeConfig, runId: string): Promise<void> {
  const api = config.makeApiClient(CoreV1Api);
  const { items } = await api.listNamespace({ labelSelector: `${LABEL}=${runId}` });
  const names = items.map(({ metadata }) => metadata?.name ?? '');
  for (const name of names) {
    await api.deleteNamespace({ name }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
  for (const name of names) {
    await waitFor(
      120,
      async () =>
        api.readNamespace({ name }).then(
          () => undefined,
          (error: unknown) => {
            if (isNotFound(error)) return true;
            throw error;
          },
        ),
      () => Promise.resolve(`namespace ${name} is still being deleted`),
    );
  }
}
