import type { StackConfig } from '../config/stack_config.ts';
import { InfraError } from '../errors.ts';
import type { ClusterFacts } from './facts.ts';

/**
 * Whether the cluster is the one that config names by `kubernetes.clusterUid`: a context such as `default` leads somewhere in every
 * kubeconfig, and not to the same place.
 *
 * @throws InfraError `cluster-another` for another one, `cluster-unreachable` where it could not be asked who it is.
 */
export function checkIdentity({ kubernetes }: StackConfig, facts: ClusterFacts): void {
  const { clusterUid, context = 'of kubernetes.kubeconfig' } = kubernetes;
  if (clusterUid === undefined || clusterUid === facts.uid) return;
  if (facts.uid === undefined) {
    throw new InfraError(
      'cluster-unreachable',
      `The cluster could not be asked whether it is ${clusterUid} (kubernetes.clusterUid): ` +
        `${facts.trouble ?? 'its namespace kube-system may not be read'}. Nothing was changed.`,
    );
  }
  throw new InfraError(
    'cluster-another',
    `The context ${context} leads to another cluster than this stack is for: its uid is ${facts.uid}, and kubernetes.clusterUid ` +
      `is ${clusterUid}. Nothing was changed. Name the right context, or remove the key when the stack is to move.`,
  );
}
