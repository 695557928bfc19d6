import type { RouterError } from '../../errors.ts';
import type { PodAddresses, PodObserver, PodWatch } from '../../kubernetes/pod_watch.ts';
import { EVERY_NAMESPACE } from '../../settings/values.ts';
import type { Log } from '../../telemetry/log.ts';
import { normalizeAddress } from './address.ts';
import type { TaskDraft } from './draft.ts';

/** Tells whether an address that a task names is that of the task's own pod. */
export interface TaskPods {
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  /**
   * Why a task may not name the address; undefined when it may. An address that no pod has is not this check's matter,
   * unless it is strict: TASK_NETWORKS decides.
   *
   * @param address in the form of `normalizeAddress`.
   */
  readonly refusal: (taskId: string, address: string) => string | undefined;
  /**
   * The first address of the task's own pod, of the one that came last where it has several; undefined where none is known that
   * has one. 'unread' while the pods were not read yet.
   */
  readonly ownAddress: (taskId: string) => { readonly address: string } | 'unread' | undefined;
  /** Whether pods of this task alone have the address. Pods on the network of their node share one, at which the node itself answers. */
  readonly isAlone: (taskId: string, address: string) => boolean;
  /** Ids of the tasks for which that may have changed since the last call, among those that are given. */
  readonly takeAffected: (drafts: Iterable<TaskDraft>) => readonly string[];
  readonly problems: () => readonly string[];
}

export interface TaskPodsOptions {
  /** Or `*` alone. */
  readonly namespaces: readonly string[];
  /** What pods are called before the task's id: `clearml-id-` unless the agent was told otherwise. */
  readonly namePrefix: string;
  /** Refuses an address that no pod has: then every task has to run in a pod that is looked at. */
  readonly strict: boolean;
  readonly watch: (namespace: string, observer: PodObserver) => PodWatch;
  readonly log: Log;
}

/** A pod with the task that it runs. */
interface TaskPod {
  readonly taskId: string | undefined;
  readonly addresses: readonly string[];
}

/**
 * The id in the name of a pod. ClearML's agent for Kubernetes calls the pod of a task `clearml-id-<id>`, and a Job in its stead the
 * same, whose pods get `-` and some letters behind it. The name is the only thing that ties a pod to its task (clearml-agent 3.0,
 * `glue/k8s.py`), and a task cannot change it: no right on the API comes with running as a task.
 */
function taskIdOf(podName: string, prefix: string): string | undefined {
  const name = podName.slice(podName.lastIndexOf('/') + 1);
  if (!name.startsWith(prefix)) return undefined;
  return /^([0-9a-f]{32})(?:-|$)/.exec(name.slice(prefix.length))?.[1];
}

/** Follows the pods of the namespaces. */
export function createTaskPods(options: TaskPodsOptions): TaskPods {
  const { log, namePrefix, namespaces, strict, watch } = options;
  /** Pods of each namespace that was read, by name, as far as they have an address. */
  const pods = new Map<string, Map<string, TaskPod>>();
  /** Pods that have an address; more than one for a moment, when it was handed on. */
  const owners = new Map<string, Set<TaskPod>>();
  const failures = new Map<string, string>();
  let changed = new Set<string>();

  const put = (namespace: string, name: string, next: PodAddresses | undefined): void => {
    const known = pods.get(namespace);
    const before = known?.get(name);
    const addresses = (next?.addresses ?? []).map(
      (address) => normalizeAddress(address) ?? address,
    );
    for (const address of before?.addresses ?? []) {
      const having = owners.get(address);
      having?.delete(before as TaskPod);
      if (having?.size === 0) owners.delete(address);
      changed.add(address);
    }
    if (addresses.length === 0) {
      known?.delete(name);
      return;
    }
    const made: TaskPod = { taskId: taskIdOf(name, namePrefix), addresses };
    known?.set(name, made);
    for (const address of addresses) {
      const having = owners.get(address) ?? new Set();
      owners.set(address, having.add(made));
      changed.add(address);
    }
  };

  const recovered = (namespace: string): void => {
    if (!failures.delete(namespace)) return;
    log.info({ event: 'pods_followed', namespace }, 'The pods of a namespace are followed again');
  };

  const observe = (namespace: string): PodObserver => ({
    all: (found) => {
      recovered(namespace);
      const known = pods.get(namespace) ?? new Map<string, TaskPod>();
      pods.set(namespace, known);
      const names = new Set(found.map(({ name }) => name));
      for (const name of known.keys()) if (!names.has(name)) put(namespace, name, undefined);
      for (const pod of found) put(namespace, pod.name, pod);
    },
    changed: (pod) => put(namespace, pod.name, pod),
    gone: (name) => put(namespace, name, undefined),
    failed: ({ message }: RouterError) => {
      if (failures.get(namespace) !== message) {
        const fields = { event: 'pods_not_followed', namespace, error: message };
        log.warn(
          fields,
          'The pods of a namespace cannot be followed; what was known stays in force',
        );
      }
      failures.set(namespace, message);
    },
  });

  const unread = (): readonly string[] => namespaces.filter((name) => !pods.has(name));
  const watches = namespaces.map((namespace) => watch(namespace, observe(namespace)));
  let wasComplete = false;

  return {
    start: () => {
      for (const { start } of watches) start();
    },
    stop: async () => {
      await Promise.all(watches.map(({ stop }) => stop()));
    },
    refusal: (taskId, address) => {
      const missing = unread();
      if (missing.length > 0) {
        return `the pods of ${missing.map(words).join(', ')}, which tell whose address it is, were not read yet`;
      }
      const having = owners.get(address);
      if (having === undefined) {
        return strict ? `it is that of no pod of ${namespaces.map(words).join(', ')}` : undefined;
      }
      const isOwn = [...having].some((pod) => pod.taskId === taskId);
      return isOwn ? undefined : "it is that of a pod that is not the task's own";
    },
    ownAddress: (taskId) => {
      if (unread().length > 0) return 'unread';
      let own: TaskPod | undefined;
      for (const known of pods.values()) {
        for (const pod of known.values()) if (pod.taskId === taskId) own = pod;
      }
      const [address] = own?.addresses ?? [];
      return address === undefined ? undefined : { address };
    },
    isAlone: (taskId, address) => {
      const having = owners.get(normalizeAddress(address) ?? address);
      return having !== undefined && [...having].every((pod) => pod.taskId === taskId);
    },
    takeAffected: (drafts) => {
      const isComplete = unread().length === 0;
      const everything = isComplete && !wasComplete;
      wasComplete = isComplete;
      if (!everything && changed.size === 0) return [];
      const addresses = changed;
      changed = new Set();
      const ids: string[] = [];
      for (const draft of drafts) {
        if (everything || namesAnyOf(draft, addresses)) ids.push(draft.task.id);
      }
      return ids;
    },
    problems: () =>
      [...failures.values()].map(
        (message) => `${message}; what was known of its pods stays in force`,
      ),
  };
}

function words(namespace: string): string {
  return namespace === EVERY_NAMESPACE ? 'the cluster' : namespace;
}

/** Whether an ask names one of the addresses. A refused one does not tell its address, and may be served now. */
function namesAnyOf({ endpoints }: TaskDraft, addresses: ReadonlySet<string>): boolean {
  return endpoints.some(({ http, tcp }) =>
    [http, tcp].some(
      (route) =>
        route?.state === 'refused' ||
        (route?.state === 'open' && addresses.has(route.upstream.address)),
    ),
  );
}
