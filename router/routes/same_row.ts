import type { TaskRow } from '../clearml/task_row.ts';

/** Whether two readings of one task say the same, but for when it was changed last: tasks report without asking anything new. */
export function sameRow(a: TaskRow, b: TaskRow): boolean {
  if (
    a.name !== b.name ||
    a.type !== b.type ||
    a.projectName !== b.projectName ||
    a.userId !== b.userId ||
    a.companyId !== b.companyId ||
    a.queueId !== b.queueId ||
    a.startedAt !== b.startedAt ||
    a.runtime.size !== b.runtime.size
  ) {
    return false;
  }
  for (const [key, value] of a.runtime) if (b.runtime.get(key) !== value) return false;
  return true;
}
