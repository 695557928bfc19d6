import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Call } from './own_task.ts';
import { time } from './task_row.ts';

const FIELDS = [
  'id',
  'status',
  'status_message',
  'last_iteration',
  'last_metrics',
  'last_update',
  'runtime',
] as const;

/** The server's word for a task whose agent was told to stop it, and has not yet. */
const STOPPING = 'stopping';

/** What the SDK's resource monitor reports of the machine, by itself: `:monitor:gpu`, `:monitor:machine`, and more where a task has many. */
const OF_THE_MACHINE = ':monitor:';

/** A task may write any number; this is the latest time that a Date knows. */
const LATEST_MS = 8.64e15;

const text = z.string().max(1_024).nullish().catch(undefined);

/** Of each scalar by hashes of its metric and its variant: the last value, and on servers from 2.0 on how many were reported. */
const lastMetrics = z.record(
  z.string(),
  z.record(z.string(), z.looseObject({ metric: z.string().optional() })),
);

const tasks = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      status_message: text,
      last_iteration: z.number().nullish().catch(undefined),
      // What cannot be read is not known, so that it must not be passed over as nothing.
      last_metrics: lastMetrics.nullish(),
      last_update: time,
      runtime: z.object({ _jupyter_token: text }).nullish().catch(undefined),
    }),
  ),
});

const lines = z.object({
  events: z.array(z.object({ timestamp: z.number().nullish().catch(undefined) })),
  total: z.number().nullish().catch(undefined),
});

/** What ClearML knows of whether a task works, at one moment. */
export interface TaskWork {
  /** It runs, and nobody has told its agent to stop it. */
  readonly running: boolean;
  /** Differs as soon as the task has reported an iteration, a scalar, or a line of its console. */
  readonly print: string;
  /** When its newest line was written, by a clock of the task's own: milliseconds since the epoch. */
  readonly lineAt: number | undefined;
  /** When anything was reported or changed, statistics of its machine and the router's edits included: the same, by the server's clock. */
  readonly updatedAt: number | undefined;
  /** Of the Jupyter in it, by its own word; a secret. */
  readonly jupyterToken: string | undefined;
}

/** A short text that differs as soon as a scalar was reported that is none of the machine. The server keeps 2000 of them. */
function printOfScalars(metrics: z.output<typeof lastMetrics> | null | undefined): string {
  const hash = createHash('sha256');
  for (const [metric, variants] of Object.entries(metrics ?? {})) {
    for (const [variant, last] of Object.entries(variants)) {
      if (last.metric?.startsWith(OF_THE_MACHINE) === true) continue;
      hash.update(JSON.stringify([metric, variant, last]));
    }
  }
  return hash.digest('base64url');
}

/** Asks what a task has reported. Statistics of its machine, and edits of the task, are no work. Undefined where there is no such task. */
export function createWorkReader(call: Call) {
  return async (taskId: string): Promise<TaskWork | undefined> => {
    const query = { id: [taskId], only_fields: FIELDS, page: 0, page_size: 1 };
    const found = (await call('tasks.get_all_ex', query, tasks)).tasks.find(
      ({ id }) => id === taskId,
    );
    if (found === undefined) return undefined;
    // The newest line; its time is the task's own, and is held against no clock.
    const log = await call('events.get_task_log', { task: taskId, batch_size: 1 }, lines);
    const at = log.events[0]?.timestamp ?? undefined;
    const { last_iteration: iteration, last_metrics: metrics } = found;
    return {
      running: found.status === 'in_progress' && found.status_message !== STOPPING,
      print: JSON.stringify([iteration, printOfScalars(metrics), log.total, at]),
      lineAt: at !== undefined && Math.abs(at) <= LATEST_MS ? at : undefined,
      updatedAt: found.last_update ?? undefined,
      jupyterToken: found.runtime?._jupyter_token ?? undefined,
    };
  };
}
