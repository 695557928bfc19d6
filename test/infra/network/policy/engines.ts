import { BlockList, isIP } from 'node:net';

/** An end of a connection, as a network plugin may know it. */
export type Place =
  | {
      readonly kind: 'pod';
      readonly address: string;
      readonly namespace: string;
      readonly labels: Labels;
    }
  | { readonly kind: 'node' | 'outside'; readonly address: string };

type Labels = Readonly<Record<string, string>>;

/** A connection to or from the router's pod. */
export interface Connection {
  readonly other: Place;
  readonly protocol: 'TCP' | 'UDP';
  /** Port where it ends: that of the pod or program itself. */
  readonly port: number;
  /** What was dialled, where that was a Service, which is mapped to `other` on the way. */
  readonly service?: { readonly address: string; readonly port: number };
}

/** How a network plugin judges. */
export interface Engine {
  readonly name: string;
  /** Whether `ipBlock` is held against such an end. */
  readonly matchesByAddress: (place: Place) => boolean;
  /** Whether an address is held against rules before the Service is mapped. */
  readonly seesServices: boolean;
  readonly knowsPortRanges: boolean;
}

const byAddress: Engine = {
  name: 'an engine that matches everything by address, behind the mapping of Services (Calico, OVN-Kubernetes)',
  matchesByAddress: () => true,
  seesServices: false,
  knowsPortRanges: true,
};

/**
 * - Cilium: no pod and no node by address, and no port ranges before 1.16
 *   (https://docs.cilium.io/en/stable/security/policy/layer3/#ip-cidr-based, `parsePorts` of cilium/cilium pkg/k8s/network_policy.go).
 * - The AWS VPC CNI judges at the pod's own interface, before kube-proxy, and adds the addresses of Services to the pods that a selector
 *   matches (https://github.com/aws/amazon-network-policy-controller-k8s).
 */
export const ENGINES: readonly Engine[] = [
  byAddress,
  {
    name: 'Cilium',
    matchesByAddress: ({ kind }) => kind === 'outside',
    seesServices: false,
    knowsPortRanges: false,
  },
  {
    ...byAddress,
    name: 'an engine before the mapping of Services (AWS VPC CNI)',
    seesServices: true,
  },
];

export const CILIUM = 'Cilium';

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
}

/** A rule of a policy as it is sent to the cluster. */
export interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly {
    readonly protocol?: string;
    readonly port?: number;
    readonly endPort?: number;
  }[];
}

/**
 * Whether rules of one direction let a connection pass.
 *
 * @param namespace that of the policy.
 */
export function passes(
  engine: Engine,
  namespace: string,
  rules: readonly Rule[],
  connection: Connection,
): boolean {
  const { other, port, service } = connection;
  const seen =
    engine.seesServices && service !== undefined ? service : { address: other.address, port };
  return rules.some(({ from, to, ports }) => {
    const peers = from ?? to ?? [];
    const open = (at: number): boolean => isOpen(engine, ports, connection.protocol, at);
    if (peers.length === 0) return open(seen.port);
    return peers.some((peer) =>
      peer.ipBlock === undefined
        ? selects(peer, namespace, other) && open(port)
        : engine.matchesByAddress(other) && contains(peer.ipBlock, seen.address) && open(seen.port),
    );
  });
}

function isOpen(
  { knowsPortRanges }: Engine,
  ports: Rule['ports'],
  protocol: string,
  port: number,
): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some((one) => {
    if ((one.protocol ?? 'TCP') !== protocol) return false;
    if (one.port === undefined) return true;
    const end = knowsPortRanges ? (one.endPort ?? one.port) : one.port;
    return port >= one.port && port <= end;
  });
}

function selects(peer: Peer, policyNamespace: string, place: Place): boolean {
  // Programs on the network of their node are no pods to any plugin.
  if (place.kind !== 'pod') return false;
  const { labels, namespace } = place;
  const isInNamespace =
    peer.namespaceSelector === undefined
      ? namespace === policyNamespace
      : matches(peer.namespaceSelector, { 'kubernetes.io/metadata.name': namespace });
  return isInNamespace && matches(peer.podSelector ?? {}, labels);
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') throw new Error(`the model does not know ${operator}`);
      return values.includes(labels[key] ?? '');
    })
  );
}

function contains(block: NonNullable<Peer['ipBlock']>, address: string): boolean {
  const isIn = (cidr: string): boolean => {
    const [network = '', length] = cidr.split('/');
    const list = new BlockList();
    list.addSubnet(network, Number(length), isIP(network) === 6 ? 'ipv6' : 'ipv4');
    return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  };
  return isIn(block.cidr) && !(block.except ?? []).some(isIn);
}
