import { type Input, type Output, output } from '@pulumi/pulumi';

import type { SettledConfig } from '../config/decisions/found.ts';
import { drainWarnings } from './drain.ts';
import { internalSchemeWarnings } from './internal_scheme.ts';
import { loadBalancerWarnings } from './load_balancer.ts';
import { nextSteps } from './next_steps.ts';
import { pagesUrl, routerUrl } from '../config/decisions/router_url.ts';
import { policyWarnings } from './policy_warnings.ts';
import { sourceRangeWarnings } from './source_ranges.ts';
import { tcpRangeWarnings } from './tcp_range.ts';
import type { TaskNetworks } from '../network/task_networks.ts';
import { trustedProxyWarnings } from './trusted_proxies.ts';

/** Outputs of a stack. */
export interface Outputs {
  /** Where users open their endpoints. */
  readonly url: string;
  /** Where the router's own pages and API are: the same, unless they have a host of their own. */
  readonly pagesUrl: string;
  /**
   * Address of the load balancer that leads HTTP here, which is where DNS names have to point; null where the controller has not reported
   * it yet (`pulumi refresh` asks again), or where it belongs to what others made, such as a Gateway.
   */
  readonly httpAddress: Output<string | null>;
  /** What `ssh` and other TCP clients connect to; null where TCP is off. */
  readonly tcp: Output<{ address: string; portStart: number; portEnd: number }> | null;
  readonly namespace: Output<string>;
  /** Which cluster it is, for `kubernetes.clusterUid`; null where it could not be asked. */
  readonly clusterUid: string | null;
  /** What kind of cluster it is, in the words of `kubernetes.platform`, and how that is known. */
  readonly platform: { readonly name: string; readonly reason: string };
  /** Images that the cluster pulls; all that a closed network has to mirror. */
  readonly images: readonly string[];
  /** What to do now, one step each. */
  readonly nextSteps: Output<readonly string[]>;
  /** What deserves a second look. */
  readonly warnings: readonly string[];
}

/** What was provisioned, as far as the outputs tell of it. */
export interface Provisioned {
  /** Name of the stack, as the CLI takes it. */
  readonly stack: string;
  readonly clusterUid: string | undefined;
  readonly config: SettledConfig;
  readonly namespace: Input<string>;
  readonly tcpAddress: Input<string> | undefined;
  readonly httpAddress: Output<string | undefined> | undefined;
  readonly taskNetworks: TaskNetworks;
  /** What to do before all else; none where that is left out. */
  readonly firstSteps?: Output<readonly string[]>;
  /** Warnings from before, such as that of the version gate. */
  readonly warnings: readonly string[];
}

/** The stack's outputs. */
export function outputsOf(provisioned: Provisioned): Outputs {
  const { config, namespace, tcpAddress } = provisioned;
  const range = config.tcpSession?.portRange;
  const url = routerUrl(config);
  return {
    url,
    pagesUrl: pagesUrl(config),
    httpAddress: output(provisioned.httpAddress).apply((address) => address ?? null),
    tcp:
      range === undefined || tcpAddress === undefined
        ? null
        : output(tcpAddress).apply((address) => ({
            address,
            portStart: range.start,
            portEnd: range.end,
          })),
    namespace: output(namespace),
    clusterUid: provisioned.clusterUid ?? null,
    platform: { name: config.found.platform.name, reason: config.found.reason },
    images: [config.router.image],
    nextSteps: output(provisioned.firstSteps ?? []).apply((first) => [
      ...first,
      ...nextSteps(config, provisioned.stack),
    ]),
    warnings: [...provisioned.warnings, ...warnings(provisioned, url)],
  };
}

function warnings(provisioned: Provisioned, url: string): string[] {
  const { config } = provisioned;
  const found: string[] = [];
  if (url.startsWith('http:')) {
    found.push('Users reach the router over plain HTTP: tokens and data can be read on the way.');
  }
  found.push(...tcpRangeWarnings(config.tcpSession));
  found.push(...loadBalancerWarnings(config));
  found.push(...internalSchemeWarnings(config));
  found.push(...sourceRangeWarnings(config.tcpSession));
  found.push(...drainWarnings(config));
  found.push(...trustedProxyWarnings(config, provisioned.taskNetworks.networks));
  found.push(...policyWarnings(config, provisioned.taskNetworks.networks));
  if (provisioned.taskNetworks.fromNodes) {
    found.push(
      'Task networks were taken from the nodes of today; set router.taskNetworks to the pod network of the cluster ' +
        'before nodes are added.',
    );
  }
  if (!config.clearml.sslVerify) {
    found.push("The certificate of ClearML's API server is not verified (clearml.sslVerify).");
  }
  return found;
}
