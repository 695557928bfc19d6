import { apiError } from '../api_error.ts';
import { text, type Call, type Server } from '../call.ts';
import { timestamp } from '../clock.ts';
import type { Document } from '../document.ts';
import type { TaskRecord } from '../records.ts';

/** Whether the caller may see a task: public, or of the own company and not hidden from the user. */
export function mayRead(task: TaskRecord, call: Call, server: Server): boolean {
  const { user, company, role } = call.caller.identity;
  if (task.company === '') return true;
  return task.company === company && !server.state.hidden(task.id, user, role);
}

/** The task that a call names, for reading; 400/101 where the caller sees none. */
export function readableTask(call: Call, server: Server): TaskRecord {
  const id = text(call.data, 'task');
  const task = server.state.task(id);
  if (task === undefined || !mayRead(task, call, server)) {
    throw apiError('invalid_task_id', undefined, { ids: [id] });
  }
  return task;
}

/** The task that a call names, for writing; 400/101 where the caller sees none, 403/21 where it is public. */
export function writableTask(call: Call, server: Server): TaskRecord {
  const id = text(call.data, 'task');
  const task = server.state.task(id);
  if (task === undefined || !mayRead(task, call, server)) {
    throw apiError('invalid_task_id', undefined, { id, company: call.caller.identity.company });
  }
  if (task.company === '') {
    throw apiError('no_write_permission', `cannot modify public task(s), ids=('${id}',)`);
  }
  return task;
}

/**
 * Stores a changed task. `last_change` moves with every change. `last_update` does not: the server leaves it alone
 * when only name, tags, system tags, comment, project or status message were edited.
 */
export function store(
  task: TaskRecord,
  changes: Document,
  call: Call,
  server: Server,
  { lastUpdate }: { readonly lastUpdate: boolean },
): TaskRecord {
  const now = timestamp(server.clock.now());
  const changed = {
    ...task,
    ...changes,
    last_change: now,
    last_changed_by: call.caller.identity.user,
    ...(lastUpdate ? { last_update: now } : {}),
  };
  return server.state.putTask(changed);
}
