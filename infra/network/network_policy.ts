import { networking, type types } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import { type PortRange, portsOf } from '../../router/settings/tcp_range.ts';
import { isAtLeast, type KubernetesVersion } from '../cluster/version.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { portOf } from '../../router/grammar/authority.ts';
import { podRange, OWN_PORTS } from '../config/decisions/ports.ts';
import { asksApiServer } from '../config/decisions/pods.ts';
import { metadataOf, type Scope } from '../scope.ts';

type Rule = types.input.networking.v1.NetworkPolicyEgressRule;
type IngressRule = types.input.networking.v1.NetworkPolicyIngressRule;
type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;

/** What the policy depends on beside config. */
export interface PolicyFacts {
  readonly taskNetworks: readonly string[];
  /** Undefined where the cluster could not be asked. */
  readonly version: KubernetesVersion | undefined;
}

/**
 * In: the HTTP port and the TCP range; the admin port for the namespaces that read metrics, or for everybody where a cloud's load
 * balancer asks pods for their health. The kubelet's probes come from the pod's own node, which a policy always lets in. Out: names,
 * tasks, ClearML or the proxy to it, and the API server where the router asks it; nothing else.
 */
export function networkPolicy(scope: Scope, facts: PolicyFacts): Resource | undefined {
  const { config, names, parent } = scope;
  if (!config.networkPolicy.enabled) return undefined;
  return new networking.v1.NetworkPolicy(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      spec: {
        podSelector: { matchLabels: names.selector },
        policyTypes: ['Ingress', 'Egress'],
        ingress: ingress(scope, facts.version),
        egress: egress(scope, facts.taskNetworks),
      },
    },
    { parent },
  );
}

function ingress(scope: Scope, version: KubernetesVersion | undefined): IngressRule[] {
  const { config } = scope;
  const { http, admin } = OWN_PORTS;
  const { ingressNamespaces, metricsNamespaces } = config.networkPolicy;
  const range = config.tcpSession?.portRange;
  const rules: IngressRule[] = [
    {
      ...(ingressNamespaces.length === 0 ? {} : { from: inNamespaces(ingressNamespaces) }),
      ports: [tcp(http)],
    },
  ];
  // A policy sees a connection after the Service has mapped it.
  if (range !== undefined) rules.push({ ports: rangePorts(podRange(range), version) });
  if (hasOutsideHealthChecks(config)) rules.push({ ports: [tcp(admin)] });
  else if (metricsNamespaces.length > 0) {
    rules.push({ from: inNamespaces(metricsNamespaces), ports: [tcp(admin)] });
  }
  return rules;
}

/** Load balancers that ask pods for their health themselves, from addresses of the cloud. */
function hasOutsideHealthChecks({ gateway, ingress: { controller } }: StackConfig): boolean {
  return controller === 'alb' || controller === 'gke' || gateway.controller === 'gke';
}

/** By the label that each namespace has from Kubernetes 1.21 on. */
function inNamespaces(namespaces: readonly string[]): Peer[] {
  return [
    {
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'In', values: [...namespaces] },
        ],
      },
    },
  ];
}

function egress(scope: Scope, taskNetworks: readonly string[]): Rule[] {
  const { networkPolicy } = scope.config;
  const names: Rule = { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] };
  const tasks: Rule = { to: blocks(taskNetworks), ports: [{ protocol: 'TCP' }] };
  return [
    names,
    tasks,
    ...waysToClearml(scope.config),
    ...(asksApiServer(scope.config) ? [reach(networkPolicy.apiServerNetworks, [443, 6443])] : []),
  ];
}

/** Through the proxy where there is one; past it, too, where some hosts are reached without it. */
function waysToClearml({ clearml, networkPolicy }: StackConfig): Rule[] {
  const { apiServerUrlReference, proxy } = clearml;
  const { clearmlNetworks, clearmlPorts, proxyNetworks } = networkPolicy;
  const isDirect = proxy === undefined || proxy.noProxy.length > 0;
  // Behind a Service of this cluster it is the pods' port that a policy sees: `clearmlPorts`.
  const ports = clearmlPorts.length > 0 ? clearmlPorts : [portOf(new URL(apiServerUrlReference))];
  return [
    ...(proxy === undefined ? [] : [reach(proxyNetworks, [portOf(new URL(proxy.url))])]),
    ...(isDirect ? [reach(clearmlNetworks, ports)] : []),
  ];
}

function reach(networks: readonly string[], ports: readonly number[]): Rule {
  return {
    ...(networks.length === 0 ? {} : { to: blocks(networks) }),
    ports: ports.map((port) => tcp(port)),
  };
}

function blocks(networks: readonly string[]): Peer[] {
  return networks.map((cidr) => ({ ipBlock: { cidr } }));
}

function tcp(port: number): Port {
  return { protocol: 'TCP', port };
}

/** `endPort` is on by default from 1.22; before that a server drops it silently, and the first port alone would be open. */
function rangePorts(range: PortRange, version: KubernetesVersion | undefined): Port[] {
  const knowsRanges = version === undefined || isAtLeast(version, 1, 22);
  return knowsRanges
    ? [{ protocol: 'TCP', port: range.start, endPort: range.end }]
    : portsOf(range).map((port) => tcp(port));
}
