import { InfraError } from '../../errors.ts';
import type { Evidence } from '../../platform/evidence.ts';
import type { Found } from '../../platform/found.ts';
import { isOnAws } from '../../platform/load_balancers.ts';
import { PLATFORMS } from '../../platform/platform.ts';
import { exposureOf } from '../decisions/exposure.ts';
import {
  foundOf,
  ingressControllerOf,
  isBalancerAsked,
  platformOf,
  type SettledConfig,
} from '../decisions/found.ts';
import { asksApiServer } from '../decisions/pods.ts';
import { withTcpDefaults } from '../decisions/tcp_defaults.ts';
import type { Problem } from '../values/problem.ts';
import { type Remedy, toGive } from '../values/remedy.ts';
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
 * @param remedies whose the message names.
 * @throws InfraError `config-invalid`, whose message lists every problem of `settledOr`.
 */
export function settle(
  stack: string,
  config: StackConfig,
  told: Told,
  remedies?: keyof Remedy,
): SettledConfig {
  const { problems, settled } = settledOr(config, told);
  if (settled === undefined) {
    throw new InfraError('config-invalid', report(stack, problems, remedies));
  }
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
  const unsaid = [
    ...(isIngress && controller === undefined ? [controllerMissing(told)] : []),
    ...(isBalancerMissing(config, found) ? [balancerMissing(told)] : []),
    ...(isApiServerMissing(config, found) ? [apiServerMissing(told)] : []),
  ];
  if (unsaid.length > 0) return { problems: unsaid };
  const { gateway, ingress, tcpSession } = config;
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

/**
 * A key that has to say what the cluster could not be asked.
 *
 * @param value what is to be set, in a word or two.
 * @param key the path as the CLI takes it.
 * @param argument the value as an argument of the component.
 */
function missing(
  path: readonly string[],
  { trouble }: Told,
  asked: string,
  value: string,
  key = path.join('.'),
  argument = value,
): Problem {
  const message = `missing, and the cluster could not be asked ${asked} (${trouble ?? 'it told too little'}). Name it`;
  const command = `: pulumi config set --path ${key} ${value}`;
  return { path, message, remedy: toGive(path, command, `: ${argument}`) };
}

function platformMissing(told: Told): Problem {
  const others = PLATFORMS.filter((name) => name !== 'other').join(', ');
  return missing(['kubernetes', 'platform'], told, 'what it is', `other (or ${others})`);
}

function controllerMissing(told: Told): Problem {
  return missing(['ingress', 'controller'], told, 'what serves the ingress class', 'nginx');
}

/**
 * On AWS it depends on what is installed, and on the Service that is there already: a wrong guess lets health checks end in tasks, or
 * leaves a load balancer behind.
 */
function isBalancerMissing(
  config: StackConfig,
  { apiGroups, nodes, platform, tcpService }: Found,
): boolean {
  const isTold = apiGroups !== undefined && tcpService !== undefined;
  return isBalancerAsked(config) && !isTold && isOnAws(platform, { nodes });
}

function balancerMissing(told: Told): Problem {
  const asked =
    told.apiGroups === undefined
      ? 'whether the AWS Load Balancer Controller is there'
      : 'whether the TCP Service is there, and which load balancer it has';
  const value = 'aws-nlb (or other for a classic load balancer)';
  return missing(['tcpSession', 'service', 'platform'], told, asked, value);
}

/** The router does nothing until it reaches the API server, and the policy closes every port that it does not name. */
function isApiServerMissing(config: StackConfig, { apiServerPorts }: Found): boolean {
  const { networkPolicy } = config;
  const isSaid = networkPolicy.apiServerPorts.length > 0;
  return networkPolicy.enabled && asksApiServer(config) && !isSaid && apiServerPorts.length === 0;
}

function apiServerMissing(told: Told): Problem {
  const path = ['networkPolicy', 'apiServerPorts'];
  const asked = 'on which port its API server listens behind the Service default/kubernetes';
  return missing(path, told, asked, '6443', "'networkPolicy.apiServerPorts[0]'", '[6443]');
}
