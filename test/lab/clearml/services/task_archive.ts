import { ApiError, apiError } from '../api_error.ts';
import type { Call, Server, Service } from '../call.ts';
import { isList, textOf, type Document } from '../document.ts';
import { store, writableTask } from './task_access.ts';
import { changeStatus, leaveQueues } from './task_status.ts';

/** Archives a task; one that runs is stopped by it, and one that waits is what it was before it was queued. */
function archive(call: Call, server: Server): void {
  const task = writableTask(call, server);
  leaveQueues(task, server);
  if (task.status === 'in_progress') {
    changeStatus(task, { to: 'stopped', force: true }, call, server);
  } else if (task.status === 'queued') {
    const before = ['stopped', 'failed'] as const;
    const to = before.find((status) => status === task['enqueue_status']) ?? 'created';
    changeStatus(task, { to, force: true }, call, server);
  }
  const left = writableTask(call, server);
  const system_tags = [...new Set([...left.system_tags, 'archived'])].toSorted();
  store(left, { system_tags }, call, server, { lastUpdate: false });
}

/** The tasks that a call names by a list; each as if the call were for it alone. */
function eachTask(call: Call): readonly Call[] {
  const { tasks } = call.data;
  if (!isList(tasks) || tasks.length === 0) {
    throw apiError('validation_error', "value '[]' length is less than 1");
  }
  return tasks.map((task) => ({ ...call, data: { ...call.data, task } }));
}

export const taskArchive: Service = {
  'tasks.archive_many': {
    handle(call, server) {
      const ids = isList(call.data['ids']) ? call.data['ids'].map(textOf) : [];
      const succeeded: Document[] = [];
      const failed: Document[] = [];
      for (const id of ids) {
        try {
          archive({ ...call, data: { ...call.data, task: id } }, server);
          succeeded.push({ id, archived: true });
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          const { code, data, message, subcode } = error;
          failed.push({ id, error: { codes: [code, subcode], msg: message, data } });
        }
      }
      return { succeeded, failed };
    },
  },
  'tasks.archive': {
    handle(call, server) {
      const each = eachTask(call);
      for (const one of each) writableTask(one, server);
      for (const one of each) archive(one, server);
      return { archived: each.length };
    },
  },
};
