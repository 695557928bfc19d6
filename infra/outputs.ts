import { type Input, type Output, output } from '@pulumi/pulumi';

import { isIpAddress } from './config/values.ts';
import type { StackConfig } from './config/schema.ts';
import { routerUrl } from './router_settings.ts';

/** Outputs of a stack. */
export interface Outputs {
  /** Where users open their endpoints. */
  readonly url: string;
  /** What `ssh` and other TCP clients connect to; null where TCP is off. */
  readonly tcp: Output<{ address: string; portStart: number; portEnd: number }> | null;
  readonly namespace: Output<string>;
  /** Images that the cluster pulls; all that a closed network has to mirror. */
  readonly images: readonly string[];
  /** What to do now, one step each. */
  readonly nextSteps: readonly string[];
  /** What deserves a second look. */
  readonly warnings: readonly string[];
}

/** What was provisioned, as far as the outputs tell of it. */
export interface Provisioned {
  readonly config: StackConfig;
  readonly namespace: Input<string>;
  readonly tcpAddress: Input<string> | undefined;
  readonly taskNetworksFromNodes: boolean;
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
    tcp:
      range === undefined || tcpAddress === undefined
        ? null
        : output(tcpAddress).apply((address) => ({
            address,
            portStart: range.start,
            portEnd: range.end,
          })),
    namespace: output(namespace),
    images: [config.router.image],
    nextSteps: nextSteps(config, url),
    warnings: [...provisioned.warnings, ...warnings(provisioned, url)],
  };
}

function nextSteps(config: StackConfig, url: string): string[] {
  const { host } = config.ingress.hostName;
  const name = config.router.name;
  return [
    ...(isIpAddress(host)
      ? []
      : [`Point the DNS name ${host} at your ingress controller or load balancer.`]),
    `Open ${url}/ and sign in: your tasks that ask for access are listed there.`,
    'Check it: npm run verify -- --stack NAME',
    `Watch it: kubectl -n ${config.namespace.name} logs deployment/${name} --follow`,
  ];
}

function warnings(provisioned: Provisioned, url: string): string[] {
  const { config } = provisioned;
  const found: string[] = [];
  if (url.startsWith('http:')) {
    found.push('Users reach the router over plain HTTP: tokens and data can be read on the way.');
  }
  if (config.tcpSession?.service.loadBalancerSourceRanges.length === 0) {
    found.push(
      'TCP ports know no sign-in: whoever reaches a port reaches its task. ' +
        'tcpSession.service.loadBalancerSourceRanges narrows who can.',
    );
  }
  if (provisioned.taskNetworksFromNodes) {
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
