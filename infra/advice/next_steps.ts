import { READINESS_GATE_LABEL } from '../config/decisions/aws_targets.ts';
import { areAwsTargets } from '../config/decisions/pod_targets.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { isIpAddress } from '../config/values/values.ts';
import { exposureOf } from '../config/decisions/exposure.ts';
import { hostsOf } from '../config/decisions/tls.ts';
import { namesOf } from '../names.ts';
import { endpointAccessSteps } from './endpoint_access.ts';
import { tcpRangeSteps } from './tcp_range.ts';
import { pagesUrl } from '../config/decisions/router_url.ts';

/** What to do after an `up`, one step each, with the names of this stack. */
export function nextSteps(config: StackConfig, stack: string): readonly string[] {
  const { name } = config.router;
  return [
    ...endpointAccessSteps(config),
    ...dnsSteps(config),
    ...tcpRangeSteps(config.tcpSession),
    ...wildcardSteps(config),
    ...readinessGateSteps(config),
    `Open ${pagesUrl(config)}/ and sign in: your tasks that ask for access are listed there.`,
    `Check it: npm run verify -- --stack ${stack}`,
    `Watch it: kubectl -n ${config.namespace.name} logs deployment/${name} --follow`,
  ];
}

function dnsSteps(config: StackConfig): string[] {
  const hosts = hostsOf(config).filter(needsDns);
  const tcp = config.tcpSession?.routerAddress;
  const names = hosts.length === 1 ? 'name' : 'names';
  return [
    ...(hosts.length === 0
      ? []
      : [`Point the DNS ${names} ${hosts.join(' and ')} at ${whereHttpEnters(config)}.`]),
    ...(tcp === undefined || !needsDns(tcp)
      ? []
      : [`Point the DNS name ${tcp} at ${whereTcpEnters(config)}, for TCP.`]),
  ];
}

/** Only the issuer itself tells whether it is an ACME one; the doctor reads it. */
function wildcardSteps({ ingress: { wildcardHost }, tls: { issuer } }: StackConfig): string[] {
  if (wildcardHost === undefined || issuer === undefined) return [];
  return [
    `If ${issuer.kind} ${issuer.name} is an ACME issuer, give it a DNS-01 solver for *.${wildcardHost}: HTTP-01 proves no wildcard.`,
  ];
}

/** A namespace of somebody else gets no labels from here. */
function readinessGateSteps(config: StackConfig): string[] {
  const { create, name } = config.namespace;
  if (create || !areAwsTargets(config)) return [];
  return [
    `Let new pods count as ready only once AWS's load balancer reaches them: kubectl label namespace ${name} ` +
      `${READINESS_GATE_LABEL}=enabled; the pods of the next rollout have it.`,
  ];
}

function needsDns(host: string): boolean {
  return !isIpAddress(host) && host !== 'localhost';
}

function whereHttpEnters(config: StackConfig): string {
  switch (exposureOf(config)) {
    case 'ingress':
      return 'your ingress controller';
    case 'gateway':
      return `the ${config.gateway.parentRefs.map(({ kind = 'Gateway', name }) => `${kind} ${name}`).join(' or ')}`;
    case 'openshiftRoute':
      return "the cluster's own router";
    case 'LoadBalancer':
      return loadBalancerOf(config, config.router.name);
    case 'NodePort':
      return 'the nodes';
    case 'none':
      return `what you put before Service ${config.router.name}`;
  }
}

function whereTcpEnters(config: StackConfig): string {
  const { tcp } = namesOf(config.router.name);
  const { portsPerService, type } = config.tcpSession?.service ?? {};
  if (type === 'NodePort') return 'the nodes';
  if (type === 'ClusterIP') return `what you put before Service ${tcp}`;
  return portsPerService === undefined ? loadBalancerOf(config, tcp) : 'the load balancer';
}

function loadBalancerOf(config: StackConfig, service: string): string {
  return `the load balancer (kubectl -n ${config.namespace.name} get service ${service})`;
}
