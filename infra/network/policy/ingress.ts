import { type PortRange, portsOf } from '../../../router/settings/tcp_range.ts';
import { healthCheckNetworks } from '../../config/decisions/health_checks.ts';
import { findsPeers } from '../../config/decisions/pods.ts';
import { OWN_PORTS, podRange } from '../../config/decisions/ports.ts';
import type { SettledConfig } from '../../config/decisions/found.ts';
import { isAtLeast } from '../../platform/kubernetes_version.ts';
import { blocks, type IngressRule, inNamespaces, podsOf, type Port, tcp } from './peers.ts';

/**
 * Who may come in: to HTTP whom config names, or else everybody; to the TCP range everybody, since source ranges are for the load
 * balancer and the router; to the health port the load balancers that ask there, or everybody where nobody knows their addresses, since
 * it tells nothing but whether the router is ready; to the admin port those who read metrics and the router's own pods. The kubelet's
 * probes come from the pod's own node, which a policy always lets in.
 */
export function ingressRules(config: SettledConfig): IngressRule[] {
  const { ingressNamespaces, ingressNetworks, extraIngress } = config.networkPolicy;
  const range = config.tcpSession?.portRange;
  const from = [...inNamespaces(ingressNamespaces), ...blocks(ingressNetworks)];
  return [
    { ...(from.length === 0 ? {} : { from }), ports: [tcp(OWN_PORTS.http)] },
    // A policy sees a connection after the Service has mapped it.
    ...(range === undefined ? [] : [{ ports: rangePorts(podRange(range), config.found) }]),
    ...healthRules(config),
    ...metricsRules(config),
    ...peerRules(config),
    ...extraIngress,
  ];
}

function healthRules(config: SettledConfig): IngressRule[] {
  const ports = [tcp(OWN_PORTS.health)];
  const networks = healthCheckNetworks(config);
  if (networks === 'unknown') return [{ ports }];
  return networks.length === 0 ? [] : [{ from: blocks(networks), ports }];
}

function metricsRules({ networkPolicy }: SettledConfig): IngressRule[] {
  const from = inNamespaces(networkPolicy.metricsNamespaces);
  return from.length === 0 ? [] : [{ from, ports: [tcp(OWN_PORTS.admin)] }];
}

/** The router's own pods ask each other what one of them alone saw. */
function peerRules(config: SettledConfig): IngressRule[] {
  if (!findsPeers(config)) return [];
  return [{ from: [podsOf(config.router.name)], ports: [tcp(OWN_PORTS.admin)] }];
}

/**
 * Ranges are on by default from Kubernetes 1.22; before that a server drops `endPort` silently. Cilium before 1.16 does not read it
 * (https://docs.cilium.io/en/v1.15/network/kubernetes/policy/, issue 16622). Either opens the first port alone.
 */
function rangePorts(
  range: PortRange,
  { ipBlockCoversPods, version }: SettledConfig['found'],
): Port[] {
  const knowsRanges = version !== undefined && isAtLeast(version, 1, 22) && ipBlockCoversPods;
  return knowsRanges
    ? [{ protocol: 'TCP', port: range.start, endPort: range.end }]
    : portsOf(range).map((port) => tcp(port));
}
