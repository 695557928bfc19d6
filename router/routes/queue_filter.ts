import type { ClearMl } from '../clearml/clearml.ts';
import type { TaskRow } from '../clearml/task_row.ts';

/** Which tasks are this router's: those of the queues of LISTEN_QUEUE_NAME, or all where it names none. */
export interface QueueFilter {
  /** Asks ClearML for the queues again when that is due, or when one of these tasks is of a queue that is not known yet. True when the filter changed. */
  readonly refresh: (rows: Iterable<TaskRow>) => Promise<boolean>;
  readonly admits: (row: TaskRow) => boolean;
  readonly problems: () => readonly string[];
}

/** A queue can be deleted and made again with the same name and another id. Milliseconds. */
const REFRESH_EVERY = 30_000;

export function createQueueFilter(
  clearml: Pick<ClearMl, 'queues'>,
  names: readonly string[],
  now: () => number = () => performance.now(),
): QueueFilter {
  let known: ReadonlyMap<string, string> | undefined;
  let served: ReadonlySet<string> = new Set();
  let due = 0;

  const anyUnknown = (rows: Iterable<TaskRow>): boolean => {
    for (const { queueId } of rows) {
      if (queueId !== undefined && known?.has(queueId) !== true) return true;
    }
    return false;
  };

  return {
    refresh: async (rows) => {
      if (names.length === 0) return false;
      if (now() < due && !anyUnknown(rows)) return false;
      known = await clearml.queues();
      due = now() + REFRESH_EVERY;
      const ids = [...known].filter(([, name]) => names.includes(name)).map(([id]) => id);
      const changed = ids.length !== served.size || ids.some((id) => !served.has(id));
      served = new Set(ids);
      return changed;
    },
    admits: ({ queueId }) => names.length === 0 || (queueId !== undefined && served.has(queueId)),
    problems: () => {
      const found = new Set(known?.values());
      return names
        .filter((name) => known !== undefined && !found.has(name))
        .map((name) => `LISTEN_QUEUE_NAME: ClearML has no queue "${name}"`);
    },
  };
}
