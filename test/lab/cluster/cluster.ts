/** An ingress controller of the lab's cluster, or why there is none. */
export type IngressController =
  | {
      /** `spec.ingressClassName` of the Ingresses that it serves. */
      readonly className: string;
      /** Answers on ports 80 and 443, from the host and from pods. */
      readonly address: string;
    }
  | { readonly absent: string };

/** A running one-node cluster; plain data, so that it can be written down and read again. */
export interface Cluster {
  /** Unique on this machine: derived from the state directory. */
  readonly name: string;
  /** State directory of this cluster. */
  readonly directory: string;
  /** Path of a kubeconfig with the one context `context`. */
  readonly kubeconfig: string;
  readonly context: string;
  readonly nodeName: string;
  readonly nodeAddress: string;
  /** The host's own address on the link to the node: pods reach servers of the host here. */
  readonly hostAddress: string;
  /** CIDR */
  readonly podNetwork: string;
  /** CIDR */
  readonly serviceNetwork: string;
  /** Where pods ask for names; nobody answers there until the Service of DNS is made. */
  readonly dnsAddress: string;
  /** CIDR of the addresses that Services of type LoadBalancer get. */
  readonly loadBalancerNetwork: string;
  readonly ingress: IngressController;
  /** The process that holds the cluster's namespaces, in the host's process numbers. */
  readonly namespacePid: number;
}
