import { networking, type types } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import { isAtLeast, type KubernetesVersion } from './cluster/version.ts';
import { ownPorts, portsOf } from './ports.ts';
import type { Scope } from './scope.ts';

type Rule = types.input.networking.v1.NetworkPolicyEgressRule;
type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;

/** What the policy depends on beside config. */
export interface PolicyFacts {
  readonly taskNetworks: readonly string[];
  /** Undefined where the cluster could not be asked. */
  readonly version: KubernetesVersion | undefined;
}

/**
 * In: the HTTP port and the TCP range from everywhere, since that is what the router is for; probes and metrics on the
 * admin port. Out: names, tasks, ClearML, and the API server for the Lease; nothing else.
 */
export function networkPolicy(scope: Scope, facts: PolicyFacts): Resource | undefined {
  const { config, names, parent } = scope;
  if (!config.networkPolicy.enabled) return undefined;
  const { http, admin } = ownPorts(config);
  const range = config.tcpSession?.portRange;
  return new networking.v1.NetworkPolicy(
    names.router,
    {
      metadata: { name: names.router, namespace: scope.namespace, labels: names.labels },
      spec: {
        podSelector: { matchLabels: names.selector },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            ports: [
              tcp(http),
              tcp(admin),
              ...(range === undefined ? [] : rangePorts(range, facts.version)),
            ],
          },
        ],
        egress: egress(scope, facts.taskNetworks),
      },
    },
    { parent },
  );
}

function egress(scope: Scope, taskNetworks: readonly string[]): Rule[] {
  const { clearml, networkPolicy } = scope.config;
  const names: Rule = { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] };
  const tasks: Rule = { to: blocks(taskNetworks), ports: [{ protocol: 'TCP' }] };
  return [
    names,
    tasks,
    reach(networkPolicy.clearmlNetworks, [portOf(clearml.apiServerUrlReference)]),
    reach(networkPolicy.apiServerNetworks, [443, 6443]),
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
function rangePorts(
  range: { readonly start: number; readonly end: number },
  version: KubernetesVersion | undefined,
): Port[] {
  const knowsRanges = version === undefined || isAtLeast(version, 1, 22);
  return knowsRanges
    ? [{ protocol: 'TCP', port: range.start, endPort: range.end }]
    : portsOf(range).map((port) => tcp(port));
}

/** Port of an `http` or `https` URL. A Service's port differs from its pods', which is what a policy sees: see README. */
function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
