import type { LoadBalancer } from './load_balancer.ts';
import type { IngressController } from './ingress_controllers.ts';

/** Kinds of clusters that differ in what the router's objects have to say, in the words of `kubernetes.platform`. */
export const PLATFORMS = ['eks', 'gke', 'aks', 'openshift', 'k3s', 'microk8s', 'other'] as const;

export type PlatformName = (typeof PLATFORMS)[number];

/** Ports from `start` to `end`, both included. */
export interface Ports {
  readonly start: number;
  readonly end: number;
}

/** Pods of a namespace that all have these labels. */
export interface PodPeer {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The port that resolvers are asked at, wherever their pods listen: RFC 1035 section 4.2. */
export const DNS_PORT = 53;

/** Where names are resolved, as a NetworkPolicy has to name it: it judges a connection after a Service was mapped to its pods. */
export interface Dns {
  /** The pods that answer; none where they are not pods, or not known. */
  readonly pods: readonly PodPeer[];
  /** Ports that they listen on, each by UDP and TCP. */
  readonly ports: readonly number[];
  /** Networks of resolvers that are no pods of the pod network: NodeLocal DNS, which listens on a link-local address of each node. */
  readonly networks: readonly string[];
}

/** All that the program knows of one kind of cluster: plain data, each fact with its source in the platform's file. */
export interface Platform {
  readonly name: PlatformName;
  /** As people call it, for messages. */
  readonly title: string;
  /** What serves an Ingress without a class where no class is the default one. */
  readonly ingressController: IngressController;
  /** What serves a Gateway. */
  readonly gatewayController: 'gke' | 'other';
  /** What gives a Service of type LoadBalancer its address. */
  readonly loadBalancer: LoadBalancer;
  /** Where names are resolved when the cluster cannot be asked. */
  readonly dns: Dns;
  /** API group of a mode in which each node resolves names by itself, at an address that nobody tells; undefined where there is none. */
  readonly nodeDnsGroup: string | undefined;
  /** Ports of the API server itself, behind the Service `default/kubernetes`, when the cluster cannot be asked; empty where none is settled. */
  readonly apiServerPorts: readonly number[];
  /** Node ports, when the cluster cannot be asked. */
  readonly nodePorts: Ports;
  /**
   * Whether `ipBlock` of a NetworkPolicy covers pods and nodes. False where the engine gives them identities and judges by these, which is
   * Cilium's way; undefined where that depends on the cluster's plugin.
   */
  readonly ipBlockCoversPods: boolean | undefined;
  /** Networks from which load balancers of the platform ask pods for their health; empty where they have none that is known. */
  readonly healthCheckNetworks: readonly string[];
  /** Whether pods outside of kube-system may have the classes `system-node-critical` and `system-cluster-critical`. */
  readonly allowsSystemPriority: boolean;
  /** The longest time that an autoscaler of nodes gives a pod to end, in seconds; undefined where none is known. */
  readonly longestDrainSeconds: number | undefined;
}
