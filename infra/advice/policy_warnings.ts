import type { SettledConfig } from '../config/decisions/found.ts';
import { asksApiServer } from '../config/decisions/pods.ts';
import { hostNetwork } from '../config/values/host_network.ts';
import { nodeAddressesOf } from '../platform/found.ts';
import { overlap } from './overlap.ts';

/**
 * What deserves a second look about the NetworkPolicy.
 *
 * @param taskNetworks networks that tasks' addresses may lie in.
 */
export function policyWarnings(
  config: SettledConfig,
  taskNetworks: readonly string[],
): readonly string[] {
  if (!config.networkPolicy.enabled) return [];
  return [...unreadMetrics(config), ...unmatchedNetworks(config, taskNetworks)];
}

/** A ServiceMonitor whose Prometheus is let in nowhere. */
function unreadMetrics({ monitoring, networkPolicy }: SettledConfig): string[] {
  const { extraIngress, metricsNamespaces } = networkPolicy;
  const isLetIn = metricsNamespaces.length + extraIngress.length > 0;
  if (!monitoring.serviceMonitor || isLetIn) return [];
  return [
    'The NetworkPolicy keeps Prometheus away from the metrics that monitoring.serviceMonitor tells it to read: name its namespace in ' +
      'networkPolicy.metricsNamespaces.',
  ];
}

/** Networks with pods or nodes in them, where the network plugin matches neither by address. */
function unmatchedNetworks(config: SettledConfig, taskNetworks: readonly string[]): string[] {
  const { clearml, found, networkPolicy } = config;
  if (found.ipBlockCoversPods) return [];
  const nodes = nodeAddressesOf(found)?.map(hostNetwork);
  const keys = [
    ['ingressNetworks', 'extraIngress', true],
    ['clearmlNetworks', 'extraEgress', true],
    ['proxyNetworks', 'extraEgress', clearml.proxy !== undefined],
    ['apiServerNetworks', 'extraEgress', asksApiServer(config)],
  ] as const;
  return keys.flatMap(([key, extra, isUsed]) => {
    const inside = networkPolicy[key].find((network) =>
      [...taskNetworks, ...(nodes ?? [])].some((taken) => overlap(network, taken)),
    );
    if (!isUsed || inside === undefined) return [];
    return [
      `networkPolicy.${key} holds ${inside}, where pods or nodes are, and the network plugin is or may be Cilium, which matches ` +
        `neither by address: the policy opens nothing there. Leave it out, or name pods by their labels in networkPolicy.${extra}.`,
    ];
  });
}
