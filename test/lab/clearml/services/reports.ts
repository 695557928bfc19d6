import { createHash } from 'node:crypto';
import { apiError } from '../api_error.ts';
import { text, type Server, type Service } from '../call.ts';
import { timestamp } from '../clock.ts';
import type { Document } from '../document.ts';
import type { TaskRecord } from '../records.ts';

/** The last line of each task's console, and how many there were. */
const consoles = new WeakMap<Server['state'], Map<string, { last: Document; total: number }>>();

/** What is reported of the machine makes no iteration: `ignore_iteration` of the server's own config. */
const NO_ITERATION = new Set([':monitor:machine', ':monitor:gpu']);

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** What stands below a key of a document, where that is one. */
function below(of: unknown, key: string): Document {
  const found = (of as Document | undefined)?.[key];
  return (found ?? {}) as Document;
}

/** The last value of each scalar, and how many there were: `last_metrics`, by hashes as the server keeps it. */
function withScalar(task: TaskRecord, event: Document): TaskRecord {
  const [metric, variant] = [text(event, 'metric'), text(event, 'variant')];
  const all = below(task, 'last_metrics');
  const ofMetric = below(all, md5(metric));
  const { count } = below(ofMetric, md5(variant));
  const last = {
    metric,
    variant,
    value: event['value'],
    count: (typeof count === 'number' ? count : 0) + 1,
  };
  return {
    ...task,
    last_metrics: { ...all, [md5(metric)]: { ...ofMetric, [md5(variant)]: last } },
  };
}

function report(event: Document, server: Server): void {
  const known = server.state.task(text(event, 'task'));
  if (known === undefined) return;
  // Whatever is reported moves both.
  const now = timestamp(server.clock.now());
  let task: TaskRecord = { ...known, last_update: now, last_change: now };
  const { iter, metric, type } = event;
  if (type === 'log') {
    const lines =
      consoles.get(server.state) ?? new Map<string, { last: Document; total: number }>();
    consoles.set(server.state, lines);
    lines.set(task.id, { last: event, total: (lines.get(task.id)?.total ?? 0) + 1 });
  } else {
    if (type === 'training_stats_scalar') task = withScalar(task, event);
    if (typeof iter === 'number' && !(typeof metric === 'string' && NO_ITERATION.has(metric))) {
      const before = task['last_iteration'];
      task = { ...task, last_iteration: Math.max(typeof before === 'number' ? before : 0, iter) };
    }
  }
  server.state.putTask(task);
}

/**
 * What the SDK reports while a task runs: logs, metrics, models, machine statistics. Of it only the last iteration, the last value of each
 * scalar and the last line of the console are kept; the other calls are answered as the server answers them.
 */
export const reports: Service = {
  'events.add': {
    handle(call, server) {
      report(call.data, server);
      return { added: 1, errors: 0 };
    },
  },
  'events.add_batch': {
    handle(call, server) {
      if (call.batch === undefined) throw apiError('batch_contains_no_items');
      for (const event of call.batch) report(event, server);
      return { added: call.batch.length, errors: 0, errors_info: {} };
    },
  },
  'events.get_task_log': {
    handle(call, server) {
      const found = consoles.get(server.state)?.get(text(call.data, 'task'));
      const events = found === undefined ? [] : [found.last];
      return { events, returned: events.length, total: found?.total ?? 0 };
    },
  },
  'events.get_task_events': { handle: () => ({ events: [], returned: 0, total: 0 }) },
  'models.get_all': { handle: () => ({ models: [] }) },
  'models.get_all_ex': { handle: () => ({ models: [] }) },
  'organization.get_tags': { handle: () => ({ tags: [], system_tags: [] }) },
  'workers.get_all': { minVersion: '2.4', handle: () => ({ workers: [] }) },
  'workers.register': { minVersion: '2.4', handle: () => ({}) },
  'workers.unregister': { minVersion: '2.4', handle: () => ({}) },
  'workers.status_report': { minVersion: '2.4', handle: () => ({}) },
};
