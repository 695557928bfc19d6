import { gke } from '../platform/gke.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { exposureOf } from '../config/decisions/exposure.ts';
import { isSecure } from '../config/decisions/tls.ts';
import { overlap } from './overlap.ts';

/**
 * What deserves a second look about whose `X-Forwarded-*` is believed. Nothing is derived: controllers run in the pod network,
 * and so do tasks, which could claim any client's address then; a load balancer's own addresses are known to its cloud alone.
 *
 * @param taskNetworks networks that tasks' addresses may lie in.
 */
export function trustedProxyWarnings(
  config: StackConfig,
  taskNetworks: readonly string[],
): readonly string[] {
  const { networkPolicy, router } = config;
  const { trustedProxies } = router;
  const proxy = proxyOf(config);
  if (trustedProxies === undefined) {
    return proxy === undefined
      ? []
      : [
          "router.trustedProxies is not set: every user's address is taken to be that of the proxy in front, in logs, in " +
            `limits of sign-in attempts and in X-Forwarded-For. Name ${proxy}, or set it to [] if that is meant.`,
        ];
  }
  const shared = trustedProxies.find((proxies) =>
    taskNetworks.some((tasks) => overlap(proxies, tasks)),
  );
  const { enabled, ingressNamespaces, ingressNetworks } = networkPolicy;
  const isNarrow = ingressNamespaces.length + ingressNetworks.length > 0;
  const isGuarded =
    enabled &&
    isNarrow &&
    !ingressNetworks.some((network) => taskNetworks.some((tasks) => overlap(network, tasks)));
  if (shared === undefined || isGuarded) return [];
  return [
    `router.trustedProxies holds ${shared}, a network that tasks are in: a task that connects to the router's pods can claim ` +
      'any client address. Name the addresses of the ingress controller alone, or keep tasks away from the HTTP port by ' +
      'networkPolicy.ingressNamespaces.',
  ];
}

/** What to name, by what stands in front of the router; undefined where config puts nothing there that speaks HTTP. */
function proxyOf(config: StackConfig): string | undefined {
  switch (exposureOf(config)) {
    case 'ingress':
      if (config.ingress.controller === 'alb') return 'the subnets of the load balancer';
      return config.ingress.controller === 'gke'
        ? GOOGLE
        : "the addresses of the controller's pods";
    case 'gateway':
      return config.gateway.controller === 'gke' ? GOOGLE : "the addresses of the Gateway's pods";
    case 'openshiftRoute':
      return "the addresses of the pods in openshift-ingress, which are their nodes' own in most clusters";
    // Neither a Service nor the router ends TLS.
    case 'LoadBalancer':
    case 'NodePort':
    case 'none':
      return isSecure(config) ? 'the addresses of what ends TLS in front of the router' : undefined;
  }
}

/** Google's front ends connect from where its health checks do, and add the load balancer's address to X-Forwarded-For. */
const GOOGLE = `${gke.healthCheckNetworks.join(', ')} and the address of the load balancer`;
