import { apiError } from '../api_error.ts';
import type { Service } from '../call.ts';

/**
 * What the SDK reports while a task runs: logs, metrics, models, machine statistics. The router uses none of it, so
 * these calls are answered as the server answers them, and nothing is kept.
 */
export const reports: Service = {
  'events.add': { handle: () => ({ added: 1, errors: 0 }) },
  'events.add_batch': {
    handle(call) {
      if (call.batch === undefined) throw apiError('batch_contains_no_items');
      return { added: call.batch.length, errors: 0, errors_info: {} };
    },
  },
  'events.get_task_log': { handle: () => ({ events: [], returned: 0, total: 0 }) },
  'events.get_task_events': { handle: () => ({ events: [], returned: 0, total: 0 }) },
  'models.get_all': { handle: () => ({ models: [] }) },
  'models.get_all_ex': { handle: () => ({ models: [] }) },
  'organization.get_tags': { handle: () => ({ tags: [], system_tags: [] }) },
  'workers.get_all': { minVersion: '2.4', handle: () => ({ workers: [] }) },
  'workers.register': { minVersion: '2.4', handle: () => ({}) },
  'workers.unregister': { minVersion: '2.4', handle: () => ({}) },
  'workers.status_report': { minVersion: '2.4', handle: () => ({}) },
};
