import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { EndpointTokenStore, Records } from './endpoint_token_store.ts';
import { formatRecords, parseRecords } from './endpoint_token_store.ts';

/** Rights that the service account needs on the ConfigMap. */
export const CONFIG_MAP_NEEDS =
  'get and patch on this ConfigMap, which keeps what endpoint tokens there are';

const KEY = 'endpoint-tokens.json';

const CONFIG_MAP = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/**
 * Keeps the records of endpoint tokens in one ConfigMap, which the Pulumi program makes: the router has no right to make
 * objects, since that right cannot be confined to a name. It holds no secret.
 */
export function createConfigMapStore(
  api: Pick<KubernetesApi, 'call'>,
  namespace: string,
  name: string,
): EndpointTokenStore {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return {
    read: async (): Promise<Records> => {
      const { object } = await api.call({ method: 'GET', path });
      const parsed = CONFIG_MAP.safeParse(object);
      if (!parsed.success) {
        throw new RouterError(
          'KUBERNETES_UNAVAILABLE',
          `There is no ConfigMap ${name} in the namespace ${namespace}: endpoint tokens need it`,
        );
      }
      const { metadata, data } = parsed.data;
      return { version: metadata.resourceVersion, records: parseRecords(data?.[KEY] ?? '') };
    },
    write: async ({ version }, records) => {
      const body = {
        metadata: { resourceVersion: version },
        data: { [KEY]: formatRecords(records) },
      };
      const { status } = await api.call({ method: 'PATCH', path, body });
      return status === 200;
    },
  };
}
