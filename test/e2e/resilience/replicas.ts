import assert from 'node:assert/strict';

import { AppsV1Api, CoordinationV1Api, CoreV1Api, type V1Pod } from '@kubernetes/client-node';

import { runInside } from '../../lab/cluster/processes/namespaces.ts';
import { CONTAINERD_SOCKET } from '../../lab/cluster/components/containerd.ts';
import { readState } from '../../lab/cluster/state.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import type { Session } from '../../lab/run/session.ts';
import { ROUTER_NAME, ROUTER_NAMESPACE } from '../../lab/run/stack_config.ts';
import type { WorkFolder } from '../../lab/run/work_folder.ts';

const namespace = ROUTER_NAMESPACE;
const SELECTOR = `app.kubernetes.io/instance=${ROUTER_NAME}`;

/** Signals the processes of a program that run in the PID namespace of the caller. */
const SIGNAL_PROGRAM =
  'for p in /proc/[0-9]*; do [ "$(readlink $p/exe)" != "$1" ] || kill -s "$2" "${p#/proc/}"; done';

/** One of the router's pods. */
export interface Replica {
  readonly name: string;
  readonly address: string;
  readonly isReady: boolean;
  /** It was told to end. */
  readonly isEnding: boolean;
  /** Of the container that runs now. */
  readonly containerId: string;
  readonly restarts: number;
}

function replicaOf({ metadata, status }: V1Pod): Replica {
  const [container] = status?.containerStatuses ?? [];
  return {
    name: metadata?.name ?? '',
    address: status?.podIP ?? '',
    isReady: container?.ready === true,
    isEnding: metadata?.deletionTimestamp !== undefined,
    containerId: container?.containerID?.replace('containerd://', '') ?? '',
    restarts: container?.restartCount ?? 0,
  };
}

/** What a test sends to the process of a container. */
export type ContainerSignal = 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2';

/** The router's pods, and what may happen to them. */
export interface Replicas {
  /** All of them, those that end included. */
  readonly all: () => Promise<readonly Replica[]>;
  /** Name of the pod that holds the Lease. */
  readonly leader: () => Promise<string>;
  /** Signals a pod's process, through containerd: kills it as the kernel does when memory runs out, or makes it hang. */
  readonly signal: (
    container: Pick<Replica, 'containerId'>,
    signal: ContainerSignal,
  ) => Promise<void>;
  /** Makes the cluster's API server hang, and wakes it up. */
  readonly signalApiServer: (signal: 'SIGSTOP' | 'SIGCONT') => Promise<void>;
  /** Through the Eviction API, which asks the disruption budget; rejects where that says no. */
  readonly evict: (replica: Replica) => Promise<void>;
  /** What `kubectl rollout restart` does; returns at once. */
  readonly restart: () => Promise<void>;
  /** Resolves once as many pods are ready as there are to be, and none is ending. */
  readonly settled: () => Promise<readonly Replica[]>;
}

export function replicasOf(
  { target, tools }: Pick<Session, 'target' | 'tools'>,
  folder: WorkFolder,
  count: number,
): Replicas {
  const core = target.config.makeApiClient(CoreV1Api);
  const apps = target.config.makeApiClient(AppsV1Api);
  const coordination = target.config.makeApiClient(CoordinationV1Api);
  const all: Replicas['all'] = async () => {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: SELECTOR });
    return items.map(replicaOf);
  };
  const { cluster } = tools;
  assert.ok(cluster !== undefined);
  /** Runs a command in the namespaces of the lab's cluster. */
  const inside = async (...command: readonly string[]): Promise<void> => {
    const state = await readState(folder.cluster);
    assert.ok(state !== undefined);
    await runInside(state.init.pid, ...command);
  };
  return {
    all,
    leader: async () => {
      const lease = await coordination.readNamespacedLease({ namespace, name: ROUTER_NAME });
      return lease.spec?.holderIdentity ?? '';
    },
    signal: async ({ containerId }, signal) => {
      const ctr = [cluster.ctr.path, '-a', CONTAINERD_SOCKET, '-n', 'k8s.io'];
      await inside(...ctr, 'tasks', 'kill', '-s', signal, containerId);
    },
    signalApiServer: async (signal) => {
      await inside('sh', '-c', SIGNAL_PROGRAM, 'sh', cluster.kubeApiserver.path, signal.slice(3));
    },
    evict: async ({ name }) => {
      const body = { metadata: { name, namespace } };
      await core.createNamespacedPodEviction({ name, namespace, body });
    },
    restart: async () => {
      const deployment = await apps.readNamespacedDeployment({ namespace, name: ROUTER_NAME });
      const { spec } = deployment;
      assert.ok(spec !== undefined);
      spec.template.metadata ??= {};
      spec.template.metadata.annotations = {
        ...spec.template.metadata.annotations,
        'kubectl.kubernetes.io/restartedAt': new Date().toISOString(),
      };
      await apps.replaceNamespacedDeployment({ namespace, name: ROUTER_NAME, body: deployment });
    },
    settled: () =>
      waitFor(
        120,
        async () => {
          const found = await all();
          const good = found.every(({ isReady, isEnding }) => isReady && !isEnding);
          return good && found.length === count ? found : undefined;
        },
        async () => `the router's pods are ${JSON.stringify(await all())}`,
      ),
  };
}
