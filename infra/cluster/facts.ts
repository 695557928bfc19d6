import { CoreV1Api, type KubeConfig, VersionApi } from '@kubernetes/client-node';

import { messageOf } from '../errors.ts';
import { type ClusterAddress, kubeConfigOf } from './kube_config.ts';
import { type KubernetesVersion, parseVersion } from './version.ts';

/** What the cluster itself tells, so that nobody has to be asked. */
export interface ClusterFacts {
  /** Undefined where it could not be asked. */
  readonly version: KubernetesVersion | undefined;
  /** Pod networks of the nodes, where the cluster's controller hands them out; sorted. */
  readonly podNetworks: readonly string[];
  /** What no other cluster has: the uid of its namespace kube-system; undefined where it could not be asked. */
  readonly uid?: string | undefined;
  /** Why something above is missing, for a person. */
  readonly trouble: string | undefined;
}

/** For all questions together; a cluster that does not answer must not hold up a preview. */
const TIME_LIMIT_MS = 8000;

/**
 * Asks the cluster for its version, its uid and its nodes' pod networks. What could not be asked is missing.
 *
 * @throws InfraError of `kubeConfigOf`, where config leads to no cluster at all.
 */
export async function askCluster(address: ClusterAddress): Promise<ClusterFacts> {
  return factsOf(kubeConfigOf(address));
}

/** The same for a kubeconfig that was read already. */
export async function factsOf(config: KubeConfig): Promise<ClusterFacts> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    tooLate.reject(new Error(`no answer within ${TIME_LIMIT_MS / 1000} seconds`));
  }, TIME_LIMIT_MS);
  const core = config.makeApiClient(CoreV1Api);
  const inTime = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, tooLate.promise]);
  let version: KubernetesVersion | undefined;
  let uid: string | undefined;
  try {
    const code = await inTime(config.makeApiClient(VersionApi).getCode());
    version = parseVersion(code.major, code.minor);
    // Whoever may list no nodes may read this, and the other way round.
    uid = await inTime(
      core.readNamespace({ name: 'kube-system' }).then(
        ({ metadata }) => metadata?.uid,
        () => undefined,
      ),
    );
    const nodes = await inTime(core.listNode({ limit: 1000 }));
    const networks = nodes.items.flatMap((node) => node.spec?.podCIDRs ?? []);
    return { version, uid, podNetworks: [...new Set(networks)].toSorted(), trouble: undefined };
  } catch (error) {
    return { version, uid, podNetworks: [], trouble: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
