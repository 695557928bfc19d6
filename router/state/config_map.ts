import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { StateObject } from './state_object.ts';

/** Rights that the service account needs on the ConfigMap. */
export const CONFIG_MAP_NEEDS =
  'get and patch on this ConfigMap, which keeps what endpoint tokens there are, what owners share and who signed out';

const ENDING = '.json';

const CONFIG_MAP = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/**
 * Keeps the state in one ConfigMap, a section in each key, which the Pulumi program makes: the router has no right to make
 * objects, since that right cannot be confined to a name. It holds no secret.
 */
export function createConfigMapState(
  api: Pick<KubernetesApi, 'call' | 'close'>,
  namespace: string,
  name: string,
): StateObject {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return {
    read: async () => {
      const { object } = await api.call({ method: 'GET', path });
      const parsed = CONFIG_MAP.safeParse(object);
      if (!parsed.success) {
        throw new RouterError(
          'KUBERNETES_UNAVAILABLE',
          `There is no ConfigMap ${name} in the namespace ${namespace}: endpoint tokens, sharing and sign-out need it`,
        );
      }
      const { metadata, data } = parsed.data;
      const texts = Object.entries(data ?? {}).flatMap(([key, text]): [string, string][] =>
        key.endsWith(ENDING) ? [[key.slice(0, -ENDING.length), text]] : [],
      );
      return { version: metadata.resourceVersion, texts: new Map(texts) };
    },
    write: async ({ version }, section, text) => {
      const body = {
        metadata: { resourceVersion: version },
        data: { [section + ENDING]: text },
      };
      const { status } = await api.call({ method: 'PATCH', path, body });
      return status === 200;
    },
    close: api.close,
  };
}
