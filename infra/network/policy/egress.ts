import { asksApiServer, findsPeers } from '../../config/decisions/pods.ts';
import { OWN_PORTS } from '../../config/decisions/ports.ts';
import type { SettledConfig } from '../../config/decisions/found.ts';
import { destinationOf } from './destination.ts';
import { ruleOfNames } from './names.ts';
import {
  ALL_PODS,
  blocks,
  type EgressRule,
  inNamespaces,
  type Peer,
  podsOf,
  tcp,
} from './peers.ts';

/** Where the router gets to: names, tasks, ClearML or the proxy to it, the API server where the router asks it, and its own pods. */
export function egressRules(config: SettledConfig, taskNetworks: readonly string[]): EgressRule[] {
  const tasks: EgressRule = {
    to: [...blocks(taskNetworks), ...taskPods(config)],
    ports: [{ protocol: 'TCP' }],
  };
  return [
    ...ruleOfNames(config),
    tasks,
    ...waysToClearml(config),
    ...(asksApiServer(config) ? [wayToApiServer(config)] : []),
    ...(findsPeers(config) ? [reach([podsOf(config.router.name)], [OWN_PORTS.admin])] : []),
    ...config.networkPolicy.extraEgress,
  ];
}

/**
 * Pods of tasks by their namespaces, where networks alone might not do or config names some. Cilium does not match a pod by `ipBlock`,
 * not even by 0.0.0.0/0: it knows pods by labels only (https://docs.cilium.io/en/stable/network/kubernetes/policy/, issue 9209), and so do
 * AKS with Cilium (https://learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium#limitations) and GKE Dataplane V2, which is made of
 * it.
 */
function taskPods({ found, namespace, networkPolicy, router }: SettledConfig): Peer[] {
  if (found.ipBlockCoversPods && networkPolicy.taskNamespaces.length === 0) return [];
  const named = [...(router.verifyPods?.namespaces ?? []), ...networkPolicy.taskNamespaces];
  if (named.length === 0 || named.includes('*')) return [ALL_PODS];
  return inNamespaces([...new Set([...named, namespace.name])]);
}

/** The port of the Service `default/kubernetes`, for plugins that judge before it is mapped, such as that of the AWS VPC. */
const API_SERVICE_PORT = 443;

/**
 * To the API server on its ports. Its addresses are not pinned: clouds change them without notice, and Cilium matches none of a node. A
 * rule without a peer is what reaches it everywhere, Cilium included (`ParseNetworkPolicy` of cilium/cilium pkg/k8s/network_policy.go);
 * a CiliumNetworkPolicy to the entity kube-apiserver would be narrower, and GKE Dataplane V2 does not serve it.
 */
function wayToApiServer({ found, networkPolicy }: SettledConfig): EgressRule {
  const { apiServerNetworks, apiServerPorts } = networkPolicy;
  const ports = apiServerPorts.length > 0 ? apiServerPorts : found.apiServerPorts;
  return reach(blocks(apiServerNetworks), [...new Set([API_SERVICE_PORT, ...ports])]);
}

/** The port that ClearML's API server itself listens on: https://clear.ml/docs/latest/docs/deploying_clearml/clearml_server_config/ */
const CLEARML_PORT = 8008;

/** Through the proxy where there is one; past it, too, where some hosts are reached without it. */
function waysToClearml({ clearml, found, networkPolicy }: SettledConfig): EgressRule[] {
  const { apiServerUrlReference, proxy } = clearml;
  const { clearmlNetworks, clearmlPorts, proxyNetworks } = networkPolicy;
  const api = destinationOf(apiServerUrlReference, found);
  const ownPorts = api.mayBeMapped ? [...new Set([api.port, CLEARML_PORT])] : [api.port];
  const direct = reach(
    clearmlNetworks.length > 0 ? blocks(clearmlNetworks) : api.peers,
    clearmlPorts.length > 0 ? clearmlPorts : ownPorts,
  );
  if (proxy === undefined) return [direct];
  const { peers, port } = destinationOf(proxy.url, found);
  const byProxy = reach(proxyNetworks.length > 0 ? blocks(proxyNetworks) : peers, [port]);
  return proxy.noProxy.length > 0 ? [byProxy, direct] : [byProxy];
}

/** Without a peer a rule means every destination. */
function reach(to: readonly Peer[], ports: readonly number[]): EgressRule {
  return {
    ...(to.length === 0 ? {} : { to: [...to] }),
    ports: ports.map((port) => tcp(port)),
  };
}
