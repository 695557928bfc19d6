import { CoreV1Api, type KubeConfig, VersionApi } from '@kubernetes/client-node';

import { messageOf } from '../checks/check.ts';
import { type ClusterAddress, kubeConfigOf } from './kube_config.ts';
import { type KubernetesVersion, parseVersion } from './version.ts';

/** What the cluster itself tells, so that nobody has to be asked. */
export interface ClusterFacts {
  /** Undefined where it could not be asked. */
  readonly version: KubernetesVersion | undefined;
  /** Pod networks of the nodes, where the cluster's controller hands them out; sorted. */
  readonly podNetworks: readonly string[];
  /** Why something above is missing, for a person. */
  readonly trouble: string | undefined;
}

/** Milliseconds for both questions together; a cluster that does not answer must not hold up a preview. */
const TIME_LIMIT = 8000;

/** Asks the cluster for its version and its nodes' pod networks. Never throws: what could not be asked is missing. */
export async function askCluster(address: ClusterAddress): Promise<ClusterFacts> {
  try {
    return await factsOf(kubeConfigOf(address));
  } catch (error) {
    return { version: undefined, podNetworks: [], trouble: messageOf(error) };
  }
}

/** The same for a kubeconfig that was read already. */
export async function factsOf(config: KubeConfig): Promise<ClusterFacts> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    tooLate.reject(new Error(`no answer within ${TIME_LIMIT / 1000} seconds`));
  }, TIME_LIMIT);
  let version: KubernetesVersion | undefined;
  try {
    const code = await Promise.race([config.makeApiClient(VersionApi).getCode(), tooLate.promise]);
    version = parseVersion(code.major, code.minor);
    const nodes = await Promise.race([
      config.makeApiClient(CoreV1Api).listNode({ limit: 1000 }),
      tooLate.promise,
    ]);
    const networks = nodes.items.flatMap((node) => node.spec?.podCIDRs ?? []);
    return { version, podNetworks: [...new Set(networks)].toSorted(), trouble: undefined };
  } catch (error) {
    return { version, podNetworks: [], trouble: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
