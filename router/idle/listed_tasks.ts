import type { ClearMl } from '../clearml/clearml.ts';
import type { Endpoint, Task } from '../routes/model/endpoint.ts';
import type { Routes } from '../routes/routes.ts';
import type { IdlePolicy } from '../settings/idle_policy.ts';
import type { Period } from './count.ts';
import { isListed, periodOf } from './listed.ts';

/** A task of the policy. */
export interface Listed {
  readonly task: Task;
  readonly endpoints: readonly Endpoint[];
  readonly period: Period;
}

/** What tasks are listed by. */
export interface ListedTasksParts {
  readonly policy: IdlePolicy;
  readonly routes: Pick<Routes, 'current' | 'idleWish'>;
  readonly clearml: Pick<ClearMl, 'queues'>;
}

const QUEUES_EVERY_MS = 60_000;

function isOpen({ http, tcp }: Endpoint): boolean {
  return http?.state === 'open' || tcp?.state === 'open';
}

/** Finds the tasks of a policy that somebody could reach. */
export class ListedTasks {
  readonly #parts: ListedTasksParts;
  readonly #now: () => number;
  #queues: ReadonlyMap<string, string> = new Map();
  #queuesAt = -Infinity;

  constructor(parts: ListedTasksParts, now: () => number) {
    this.#parts = parts;
    this.#now = now;
  }

  /** Asks for the names of queues, when that is due. Rejects where ClearML does not answer. */
  async refresh(): Promise<void> {
    const { policy, clearml } = this.#parts;
    if (policy.queues === undefined || this.#now() - this.#queuesAt < QUEUES_EVERY_MS) return;
    this.#queues = await clearml.queues();
    this.#queuesAt = this.#now();
  }

  /** By id. */
  all(): ReadonlyMap<string, Listed> {
    const { policy, routes } = this.#parts;
    const byTask = new Map<string, Endpoint[]>();
    for (const endpoint of routes.current().endpoints.values()) {
      const { id, queueId } = endpoint.task;
      if (!isListed(policy, endpoint.task, this.#queues.get(queueId ?? ''))) continue;
      const others = byTask.get(id);
      if (others === undefined) byTask.set(id, [endpoint]);
      else others.push(endpoint);
    }
    const listed = new Map<string, Listed>();
    for (const [id, endpoints] of byTask) {
      const task = endpoints[0]?.task;
      if (task === undefined || !endpoints.some(isOpen)) continue;
      listed.set(id, { task, endpoints, period: periodOf(policy, routes.idleWish(id)) });
    }
    return listed;
  }
}
