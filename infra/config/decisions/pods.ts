import type { StackConfig } from '../stack_config.ts';

/** Whether there may be more than one pod for longer than a rollout. */
export function hasSeveralPods({ availability }: StackConfig): boolean {
  return availability.autoscaling !== undefined || availability.replicas > 1;
}

/** Whether pods are evicted one at a time: as config says, else where there are several. */
export function hasDisruptionBudget(config: StackConfig): boolean {
  return config.availability.podDisruptionBudget ?? hasSeveralPods(config);
}

/** Whether the pods have a service account of their own, or an existing one. */
export function hasServiceAccount(config: StackConfig): boolean {
  const { annotations, create, name } = config.serviceAccount;
  return (
    asksApiServer(config) || !create || name !== undefined || Object.keys(annotations).length > 0
  );
}

/** Whether the router speaks to the cluster's API server: for the Lease, or to look at pods. */
export function asksApiServer({ availability, router }: StackConfig): boolean {
  return availability.leaderElection || router.verifyPods !== undefined;
}

/**
 * Whether the router's pods find each other by the cluster's DNS: where more than one runs at a time, if only while one takes over from
 * another, and where pods ask that DNS.
 */
export function findsPeers({ availability, pod }: StackConfig): boolean {
  return availability.leaderElection && (pod.dnsPolicy ?? 'ClusterFirst') === 'ClusterFirst';
}

/** Whether `pod.nodeSelector` lets pods of the router run on a node with these labels. */
export function mayRunOn(
  { nodeSelector }: Pick<StackConfig['pod'], 'nodeSelector'>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
}
