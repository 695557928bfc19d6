import type { StackConfig } from '../stack_config.ts';
import { areAwsTargets, areGoogleTargets } from './pod_targets.ts';

/** Enough for kube-proxy and for ingress controllers that run in the cluster. */
const IN_CLUSTER_SECONDS = 5;
/**
 * A cloud's load balancer that sends to the pods themselves is told by a controller, and stops some tens of seconds later:
 * https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/ and GKE's container-native
 * load balancing.
 */
const CLOUD_SECONDS = 30;

/** How long a pod that is to end still takes new connections; config wins. Seconds. */
export function shutdownDelaySeconds(config: StackConfig): number {
  const isCloud = areAwsTargets(config) || areGoogleTargets(config);
  return config.router.shutdownDelaySeconds ?? (isCloud ? CLOUD_SECONDS : IN_CLUSTER_SECONDS);
}

/** How long sessions of a pod live on from the moment that it is to end: while it still takes new connections, and while it drains. Seconds. */
export function endSeconds(config: StackConfig): number {
  return shutdownDelaySeconds(config) + config.router.drainSeconds;
}
