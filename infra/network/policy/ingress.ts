import { type PortRange, portsOf } from '../../../router/settings/tcp_range.ts';
import { isAtLeast, type KubernetesVersion } from '../../cluster/version.ts';
import { healthCheckNetworks } from '../../config/decisions/health_checks.ts';
import { OWN_PORTS, podRange } from '../../config/decisions/ports.ts';
import type { SettledConfig } from '../../config/decisions/found.ts';
import { blocks, type IngressRule, inNamespaces, type Port, tcp } from './peers.ts';

/**
 * Who may come in: to HTTP whom config names, or else everybody; to the TCP range everybody, since source ranges are for the load
 * balancer and the router; to the admin port those who read metrics and those who ask for health. The kubelet's probes come from the
 * pod's own node, which a policy always lets in.
 */
export function ingressRules(
  config: SettledConfig,
  version: KubernetesVersion | undefined,
): IngressRule[] {
  const { ingressNamespaces, ingressNetworks, extraIngress } = config.networkPolicy;
  const range = config.tcpSession?.portRange;
  const from = [...inNamespaces(ingressNamespaces), ...blocks(ingressNetworks)];
  return [
    { ...(from.length === 0 ? {} : { from }), ports: [tcp(OWN_PORTS.http)] },
    // A policy sees a connection after the Service has mapped it.
    ...(range === undefined ? [] : [{ ports: rangePorts(podRange(range), version, config.found) }]),
    ...adminRules(config),
    ...extraIngress,
  ];
}

function adminRules(config: SettledConfig): IngressRule[] {
  const ports = [tcp(OWN_PORTS.admin)];
  const networks = healthCheckNetworks(config);
  if (networks === 'unknown') return [{ ports }];
  const from = [...inNamespaces(config.networkPolicy.metricsNamespaces), ...blocks(networks)];
  return from.length === 0 ? [] : [{ from, ports }];
}

/**
 * Ranges are on by default from Kubernetes 1.22; before that a server drops `endPort` silently. Cilium before 1.16 does not read it
 * (https://docs.cilium.io/en/v1.15/network/kubernetes/policy/, issue 16622). Either opens the first port alone.
 */
function rangePorts(
  range: PortRange,
  version: KubernetesVersion | undefined,
  { ipBlockCoversPods }: SettledConfig['found'],
): Port[] {
  const knowsRanges = version !== undefined && isAtLeast(version, 1, 22) && ipBlockCoversPods;
  return knowsRanges
    ? [{ protocol: 'TCP', port: range.start, endPort: range.end }]
    : portsOf(range).map((port) => tcp(port));
}
