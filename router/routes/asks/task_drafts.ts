import type { TaskRow } from '../../clearml/task_row.ts';
import { draftTask, type DraftRules, type TaskDraft } from './draft.ts';

/** The drafts of all tasks that this router serves, kept from look to look: a task that did not change is not read again. */
export function createTaskDrafts(
  rows: ReadonlyMap<string, TaskRow>,
  admits: (row: TaskRow) => boolean,
) {
  const drafts = new Map<string, TaskDraft>();
  /** Kept until it was read, so that a look that fails half-way loses nothing. */
  const marked = new Set<string>();
  const mark = (taskIds: Iterable<string>): void => {
    for (const id of taskIds) marked.add(id);
  };
  return {
    all: (): Iterable<TaskDraft> => drafts.values(),
    /** These tasks are to be read again. */
    mark,
    /** Reads the marked tasks, or all of them, from the rows of the last look. True when there was anything to read. */
    read: (everything: boolean, rules: DraftRules): boolean => {
      if (everything) {
        mark(rows.keys());
        mark(drafts.keys());
      }
      const any = everything || marked.size > 0;
      for (const id of marked) {
        const row = rows.get(id);
        const before = drafts.get(id)?.task;
        if (row !== undefined && admits(row)) drafts.set(id, draftTask(row, rules, before));
        else drafts.delete(id);
      }
      marked.clear();
      return any;
    },
  };
}
