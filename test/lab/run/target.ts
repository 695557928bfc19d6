import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';

import type { Cluster } from '../cluster/cluster.ts';
import { LabError } from '../errors.ts';

/** How HTTP gets to the router. */
export type Exposure =
  | { readonly kind: 'ingress'; readonly className: string; readonly address: string }
  /** Through a Service of type LoadBalancer that the run adds; `reason` says why no Ingress carries it. */
  | { readonly kind: 'service'; readonly reason: string };

/** The cluster of a run, the lab's own or one that the user named. */
export interface Target {
  /** The run's own view of the cluster; its current context is the target. */
  readonly config: KubeConfig;
  readonly context: string;
  /** Content of the kubeconfig, for the lab's own cluster; the user's is read by its context alone. */
  readonly kubeconfig: string | undefined;
  /** Address of this machine that pods can call. */
  readonly hostAddress: string;
  readonly exposure: Exposure;
  /** Where pods of the lab's own cluster ask for names, once a stand-in answers there; the user's has its own DNS. */
  readonly dnsAddress: string | undefined;
}

/** The lab's own cluster as a target. */
export async function ownTarget(cluster: Cluster): Promise<Target> {
  const kubeconfig = await readFile(cluster.kubeconfig, 'utf8');
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const { ingress } = cluster;
  return {
    config,
    context: cluster.context,
    kubeconfig,
    hostAddress: cluster.hostAddress,
    exposure:
      'absent' in ingress
        ? { kind: 'service', reason: `there is no ingress controller: ${ingress.absent}` }
        : { kind: 'ingress', ...ingress },
    dnsAddress: cluster.dnsAddress,
  };
}

/** Whether the user's kubeconfig knows the context. */
export function hasContext(context: string): boolean {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config.getContextObject(context) !== null;
}

/** Kubeconfig of a context that the user named; no other context is ever used. */
export function namedContext(context: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new LabError(
      'ARGUMENTS_INVALID',
      `Your kubeconfig has no context named ${context}. It has: ${known.join(', ') || 'none'}.`,
    );
  }
  config.setCurrentContext(context);
  return config;
}

/** A cluster that the user named, as a target. `address` is what the user says that pods can call. */
export async function namedTarget(context: string, address: string | undefined): Promise<Target> {
  const config = namedContext(context);
  return {
    config,
    context,
    kubeconfig: undefined,
    hostAddress: address ?? (await addressTowardsNodes(config, context)),
    exposure: {
      kind: 'service',
      reason: 'in a cluster that you named, its ingress controllers are left alone',
    },
    dnsAddress: undefined,
  };
}

/** The address of this machine that a packet to the cluster's first node leaves from: what the nodes, and so their pods, can answer. */
async function addressTowardsNodes(config: KubeConfig, context: string): Promise<string> {
  const nodes = await config
    .makeApiClient(CoreV1Api)
    .listNode({ limit: 1 })
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
      throw new LabError(
        'CLUSTER_FAILED',
        `The cluster of context ${context} does not answer: ${why}. Try: kubectl --context ${context} get nodes`,
      );
    });
  const addresses = nodes.items[0]?.status?.addresses ?? [];
  const node = addresses.find(({ type }) => type === 'InternalIP')?.address;
  if (node === undefined) {
    throw new LabError(
      'CLUSTER_FAILED',
      `No node of context ${context} tells its address; name this machine's with --address.`,
    );
  }
  // Connecting a datagram socket sends nothing: the kernel only chooses the route, and with it the source address.
  const socket = createSocket(node.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.connect(9, node);
    await once(socket, 'connect');
    return socket.address().address;
  } finally {
    socket.close();
  }
}
