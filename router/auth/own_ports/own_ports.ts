import { LRUCache } from 'lru-cache';
import type { ClearmlTasks } from '../../clearml/clearml.ts';
import type { TaskRow } from '../../clearml/task_row.ts';
import { RouterError } from '../../errors.ts';
import { taskIdOf, type EndpointId } from '../../grammar/endpoint_id.ts';
import type { CheckedAddress } from '../../routes/asks/address.ts';
import type { TaskPods } from '../../routes/asks/task_pods.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import type { Identity } from '../identity/identity.ts';
import { owns } from '../identity/owner.ts';

export interface OwnPortsParts {
  readonly tasks: Pick<ClearmlTasks, 'taskSeenBy'>;
  readonly pods: Pick<TaskPods, 'ownAddress' | 'isAlone'>;
  /** The checks of addresses that tasks name. */
  readonly mayReach: (address: string, port: string) => CheckedAddress;
  /** Whether tasks of its queue are this router's. */
  readonly serves: (task: Pick<TaskRow, 'queueId'>) => boolean;
  readonly routes: RouteSource;
  /** Milliseconds, by a clock that does not jump. */
  readonly now: () => number;
}

/** A port of a task that somebody was let in to without an ask. */
export interface OpenOwnPort {
  readonly endpoint: Endpoint;
  /** An endpoint of the same task that it counts as a use of, so that the task is not taken for idle; its own id where there is none. */
  readonly usedAs: EndpointId;
}

/** What stands in the way: nothing to be reached there, or ClearML's silence. */
export type Closed = 'missing' | 'unavailable' | 'revoked';

/** How long what ClearML said of a task counts. */
const TASK_KEPT_MS = 5_000;
const TASKS_KEPT = 2_000;

/**
 * Ports of tasks that nobody asked for, for their owner's own computer: at the address of the pod that is the task's by its name, and
 * that no other pod has. ClearML is asked with the user's own token whether the task runs and is theirs.
 */
export class OwnPorts {
  readonly #parts: OwnPortsParts;
  readonly #tasks: LRUCache<string, Promise<TaskRow | undefined>>;

  constructor(parts: OwnPortsParts) {
    this.#parts = parts;
    this.#tasks = new LRUCache({
      max: TASKS_KEPT,
      ttl: TASK_KEPT_MS,
      perf: { now: parts.now },
      ttlResolution: 0,
    });
  }

  async find(identity: Identity, taskId: string, port: number): Promise<OpenOwnPort | Closed> {
    const task = await this.#task(identity, taskId);
    if (typeof task !== 'object') return task;
    if (task.status !== 'in_progress' || !owns(identity, task)) return 'missing';
    if (!this.#parts.serves(task)) return 'missing';
    const upstream = this.#upstream(taskId, port);
    if (upstream === undefined) return 'missing';
    const { id, name, type, projectName, userId, companyId, queueId, startedAt } = task;
    const endpoint: Endpoint = {
      id,
      name: undefined,
      label: undefined,
      task: { id, name, type, projectName, userId, companyId, queueId, startedAt },
      access: 'owner',
      http: undefined,
      tcp: { state: 'open', upstream, port: undefined },
    };
    return { endpoint, usedAs: this.#routedAs(id) };
  }

  /** Whether that still leads there. ClearML's silence ends nothing that is open. */
  async stillLeads(identity: Identity, { task, tcp }: Endpoint): Promise<boolean> {
    if (tcp?.state !== 'open') return false;
    const { address, port } = tcp.upstream;
    if (this.#upstream(task.id, port)?.address !== address) return false;
    const now = await this.#task(identity, task.id);
    if (typeof now !== 'object') return now === 'unavailable';
    return now.status === 'in_progress' && owns(identity, now);
  }

  #upstream(taskId: string, port: number) {
    const { pods, mayReach } = this.#parts;
    const own = pods.ownAddress(taskId);
    if (own === undefined || own === 'unread' || !pods.isAlone(taskId, own.address)) {
      return undefined;
    }
    const checked = mayReach(own.address, String(port));
    return checked.ok ? checked.upstream : undefined;
  }

  async #task({ token, tokenKey }: Identity, taskId: string): Promise<TaskRow | Closed> {
    const key = tokenKey + taskId;
    let asked = this.#tasks.get(key);
    if (asked === undefined) {
      asked = this.#parts.tasks.taskSeenBy(token, taskId);
      this.#tasks.set(key, asked);
    }
    try {
      return (await asked) ?? 'missing';
    } catch (error) {
      this.#tasks.delete(key);
      if (!(error instanceof RouterError)) throw error;
      return error.code === 'CLEARML_UNAUTHORIZED' ? 'revoked' : 'unavailable';
    }
  }

  #routedAs(taskId: string): EndpointId {
    const { endpoints } = this.#parts.routes.current();
    if (endpoints.has(taskId)) return taskId;
    for (const id of endpoints.keys()) if (taskIdOf(id) === taskId) return id;
    return taskId;
  }
}
