import type { KubernetesVersion } from './kubernetes_version.ts';
import type { Dns, Ports } from './platform.ts';

/** A node, as far as it tells whose cluster it is in. */
export interface NodeEvidence {
  readonly name: string;
  /** Such as `aws:///eu-central-1a/i-0123`; undefined where nobody sets it. */
  readonly providerID: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** IP addresses. */
  readonly addresses?: readonly string[];
  /** Names of DNS that lead to it, and what it calls itself. */
  readonly hostNames?: readonly string[];
}

/** An IngressClass. */
export interface IngressClassEvidence {
  readonly name: string;
  readonly controller: string;
  readonly isDefault: boolean;
}

/** A Service of the TCP range that is there already, as far as it tells what gave it its address. */
export interface TcpServiceEvidence {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly loadBalancerClass: string | undefined;
}

/** What a cluster told of itself. Each is undefined where it could not be asked. */
export interface Evidence {
  readonly version?: KubernetesVersion | undefined;
  /** `gitVersion` of `/version`, such as `v1.31.2-eks-7f9249a`. */
  readonly gitVersion?: string | undefined;
  readonly nodes?: readonly NodeEvidence[] | undefined;
  /** Names of the API groups that are served. */
  readonly apiGroups?: readonly string[] | undefined;
  readonly ingressClasses?: readonly IngressClassEvidence[] | undefined;
  /** Ports on which the API server itself listens, behind the Service `default/kubernetes`. */
  readonly apiServerPorts?: readonly number[] | undefined;
  readonly dns?: Dns | undefined;
  readonly nodePorts?: Ports | undefined;
  /** The router's Service for TCP, or the first of several; `none` where there is none of type LoadBalancer. */
  readonly tcpService?: TcpServiceEvidence | 'none' | undefined;
}
