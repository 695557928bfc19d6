import * as z from 'zod';

import type { Answer } from './message.ts';

/** Reads an object of the cluster by its path; undefined where there is none. Rejects where the API server does not tell. */
export type ReadObject = (path: string) => Promise<unknown>;

/** The domain of the cluster's names. */
export const CLUSTER_DOMAIN = 'cluster.local';

const SERVICE_NAME = /^([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc\.(.+)$/;

const SERVICE = z.object({ spec: z.object({ clusterIP: z.string().optional() }) });
const SLICES = z.object({
  items: z.array(
    z.object({
      addressType: z.string(),
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()),
            conditions: z.object({ ready: z.boolean().nullish() }).optional(),
          }),
        )
        .nullish(),
    }),
  ),
});

/**
 * The addresses of `<service>.<namespace>.svc.cluster.local`: that of the Service, or those of its ready endpoints where it has none of
 * its own. https://github.com/kubernetes/dns/blob/master/docs/specification.md
 */
export async function addressesOf(name: string, read: ReadObject): Promise<Answer> {
  const [, service, namespace, domain] = SERVICE_NAME.exec(name) ?? [];
  if (service === undefined || namespace === undefined || domain !== CLUSTER_DOMAIN) {
    return 'no such name';
  }
  const found = await read(`/api/v1/namespaces/${namespace}/services/${service}`);
  if (found === undefined) return 'no such name';
  const { clusterIP } = SERVICE.parse(found).spec;
  // Of type ExternalName: another name, which nobody here looks up.
  if (clusterIP === undefined) return [];
  if (clusterIP !== 'None') return [clusterIP];
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const listed = await read(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`,
  );
  return SLICES.parse(listed)
    .items.filter(({ addressType }) => addressType === 'IPv4')
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses);
}
