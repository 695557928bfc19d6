import type { Found } from '../../platform/found.ts';
import type { PodPeer } from '../../platform/platform.ts';
import { blocks, type EgressRule, type Peer, type Port } from './peers.ts';

/** The port of DNS: RFC 1035 section 4.2. */
const DNS_PORT = 53;

/**
 * The way to names. A policy sees a question after the Service of DNS was mapped to pods, on the port that they listen on; a resolver on
 * the node itself is asked as it is written in the pod's resolv.conf.
 *
 * Where pods of DNS are not known, any address on its port; and where a resolver on the node cannot be named, because the network plugin
 * matches no node by its address.
 */
export function ruleOfNames({ dns, ipBlockCoversPods }: Found): EgressRule[] {
  const { networks, pods, ports } = dns;
  const isNamed = pods.length > 0 && (networks.length === 0 || ipBlockCoversPods);
  if (!isNamed) return [{ ports: bothProtocols([...new Set([DNS_PORT, ...ports])]) }];
  return [
    { to: pods.map(podPeer), ports: bothProtocols(ports) },
    ...(networks.length === 0 ? [] : [{ to: blocks(networks), ports: bothProtocols([DNS_PORT]) }]),
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
