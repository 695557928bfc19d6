import { apiError } from '../api_error.ts';
import { optionalText, text, type Call, type Server, type Service } from '../call.ts';
import { timestamp } from '../clock.ts';
import { without, withValue, type Document } from '../document.ts';
import { part } from '../queries/listing.ts';
import type { TaskRecord, TaskStatus } from '../records.ts';
import { createQueue, queueOf } from './queues.ts';
import { store, writableTask } from './task_access.ts';

/** Which status may follow which, unless `force` is given. */
const NEXT: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  created: ['queued', 'in_progress'],
  queued: ['created', 'in_progress', 'stopped'],
  in_progress: ['stopped', 'failed', 'created', 'completed'],
  stopped: [
    ...(['closed', 'created', 'failed', 'queued'] as const),
    ...(['in_progress', 'published', 'publishing', 'completed'] as const),
  ],
  closed: ['created', 'failed', 'published', 'publishing', 'stopped'],
  failed: ['created', 'stopped', 'published', 'queued'],
  publishing: ['published'],
  published: [],
  completed: ['published', 'in_progress', 'created'],
  unknown: [],
};

interface Change {
  readonly to: TaskStatus;
  readonly fields?: Document;
  readonly message?: string;
  readonly force?: boolean;
}

/** Changes a status as the server does, and answers what it answers. 400/110 where the step is not allowed. */
export function changeStatus(
  task: TaskRecord,
  change: Change,
  call: Call,
  server: Server,
): Document {
  const forced = change.force ?? call.data['force'] === true;
  if (!forced && change.to !== task.status && !NEXT[task.status].includes(change.to)) {
    throw apiError('invalid_task_status', 'Invalid status change', {
      current_status: task.status,
      new_status: change.to,
    });
  }
  const fields: Document = {
    ...change.fields,
    status: change.to,
    status_reason: optionalText(call.data, 'status_reason') ?? '',
    status_message: change.message ?? optionalText(call.data, 'status_message') ?? '',
    status_changed: timestamp(server.clock.now()),
  };
  store(task, fields, call, server, { lastUpdate: true });
  return { updated: 1, fields };
}

/** A call that does nothing but change the status; `ends` records the time of the end. */
function simple(to: TaskStatus, ends: boolean) {
  return (call: Call, server: Server): Document => {
    const task = writableTask(call, server);
    const completed = timestamp(server.clock.now());
    return changeStatus(task, { to, ...(ends ? { fields: { completed } } : {}) }, call, server);
  };
}

export function leaveQueues(task: TaskRecord, server: Server): void {
  for (const queue of server.state.queues.values()) {
    const entries = queue.entries.filter((entry) => entry['task'] !== task.id);
    if (entries.length < queue.entries.length) {
      server.state.queues.set(queue.id, { ...queue, entries });
    }
  }
}

function findQueue(call: Call, server: Server) {
  const { company } = call.caller.identity;
  const id = optionalText(call.data, 'queue');
  if (id !== undefined && id !== '') return queueOf(company, id, server);
  const name = optionalText(call.data, 'queue_name') ?? 'default';
  const found = [...server.state.queues.values()].find(
    (q) => q.name === name && q.company === company,
  );
  if (found !== undefined) return found;
  if (call.data['queue_name'] === undefined) throw apiError('no_default_queue');
  return createQueue(name, company, server);
}

/** What `tasks.delete` and `tasks.reset` say of what went with a task. */
const NOTHING_ELSE: Document = {
  updated_children: 0,
  updated_models: 0,
  deleted_models: 0,
  events: { deleted: 0 },
  urls: { model_urls: [], event_urls: [], artifact_urls: [] },
};

export const taskStatus: Service = {
  'tasks.started': {
    handle(call, server) {
      if (server.state.task(text(call.data, 'task')) === undefined) {
        throw apiError('invalid_id', undefined, { task: 'None' });
      }
      const task = writableTask(call, server);
      const keep = task.status === 'in_progress' && task['started'] !== undefined;
      const started = keep ? (task['started'] ?? null) : timestamp(server.clock.now());
      const answer = changeStatus(task, { to: 'in_progress', fields: { started } }, call, server);
      return { ...answer, started: 1 };
    },
  },
  'tasks.stop': {
    handle(call, server) {
      const task = writableTask(call, server);
      leaveQueues(task, server);
      const message = `Stopped by ${call.caller.identity.user_name ?? ''}`;
      // A task that an agent works on is only told to stop; the agent then reports that it has.
      const byWorker =
        task['last_worker'] !== undefined && !task.system_tags.includes('development');
      return byWorker && task.status !== 'queued'
        ? changeStatus(task, { to: task.status, message: 'stopping' }, call, server)
        : changeStatus(task, { to: 'stopped', message }, call, server);
    },
  },
  'tasks.stopped': { handle: simple('stopped', true) },
  'tasks.failed': { handle: simple('failed', true) },
  'tasks.close': { handle: simple('closed', false) },
  'tasks.completed': {
    minVersion: '2.2',
    handle: (call, server) => ({ ...simple('completed', true)(call, server), published: 0 }),
  },
  'tasks.publish': {
    handle(call, server) {
      const task = writableTask(call, server);
      const published = timestamp(server.clock.now());
      return changeStatus(task, { to: 'published', fields: { published } }, call, server);
    },
  },
  'tasks.reset': {
    handle(call, server) {
      const task = writableTask(call, server);
      if (call.data['force'] !== true && task.status === 'published') {
        throw apiError('invalid_task_status', undefined, { task_id: task.id, status: task.status });
      }
      leaveQueues(task, server);
      const execution = without(part(task, 'execution'), ['queue']);
      const cleared = server.state.putTask({
        ...task,
        started: undefined,
        completed: undefined,
        published: undefined,
        last_worker: undefined,
      });
      const fields = { runtime: {}, execution, last_iteration: 0 };
      const answer = changeStatus(cleared, { to: 'created', fields }, call, server);
      return { ...answer, ...NOTHING_ELSE, dequeued: {} };
    },
  },
  'tasks.delete': {
    handle(call, server) {
      const task = writableTask(call, server);
      const archived = task.system_tags.includes('archived');
      if (task.status !== 'created' && !archived && call.data['force'] !== true) {
        throw apiError('task_cannot_be_deleted', 'due to status, use force=True', {
          task: task.id,
          expected: 'created',
          current: task.status,
        });
      }
      leaveQueues(task, server);
      server.state.removeTask(task.id);
      return { deleted: true, ...NOTHING_ELSE };
    },
  },
  'tasks.enqueue': {
    handle(call, server) {
      const task = writableTask(call, server);
      const queue = findQueue(call, server);
      if (queue.entries.some((entry) => entry['task'] === task.id)) {
        throw apiError('task_already_queued', undefined, { task: task.id });
      }
      const system_tags = task.system_tags.filter((tag) => tag !== 'development');
      const execution = withValue(part(task, 'execution'), 'queue', queue.id);
      const fields = { enqueue_status: task.status, system_tags, execution };
      const answer = changeStatus(task, { to: 'queued', fields }, call, server);
      leaveQueues(task, server);
      const added = timestamp(server.clock.now());
      const entries = [...queue.entries, { task: task.id, added }];
      server.state.queues.set(queue.id, { ...queue, entries });
      return { ...answer, queued: 1 };
    },
  },
  'tasks.dequeue': {
    handle(call, server) {
      const task = writableTask(call, server);
      leaveQueues(task, server);
      if (task.status !== 'queued') return { dequeued: 1, updated: 0 };
      const answer = changeStatus(task, { to: 'created', force: true }, call, server);
      return { ...answer, dequeued: 1 };
    },
  },
};
