/** What gives Services of type LoadBalancer their address, in the words of `tcpSession.service.platform`. */
export const LOAD_BALANCERS = ['aws-nlb', 'aks', 'gke', 'cilium', 'metallb', 'other'] as const;

export type LoadBalancerName = (typeof LOAD_BALANCERS)[number];

/** What the program knows of one kind of load balancer. */
export interface LoadBalancer {
  readonly name: LoadBalancerName;
  /** Ports that one of them carries, unless a quota was raised; undefined where no limit is known. */
  readonly maxPorts: number | undefined;
  /** Whether an annotation lets several Services share one address. */
  readonly canShareAddress: boolean;
  /**
   * Whether it hands packets on as they came, so that externalTrafficPolicy Local leaves clients their addresses. False where it connects
   * by itself, and where that is not known.
   */
  readonly keepsClients: boolean;
  /** Rules of a security group that it makes for each port and network, at the most and for each IP family; undefined where it makes none. */
  readonly maxSecurityRules: number | undefined;
  /**
   * Class that a Service gets whose config names this load balancer and no class, and the first version of the cluster that serves it;
   * undefined where a Service without a class is served well.
   */
  readonly serviceClass: { readonly name: string; readonly servedFrom: string } | undefined;
  /** Whether it connects to pods without a node in between, so that clients' addresses and the pods' own health count. */
  readonly sendsToPods: boolean;
  /**
   * Who dials a port of the range to see whether it is alive, without being a client: `none`, `node-port` (each node port of each node, by
   * a TCP connection that is closed at once) or `proxy-local` (a connection with a PROXY header of the command LOCAL).
   */
  readonly probes: 'none' | 'node-port' | 'proxy-local';
}

/** Nothing is known of it. */
export const UNKNOWN_LOAD_BALANCER: LoadBalancer = {
  name: 'other',
  maxPorts: undefined,
  canShareAddress: false,
  keepsClients: false,
  maxSecurityRules: undefined,
  serviceClass: undefined,
  sendsToPods: false,
  probes: 'none',
};
