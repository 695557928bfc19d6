import { z } from 'zod';

import { bad, good, type Check, type Finding } from '../check.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import { mayRunOn } from '../../config/decisions/pods.ts';
import type { StackConfig } from '../../config/stack_config.ts';

const node = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  status: z
    .looseObject({ addresses: z.array(z.looseObject({ address: z.string() })).default([]) })
    .optional(),
});

/** Whether a pod of the router runs on the node that users are told of, where nodes without one turn them away. */
export function nodeChecks(
  { pod, tcpSession }: StackConfig,
  reader: ClusterReader,
): readonly Check[] {
  const { routerAddress: address, service } = tcpSession ?? {};
  const isLocal = service?.type === 'NodePort' && service.externalTrafficPolicy === 'Local';
  if (!isLocal || address === undefined) return [];
  const find = async (): Promise<Finding> => {
    const nodes = (await reader.list('/api/v1/nodes')).map((item) => node.parse(item));
    const named = nodes.find(
      ({ metadata, status }) =>
        metadata.name === address || status?.addresses.some((one) => one.address === address),
    );
    if (named === undefined) return good(`${address} is the address of no single node`);
    const { labels, name } = named.metadata;
    if (mayRunOn(pod, labels)) {
      return good(`the router may run on ${name}, whose address users are told`);
    }
    return bad(
      `${address} is node ${name}, where pod.nodeSelector lets no pod of the router run`,
      `Set pod.nodeSelector to labels of ${name}, or tcpSession.service.externalTrafficPolicy to Cluster.`,
    );
  };
  return [{ title: 'node of the TCP address', find }];
}
