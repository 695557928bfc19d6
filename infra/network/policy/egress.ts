import { asksApiServer } from '../../config/decisions/pods.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { destinationOf } from './destination.ts';
import { ALL_PODS, blocks, type EgressRule, inNamespaces, type Peer, tcp } from './peers.ts';

/** What the way out depends on beside config. */
export interface EgressFacts {
  readonly taskNetworks: readonly string[];
  /** Whether the network plugin matches pods and nodes by `ipBlock`; false where it may not. */
  readonly ipBlockCoversPods: boolean;
  /** Addresses of the nodes; undefined where they could not be asked. */
  readonly nodeAddresses: readonly string[] | undefined;
}

/** Where the router gets to: names, tasks, ClearML or the proxy to it, and the API server where the router asks it. */
export function egressRules(config: StackConfig, facts: EgressFacts): EgressRule[] {
  const { apiServerNetworks, apiServerPorts, extraEgress } = config.networkPolicy;
  const names: EgressRule = { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] };
  const tasks: EgressRule = {
    to: [...blocks(facts.taskNetworks), ...taskPods(config, facts)],
    ports: [{ protocol: 'TCP' }],
  };
  const ports = apiServerPorts.length > 0 ? apiServerPorts : [443, 6443];
  return [
    names,
    tasks,
    ...waysToClearml(config, facts),
    ...(asksApiServer(config) ? [reach(blocks(apiServerNetworks), ports)] : []),
    ...extraEgress,
  ];
}

/**
 * Pods of tasks by their namespaces, where networks alone might not do or config names some. Cilium does not match a pod by `ipBlock`, not even by 0.0.0.0/0: it knows pods by labels only
 * (https://docs.cilium.io/en/stable/network/kubernetes/policy/, issue 9209), and so do AKS with Cilium
 * (https://learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium#limitations) and GKE Dataplane V2, which is made of it.
 */
function taskPods(
  { namespace, networkPolicy, router }: StackConfig,
  { ipBlockCoversPods }: EgressFacts,
): Peer[] {
  if (ipBlockCoversPods && networkPolicy.taskNamespaces.length === 0) return [];
  const named = [...(router.verifyPods?.namespaces ?? []), ...networkPolicy.taskNamespaces];
  if (named.length === 0 || named.includes('*')) return [ALL_PODS];
  return inNamespaces([...new Set([...named, namespace.name])]);
}

/** The port that ClearML's API server itself listens on: https://clear.ml/docs/latest/docs/deploying_clearml/clearml_server_config/ */
const CLEARML_PORT = 8008;

/** Through the proxy where there is one; past it, too, where some hosts are reached without it. */
function waysToClearml({ clearml, networkPolicy }: StackConfig, facts: EgressFacts): EgressRule[] {
  const { apiServerUrlReference, proxy } = clearml;
  const { clearmlNetworks, clearmlPorts, proxyNetworks } = networkPolicy;
  const isNode = (address: string): boolean =>
    !facts.ipBlockCoversPods && facts.nodeAddresses?.includes(address) !== false;
  const api = destinationOf(apiServerUrlReference, isNode);
  const ownPorts = api.mayBeMapped ? [...new Set([api.port, CLEARML_PORT])] : [api.port];
  const direct = reach(
    clearmlNetworks.length > 0 ? blocks(clearmlNetworks) : api.peers,
    clearmlPorts.length > 0 ? clearmlPorts : ownPorts,
  );
  if (proxy === undefined) return [direct];
  const { peers, port } = destinationOf(proxy.url, isNode);
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
