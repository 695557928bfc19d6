import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import { mayRunOn } from '../../config/decisions/pods.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import type { NodeEvidence } from '../../platform/evidence.ts';

/**
 * Whether a pod of the router runs on the node that users are told of, where nodes without one turn them away.
 *
 * @param nodes those of the cluster; undefined where they could not be asked.
 */
export function nodeChecks(
  { pod, tcpSession }: StackConfig,
  nodes: readonly NodeEvidence[] | undefined,
): readonly Check[] {
  const { routerAddress: address, service } = tcpSession ?? {};
  const isLocal = service?.type === 'NodePort' && service.externalTrafficPolicy === 'Local';
  if (!isLocal || address === undefined) return [];
  const finding = judge(pod, address, nodes);
  return [{ title: 'node of the TCP address', find: () => Promise.resolve(finding) }];
}

function judge(
  pod: StackConfig['pod'],
  address: string,
  nodes: readonly NodeEvidence[] | undefined,
): Finding {
  if (nodes === undefined) {
    return unsure(
      'the nodes could not be asked',
      `See that pod.nodeSelector has a pod of the router run where ${address} leads.`,
    );
  }
  const named = nodes.find(({ addresses = [], hostNames = [], name }) =>
    [name, ...addresses, ...hostNames].includes(address),
  );
  if (named === undefined) return good(`${address} is the address of no single node`);
  const { labels, name } = named;
  if (mayRunOn(pod, labels)) {
    return good(`the router may run on ${name}, whose address users are told`);
  }
  return bad(
    `${address} is node ${name}, where pod.nodeSelector lets no pod of the router run`,
    `Set pod.nodeSelector to labels of ${name}, or tcpSession.service.externalTrafficPolicy to Cluster.`,
  );
}
