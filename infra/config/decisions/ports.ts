import type { PortRange } from '../../../router/settings/tcp_range.ts';
import { namesOf } from '../../names.ts';
import type { StackConfig } from '../stack_config.ts';

/**
 * The router's own ports inside of its pod; Services map to them by name. Load balancers know the health port by its number, which is
 * that of the admin port until version 0.2: it answered them there, so that pods of both versions are asked at one port while an upgrade
 * replaces them.
 */
export const OWN_PORTS = { http: 8080, health: 8081, admin: 8082 } as const;

/** Ports below this one need a right that the router's pod does not have. */
const FIRST_UNPRIVILEGED_PORT = 1024;

/** Where ranges begin that the pod cannot listen for as they are: far enough above its own ports for the longest range. */
const FIRST_MAPPED_PORT = 20_000;

/** A namespace that exists, where config takes ports of the nodes: the cluster is asked there which ones it gives. */
export function nodePortsIn({ namespace, service, tcpSession }: StackConfig): string | undefined {
  const types = [service.type, tcpSession?.service.type];
  if (!types.includes('NodePort')) return undefined;
  return namespace.create ? 'default' : namespace.name;
}

/** Where the Service for TCP is, if it is there already; undefined where it has no load balancer. */
export function tcpServicePlace({ namespace, router, tcpSession }: StackConfig) {
  if (tcpSession?.service.type !== 'LoadBalancer') return undefined;
  const { selector, tcp } = namesOf(router.name);
  return { namespace: namespace.name, name: tcp, labels: selector };
}

/**
 * The ports inside of the pod that the TCP range leads to, one for each, in the same order: the same ports, unless some of
 * them are privileged or the router's own. Only the Service knows both.
 */
export function podRange(range: PortRange): PortRange {
  const { end, start } = range;
  const holdsOwn = Object.values(OWN_PORTS).some((port) => port >= start && port <= end);
  if (start >= FIRST_UNPRIVILEGED_PORT && !holdsOwn) return range;
  return { start: FIRST_MAPPED_PORT, end: FIRST_MAPPED_PORT + end - start };
}
