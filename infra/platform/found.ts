import type { IngressClassEvidence, NodeEvidence, TcpServiceEvidence } from './evidence.ts';
import type { KubernetesVersion } from './kubernetes_version.ts';
import type { LoadBalancer } from './load_balancer.ts';
import type { Dns, Platform, Ports } from './platform.ts';

/** What is known of the cluster: what it told, and the platform's own facts where it told nothing. All that depends on it asks here. */
export interface Found {
  /** Undefined where it could not be asked. */
  readonly version: KubernetesVersion | undefined;
  readonly platform: Platform;
  /** What the platform was known by, for a person. */
  readonly reason: string;
  /** API groups that the cluster serves; undefined where it could not be asked. */
  readonly apiGroups: readonly string[] | undefined;
  /** The IngressClass of `ingress.className`, else the default one; undefined where there is none, or it could not be asked. */
  readonly ingressClass: IngressClassEvidence | undefined;
  /** What carries the TCP range, where it is a Service of type LoadBalancer. */
  readonly loadBalancer: LoadBalancer;
  readonly dns: Dns;
  /** Ports of the API server behind the Service `default/kubernetes`; empty where neither cluster nor platform tells them. */
  readonly apiServerPorts: readonly number[];
  readonly nodePorts: Ports;
  /** Nodes of the cluster; undefined where it could not be asked. */
  readonly nodes: readonly NodeEvidence[] | undefined;
  /** The router's Service for TCP that is there already, `none` where there is none; undefined where it could not be asked. */
  readonly tcpService: TcpServiceEvidence | 'none' | undefined;
  /** Whether the node ports were told by the cluster, or are what the platform has unless its API server was told otherwise. */
  readonly nodePortsAreFound: boolean;
  /** Whether `ipBlock` of a NetworkPolicy covers pods and nodes: false where Cilium is there, or may be. */
  readonly ipBlockCoversPods: boolean;
}

/** Addresses of all nodes; undefined where they could not be asked. */
export function nodeAddressesOf({ nodes }: Pick<Found, 'nodes'>): readonly string[] | undefined {
  return nodes?.flatMap(({ addresses = [] }) => addresses);
}
