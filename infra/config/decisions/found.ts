import type { Evidence, IngressClassEvidence } from '../../platform/evidence.ts';
import type { Found } from '../../platform/found.ts';
import {
  controllerByClass,
  controllerByClassName,
  type IngressController,
} from '../../platform/ingress_controllers.ts';
import { LOAD_BALANCER_BY_NAME, loadBalancerOf } from '../../platform/load_balancers.ts';
import { PLATFORM_BY_NAME, recognise, type Recognised } from '../../platform/recognise.ts';
import type { Dns, Platform } from '../../platform/platform.ts';
import type { StackConfig } from '../stack_config.ts';

/** A stack's config together with what is known of its cluster, from which keys that were left out take their value. */
export interface SettledConfig extends StackConfig {
  readonly found: Found;
}

/** Which platform the cluster is: as config says, else as the cluster told; undefined where neither did. */
export function platformOf(
  { kubernetes }: StackConfig,
  evidence: Evidence,
): Recognised | undefined {
  return kubernetes.platform === undefined
    ? recognise(evidence)
    : { platform: PLATFORM_BY_NAME[kubernetes.platform], reason: 'kubernetes.platform says so' };
}

/** Whether it is for the cluster to tell what gives the Service for TCP its address: config has one and says nothing of it. */
export function isBalancerAsked({ tcpSession }: StackConfig): boolean {
  const { platform, type } = tcpSession?.service ?? {};
  return type === 'LoadBalancer' && platform === undefined;
}

/** What is known of the cluster once its platform is. */
export function foundOf(
  config: StackConfig,
  { platform, reason }: Recognised,
  evidence: Evidence,
): Found {
  const { apiGroups, apiServerPorts, ingressClasses, nodePorts, nodes } = evidence;
  const byConfig = config.tcpSession?.service.platform ?? 'other';
  return {
    version: evidence.version,
    platform,
    reason,
    apiGroups,
    ingressClass: ingressClassOf(config.ingress, ingressClasses ?? []),
    loadBalancer: isBalancerAsked(config)
      ? loadBalancerOf(platform, evidence)
      : LOAD_BALANCER_BY_NAME[byConfig],
    dns: dnsOf(platform, evidence),
    apiServerPorts: apiServerPorts ?? platform.apiServerPorts,
    nodePorts: nodePorts ?? platform.nodePorts,
    nodes,
    tcpService: evidence.tcpService,
    nodePortsAreFound: nodePorts !== undefined,
    ipBlockCoversPods:
      (platform.ipBlockCoversPods ?? true) && apiGroups?.includes('cilium.io') === false,
  };
}

/** Link-local resolvers of a platform are no objects of the cluster, so that it does not tell them. */
function dnsOf(platform: Platform, { apiGroups = [], dns }: Evidence): Dns {
  if (dns === undefined) return platform.dns;
  const isOnNodes =
    platform.nodeDnsGroup !== undefined && apiGroups.includes(platform.nodeDnsGroup);
  return {
    ports: dns.ports,
    pods: isOnNodes ? [] : dns.pods,
    networks: [...new Set([...platform.dns.networks, ...dns.networks])],
  };
}

/** The class that an Ingress of this config gets: the one that it names, by key or by the annotation of old, or the default one. */
function ingressClassOf(
  ingress: StackConfig['ingress'],
  classes: readonly IngressClassEvidence[],
): IngressClassEvidence | undefined {
  const wanted = classNameOf(ingress);
  return classes.find(({ isDefault, name }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
}

/** Name of the class that config asks for. */
function classNameOf({ annotations, className }: StackConfig['ingress']): string | undefined {
  return className ?? annotations['kubernetes.io/ingress.class'];
}

/**
 * What serves the Ingress: as config says, else as the cluster's class or the name of the class tells, else what the platform brings.
 *
 * @returns undefined where neither config nor cluster tells the class.
 */
export function ingressControllerOf(
  { ingress }: StackConfig,
  { ingressClass, platform }: Pick<Found, 'ingressClass' | 'platform'>,
  evidence: Evidence,
): IngressController | undefined {
  if (ingress.controller !== undefined) return ingress.controller;
  if (ingressClass !== undefined) return controllerByClass(ingressClass.controller);
  const className = classNameOf(ingress);
  const named = className === undefined ? undefined : controllerByClassName(className);
  if (named !== undefined) return named;
  if (evidence.ingressClasses === undefined) return undefined;
  return className === undefined ? platform.ingressController : 'other';
}
