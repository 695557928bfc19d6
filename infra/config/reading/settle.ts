import { InfraError } from '../../errors.ts';
import type { Evidence } from '../../platform/evidence.ts';
import type { Found } from '../../platform/found.ts';
import { PLATFORMS } from '../../platform/platform.ts';
import { exposureOf } from '../decisions/exposure.ts';
import {
  foundOf,
  ingressControllerOf,
  isBalancerAsked,
  platformOf,
  type SettledConfig,
} from '../decisions/found.ts';
import { withTcpDefaults } from '../decisions/tcp_defaults.ts';
import type { Problem } from '../values/problem.ts';
import type { StackConfig } from '../stack_config.ts';
import { report } from './read.ts';
import { platformRules } from './platform_rules.ts';

/** What the cluster told, and why something is missing in it. */
export interface Told extends Evidence {
  readonly trouble: string | undefined;
}

/**
 * Joins a checked config with what its cluster told: keys that were left out take their value from that, and what depends on it is
 * checked.
 *
 * @param stack its name, for the message.
 * @throws InfraError `config-invalid`, whose message lists every problem of `settledOr`.
 */
export function settle(stack: string, config: StackConfig, told: Told): SettledConfig {
  const { problems, settled } = settledOr(config, told);
  if (settled === undefined) throw new InfraError('config-invalid', report(stack, problems));
  return settled;
}

/** A config that fits its cluster, or else why it does not. */
type Settling =
  | { readonly settled: SettledConfig; readonly problems?: never }
  | { readonly settled?: never; readonly problems: readonly Problem[] };

/** The same; its problems are keys that have to say what the cluster could not be asked, or values that do not fit it. */
export function settledOr(config: StackConfig, told: Told): Settling {
  const recognised = platformOf(config, told);
  if (recognised === undefined) return { problems: [platformMissing(told)] };
  const found = foundOf(config, recognised, told);
  const exposure = exposureOf(config);
  const isIngress = exposure === 'ingress';
  const controller = isIngress
    ? ingressControllerOf(config, found, told)
    : config.ingress.controller;
  if (isIngress && controller === undefined) return { problems: [controllerMissing(told)] };
  const { gateway, ingress, tcpSession } = config;
  if (isBalancerMissing(config, found)) return { problems: [balancerMissing(told)] };
  const settled: SettledConfig = {
    ...config,
    found,
    ingress: { ...ingress, controller },
    gateway: {
      ...gateway,
      controller:
        gateway.controller ?? (exposure === 'gateway' ? found.platform.gatewayController : 'other'),
    },
    tcpSession: tcpSession && withTcpDefaults(tcpSession, found.loadBalancer, told.gitVersion),
  };
  const problems = platformRules.flatMap((rule) => rule(settled));
  return problems.length > 0 ? { problems } : { settled };
}

/** A key that has to say what the cluster could not be asked. */
function missing(
  path: readonly string[],
  { trouble }: Told,
  asked: string,
  command: string,
): Problem {
  const message =
    `missing, and the cluster could not be asked ${asked} (${trouble ?? 'it told too little'}). Name it: ` +
    `pulumi config set --path ${path.join('.')} ${command}`;
  return { path, message };
}

function platformMissing(told: Told): Problem {
  const others = PLATFORMS.filter((name) => name !== 'other').join(', ');
  return missing(['kubernetes', 'platform'], told, 'what it is', `other (or ${others})`);
}

function controllerMissing(told: Told): Problem {
  return missing(['ingress', 'controller'], told, 'what serves the ingress class', 'nginx');
}

/** Of EKS it depends on what is installed, and a wrong guess lets health checks end in tasks. */
function isBalancerMissing(config: StackConfig, { apiGroups, platform }: Found): boolean {
  return isBalancerAsked(config) && apiGroups === undefined && platform.name === 'eks';
}

function balancerMissing(told: Told): Problem {
  const asked = 'whether the AWS Load Balancer Controller is there';
  const command = 'aws-nlb (or other for a classic load balancer)';
  return missing(['tcpSession', 'service', 'platform'], told, asked, command);
}
