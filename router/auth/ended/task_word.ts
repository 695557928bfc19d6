import { LRUCache } from 'lru-cache';
import type { ClearmlTasks } from '../../clearml/clearml.ts';

/** What ClearML says of a task that is not routed. */
export interface TaskWord {
  /** ClearML's own: `completed`, `failed`, `stopped`, `queued`, `in_progress` and so on. */
  readonly status: string;
  /** Milliseconds since the epoch; 0 when the server does not say. */
  readonly startedAt: number;
}

/** How long a word is kept: however many ask, ClearML is asked once in that time for one task. */
const KEEP_MS = 3_000;
const MOST_KEPT = 1_000;
/** Of a server of another version it may be any word. */
const STATUS = /^[a-z_]{1,20}$/;

/** Undefined where ClearML does not answer, or knows no such task. */
export type AskTaskWord = (taskId: string) => Promise<TaskWord | undefined>;

/** Asks for a task's status in the router's own name: for those alone to whom ClearML shows the task. */
export function createTaskWords({ tasks }: Pick<ClearmlTasks, 'tasks'>): AskTaskWord {
  const kept = new LRUCache<string, Promise<TaskWord | undefined>>({
    max: MOST_KEPT,
    ttl: KEEP_MS,
  });
  const ask = async (id: string): Promise<TaskWord | undefined> => {
    try {
      const page = await tasks({ ids: [id] }, 0);
      const row = page.tasks.find((task) => task.id === id);
      return row !== undefined && STATUS.test(row.status)
        ? { status: row.status, startedAt: row.startedAt }
        : undefined;
    } catch {
      return undefined;
    }
  };
  return (id) => {
    const known = kept.get(id);
    if (known !== undefined) return known;
    const asked = ask(id);
    kept.set(id, asked);
    return asked;
  };
}
