import type { SettledConfig } from '../config/decisions/found.ts';
import { healthCheckNetworks } from '../config/decisions/health_checks.ts';
import { asksApiServer } from '../config/decisions/pods.ts';
import { hostNetwork } from '../config/values/host_network.ts';
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
  return [
    ...(healthCheckNetworks(config) === 'unknown' ? [OPEN_ADMIN_PORT] : unreadMetrics(config)),
    ...unmatchedNetworks(config, taskNetworks),
    ...guessedApiServer(config),
  ];
}

const OPEN_ADMIN_PORT =
  'The NetworkPolicy leaves the admin port, with the metrics, open to every address, since the load balancer of AWS asks there for ' +
  'health: name its subnets in networkPolicy.ingressNetworks.';

/** Platforms have their port; any other cluster was given one by whoever made it, and the router does nothing until it reaches it. */
function guessedApiServer(config: SettledConfig): string[] {
  const { found, networkPolicy } = config;
  const isTold = found.apiServer.addresses.length > 0 || networkPolicy.apiServerPorts.length > 0;
  if (isTold || found.platform.name !== 'other' || !asksApiServer(config)) return [];
  return [
    'The cluster could not be asked where its API server listens, and the NetworkPolicy opens the usual ports ' +
      `${found.apiServer.ports.join(' and ')}: name the one behind the Service default/kubernetes in networkPolicy.apiServerPorts.`,
  ];
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
  const nodes = found.nodeAddresses?.map(hostNetwork);
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
