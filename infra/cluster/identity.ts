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

/**
 * The uid by which the provider knows the cluster: the one that config names, else that of the stack's first run, else the one that
 * was found. A cluster that cannot be asked once stays who it was. Undefined where nobody knows it.
 *
 * @param first the uid of the stack's first run, empty where it could not be asked then.
 * @throws InfraError `cluster-another` where another cluster than in the first run answers, and config does not name it.
 */
export function identityOf(
  { kubernetes }: StackConfig,
  facts: ClusterFacts,
  first: string,
): string | undefined {
  const { clusterUid, context = 'of kubernetes.kubeconfig' } = kubernetes;
  if (clusterUid !== undefined) return clusterUid;
  if (first === '' || facts.uid === undefined) return facts.uid ?? (first || undefined);
  if (first === facts.uid) return first;
  throw new InfraError(
    'cluster-another',
    `The context ${context} leads to another cluster than the one that holds this stack: its uid is ${facts.uid}, and that of the ` +
      `stack's first run was ${first}. Nothing was changed. Name the right context. When the stack is to move, name the new one: ` +
      `pulumi config set --path kubernetes.clusterUid ${facts.uid}; everything is made there, and deleted here.`,
  );
}
