import type { ClearMl } from '../../clearml/clearml.ts';
import type { TaskRow } from '../../clearml/task_row.ts';
import { sameSet } from '../model/same.ts';

/** A queue can be deleted and made again with the same name and another id. */
const REFRESH_EVERY_MS = 30_000;

/** Which tasks are this router's: those of the queues of LISTEN_QUEUE_NAME, or all where it names none. */
export function createQueueFilter(clearml: Pick<ClearMl, 'queues'>, names: readonly string[]) {
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
    /**
     * Asks ClearML for the queues again when that is due, or when one of these tasks is of a queue that is not known yet. True when
     * the filter changed.
     */
    refresh: async (rows: Iterable<TaskRow>): Promise<boolean> => {
      if (names.length === 0) return false;
      if (performance.now() < due && !anyUnknown(rows)) return false;
      known = await clearml.queues();
      due = performance.now() + REFRESH_EVERY_MS;
      const named = [...known].filter(([, name]) => names.includes(name));
      const ids = new Set(named.map(([id]) => id));
      const changed = !sameSet(ids, served);
      served = ids;
      return changed;
    },
    admits: ({ queueId }: Pick<TaskRow, 'queueId'>): boolean =>
      names.length === 0 || (queueId !== undefined && served.has(queueId)),
    problems: (): readonly string[] => {
      const found = new Set(known?.values());
      return names
        .filter((name) => known !== undefined && !found.has(name))
        .map((name) => `LISTEN_QUEUE_NAME: ClearML has no queue "${name}"`);
    },
  };
}
