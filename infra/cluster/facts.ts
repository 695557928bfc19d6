import type { KubeConfig } from '@kubernetes/client-node';

import { messageOf } from '../errors.ts';
import type { Evidence } from '../platform/evidence.ts';
import { askDns } from './dns.ts';
import { type ClusterAddress, kubeConfigOf } from './kube_config.ts';
import { askNodePorts } from './node_ports.ts';
import {
  askApiGroups,
  askApiServerPorts,
  askIngressClasses,
  askNodes,
  askTcpService,
  askUid,
  askVersion,
} from './questions.ts';
import { clusterReader } from './reader.ts';
import { lacksSecret } from './server_secret.ts';
import type { StackQuestions } from './stack_questions.ts';
import { parseVersion } from './version.ts';

/** What the cluster itself tells, so that nobody has to be asked. */
export interface ClusterFacts extends Evidence {
  /** Pod networks of the nodes, where the cluster's controller hands them out; sorted. */
  readonly podNetworks: readonly string[];
  /** What no other cluster has: the uid of its namespace kube-system; undefined where it could not be asked. */
  readonly uid?: string | undefined;
  /** True where the Secret of the ClearML server that was asked for is not there. */
  readonly lacksServerSecret?: boolean;
  /** What could not be asked, and why, for a person. */
  readonly trouble: string | undefined;
}

/** Facts of a cluster that is not asked, and why. */
export function nothingTold(trouble: string): ClusterFacts {
  return { podNetworks: [], trouble };
}

/** For all questions together; a cluster that does not answer must not hold up a preview. */
const TIME_LIMIT_MS = 8000;

/**
 * Asks the cluster what it is. What could not be asked is missing.
 *
 * @throws InfraError of `kubeConfigOf`, where config leads to no cluster at all.
 */
export async function askCluster(
  address: ClusterAddress,
  questions: StackQuestions = {},
): Promise<ClusterFacts> {
  return factsOf(kubeConfigOf(address), questions);
}

/** The same for a kubeconfig that was read already. */
export async function factsOf(
  config: KubeConfig,
  { nodePortsIn, serverSecret, tcpService }: StackQuestions = {},
): Promise<ClusterFacts> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    tooLate.reject(new Error(`no answer within ${TIME_LIMIT_MS / 1000} seconds`));
  }, TIME_LIMIT_MS);
  const troubles = new Map<string, string[]>();
  const told = async <T>(what: string, answer: Promise<T>): Promise<T | undefined> => {
    try {
      return await Promise.race([answer, tooLate.promise]);
    } catch (error) {
      const why = messageOf(error);
      troubles.set(why, [...(troubles.get(why) ?? []), what]);
      return undefined;
    }
  };
  const reader = clusterReader(config);
  // The first answer is awaited alone: what gives credentials, such as a cloud's command, is then asked once.
  const code = await told('version', askVersion(reader));
  const [
    uid,
    nodes,
    apiGroups,
    ingressClasses,
    apiServerPorts,
    dns,
    nodePorts,
    inPlace,
    secretIsMissing,
  ] = await Promise.all([
    told('uid', askUid(reader)),
    told('nodes', askNodes(reader)),
    told('API groups', askApiGroups(reader)),
    told('ingress classes', askIngressClasses(reader)),
    told('API server', askApiServerPorts(reader)),
    told('DNS', askDns(reader)),
    nodePortsIn === undefined ? undefined : told('node ports', askNodePorts(reader, nodePortsIn)),
    tcpService && told('TCP Service', askTcpService(reader, tcpService)),
    serverSecret && told("Secret of ClearML's server", lacksSecret(reader, serverSecret)),
  ]);
  clearTimeout(timer);
  return {
    version: code && parseVersion(code.major, code.minor),
    gitVersion: code?.gitVersion,
    uid,
    podNetworks: [...new Set(nodes?.flatMap(({ podNetworks }) => podNetworks))].toSorted(),
    nodes,
    apiGroups,
    ingressClasses,
    apiServerPorts,
    dns,
    nodePorts,
    tcpService: inPlace,
    lacksServerSecret: code !== undefined && secretIsMissing === true,
    trouble: saidOnce(troubles),
  };
}

/** Each reason once, with what it kept from being asked. */
function saidOnce(troubles: ReadonlyMap<string, readonly string[]>): string | undefined {
  if (troubles.size === 0) return undefined;
  return [...troubles].map(([why, what]) => `${what.join(', ')}: ${why}`).join('; ');
}
