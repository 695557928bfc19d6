import type { SettledConfig } from '../../config/decisions/found.ts';
import { DNS_PORT, type PodPeer } from '../../platform/platform.ts';
import { addressPeers } from './destination.ts';
import { blocks, type EgressRule, type Peer, type Port } from './peers.ts';

/**
 * Where resolvers on the node itself listen, whoever made them: NodeLocal DNS on 169.254.20.10, or 169.254.25.10 in clusters of Kubespray;
 * AKS LocalDNS on 169.254.10.11 (https://learn.microsoft.com/azure/aks/localdns-custom); Cloud DNS of GKE on 169.254.169.254
 * (https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns). Nothing but the node and its cloud answers there.
 */
const LINK_LOCAL = '169.254.0.0/16';

/**
 * The way to names. A policy sees a question after the Service of DNS was mapped to pods, on the port that they listen on; a resolver on
 * the node itself is asked as it is written in the pod's resolv.conf.
 *
 * Where pods of DNS are not known, any address on its port; and where a resolver on the node or one of `pod.dnsConfig` cannot be named,
 * because the network plugin matches no node by its address.
 */
export function ruleOfNames({ found, pod }: SettledConfig): EgressRule[] {
  const { networks, pods, ports } = found.dns;
  // With the policy Default a pod asks whom its node asks, which nobody tells.
  const isOfNode = pod.dnsPolicy === 'Default';
  const servers = (pod.dnsConfig?.nameservers ?? []).map((address) => addressPeers(address, found));
  const isNamed =
    !isOfNode &&
    pods.length > 0 &&
    (networks.length === 0 || found.ipBlockCoversPods) &&
    servers.every((peers) => peers.length > 0);
  if (!isNamed) return [{ ports: bothProtocols([...new Set([DNS_PORT, ...ports])]) }];
  const others = networks.filter((network) => !network.startsWith('169.254.'));
  return [
    { to: pods.map(podPeer), ports: bothProtocols(ports) },
    {
      to: [...blocks([LINK_LOCAL, ...others]), ...servers.flat()],
      ports: bothProtocols([DNS_PORT]),
    },
  ];
}

function podPeer({ labels, namespace }: PodPeer): Peer {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: labels },
  };
}

function bothProtocols(ports: readonly number[]): Port[] {
  return ports.flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port })));
}
