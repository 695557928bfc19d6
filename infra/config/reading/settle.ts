import { InfraError } from '../../errors.ts';
import type { Evidence } from '../../platform/evidence.ts';
import type { Found } from '../../platform/found.ts';
import { PLATFORMS } from '../../platform/platform.ts';
import { exposureOf } from '../decisions/exposure.ts';
import {
  foundOf,
  ingressControllerOf,
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
 * @throws InfraError `config-invalid`, whose message lists every problem: keys that have to say what the cluster could not be asked,
 *   and values that do not fit it.
 */
export function settle(stack: string, config: StackConfig, told: Told): SettledConfig {
  const recognised = platformOf(config, told);
  if (recognised === undefined) throw invalid(stack, [platformMissing(told)]);
  const found = foundOf(config, recognised, told);
  const exposure = exposureOf(config);
  const isIngress = exposure === 'ingress';
  const controller = isIngress
    ? ingressControllerOf(config, found, told)
    : config.ingress.controller;
  if (isIngress && controller === undefined) throw invalid(stack, [controllerMissing(told)]);
  const { gateway, ingress, tcpSession } = config;
  if (isBalancerMissing(config, found)) throw invalid(stack, [balancerMissing(told)]);
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
  if (problems.length > 0) throw invalid(stack, problems);
  return settled;
}

function platformMissing({ trouble }: Told): Problem {
  const message =
    `missing, and the cluster could not be asked what it is (${trouble ?? 'it told too little'}). Name it: ` +
    `pulumi config set --path kubernetes.platform other (or ${PLATFORMS.filter((name) => name !== 'other').join(', ')})`;
  return { path: ['kubernetes', 'platform'], message };
}

function controllerMissing({ trouble }: Told): Problem {
  const message =
    `missing, and the cluster could not be asked what serves the ingress class (${trouble ?? 'it told too little'}). ` +
    'Name it: pulumi config set --path ingress.controller nginx';
  return { path: ['ingress', 'controller'], message };
}

/** Of EKS it depends on what is installed, and a wrong guess lets health checks end in tasks. */
function isBalancerMissing({ tcpSession }: StackConfig, { apiGroups, platform }: Found): boolean {
  const { platform: named, type } = tcpSession?.service ?? {};
  const isAsked = type === 'LoadBalancer' && named === undefined;
  return isAsked && apiGroups === undefined && platform.name === 'eks';
}

function balancerMissing({ trouble }: Told): Problem {
  const message =
    `missing, and the cluster could not be asked whether the AWS Load Balancer Controller is there (${trouble ?? 'it told too little'}). ` +
    'Name it: pulumi config set --path tcpSession.service.platform aws-nlb (or other for a classic load balancer)';
  return { path: ['tcpSession', 'service', 'platform'], message };
}

function invalid(stack: string, problems: readonly Problem[]): InfraError {
  return new InfraError('config-invalid', report(stack, problems));
}
