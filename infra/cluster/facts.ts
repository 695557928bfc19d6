import { CoreV1Api, KubeConfig, VersionApi } from '@kubernetes/client-node';

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

/** Which cluster to ask: a kubeconfig's content, or the files that kubectl reads; and a context in it. */
export interface ClusterAddress {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** Milliseconds for both questions together; a cluster that does not answer must not hold up a preview. */
const TIME_LIMIT = 8000;

/** Asks the cluster for its version and its nodes' pod networks. Never throws: what could not be asked is missing. */
export async function askCluster(address: ClusterAddress): Promise<ClusterFacts> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    tooLate.reject(new Error(`no answer within ${TIME_LIMIT / 1000} seconds`));
  }, TIME_LIMIT);
  let version: KubernetesVersion | undefined;
  try {
    const config = new KubeConfig();
    if (address.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromString(address.kubeconfig);
    if (address.context !== undefined) {
      if (config.getContextObject(address.context) === null) {
        const known = config.getContexts().map(({ name }) => name);
        throw new Error(`no context ${address.context} in the kubeconfig (${known.join(', ')})`);
      }
      config.setCurrentContext(address.context);
    }
    const code = await Promise.race([config.makeApiClient(VersionApi).getCode(), tooLate.promise]);
    version = parseVersion(code.major, code.minor);
    const nodes = await Promise.race([
      config.makeApiClient(CoreV1Api).listNode({ limit: 1000 }),
      tooLate.promise,
    ]);
    const networks = nodes.items.flatMap((node) => node.spec?.podCIDRs ?? []);
    return { version, podNetworks: [...new Set(networks)].toSorted(), trouble: undefined };
  } catch (error) {
    return { version, podNetworks: [], trouble: reason(error) };
  } finally {
    clearTimeout(timer);
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  // An answer of the API is three lines: status, what the client makes of it, and a body of any length.
  const [status = '', meaning = ''] = `${error.message}${cause}`.split('\n');
  return `${status} ${meaning}`.trim().slice(0, 300);
}
