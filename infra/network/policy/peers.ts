import type { types } from '@pulumi/kubernetes';

import { namesOf } from '../../names.ts';

export type EgressRule = types.input.networking.v1.NetworkPolicyEgressRule;
export type IngressRule = types.input.networking.v1.NetworkPolicyIngressRule;
export type Peer = types.input.networking.v1.NetworkPolicyPeer;
export type Port = types.input.networking.v1.NetworkPolicyPort;

/** Pods of any namespace. */
export const ALL_PODS: Peer = { namespaceSelector: {} };

/** The pods of a router, in its own namespace. */
export function podsOf(routerName: string): Peer {
  return { podSelector: { matchLabels: namesOf(routerName).selector } };
}

/** Pods of some namespaces, by the label that each namespace has from Kubernetes 1.21 on; no peer for none. */
export function inNamespaces(namespaces: readonly string[]): Peer[] {
  if (namespaces.length === 0) return [];
  const key = 'kubernetes.io/metadata.name';
  const expression = { key, operator: 'In', values: [...namespaces] };
  return [{ namespaceSelector: { matchExpressions: [expression] } }];
}

export function blocks(networks: readonly string[]): Peer[] {
  return networks.map((cidr) => ({ ipBlock: { cidr } }));
}

export function tcp(port: number): Port {
  return { protocol: 'TCP', port };
}
