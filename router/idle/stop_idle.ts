import type { ClearMl } from '../clearml/clearml.ts';
import { RouterError } from '../errors.ts';
import type { IdlePolicy } from '../settings/idle_policy.ts';
import type { Log, LogFields } from '../telemetry/log.ts';

export interface StopParts {
  readonly policy: Pick<IdlePolicy, 'dryRun'>;
  readonly routerName: string;
  readonly clearml: Pick<ClearMl, 'taskWork' | 'stopTask'>;
  readonly log: Log;
}

/** Of the audit line. */
export interface StopFields extends LogFields {
  readonly task: string;
  readonly idleSeconds: number;
}

/**
 * Has ClearML stop an idle task, and writes an audit line of each stop; with `dryRun` only the line. Rejects where it was not stopped, or
 * where nobody knows, which is said in a line of its own.
 */
export async function stopIdle(
  { policy, clearml, log, routerName }: StopParts,
  fields: StopFields,
): Promise<void> {
  if (policy.dryRun) {
    log.info({ event: 'idle_would_stop', ...fields }, 'A task would be stopped, but for dryRun');
    return;
  }
  const { task, idleSeconds } = fields;
  const reason = `idle for ${idleSeconds} s: neither used through the router "${routerName}" nor working`;
  try {
    await clearml.stopTask(task, reason);
  } catch (error) {
    // The answer may be lost of what was done, and a call that is sent again is refused for a task that was stopped by the first.
    const isStopped = await clearml.taskWork(task).then(
      (work) => work?.running !== true,
      () => undefined,
    );
    if (isStopped === undefined) {
      const message = error instanceof RouterError ? error.message : String(error);
      log.warn(
        { event: 'idle_stop_unanswered', ...fields, error: message },
        'ClearML did not answer whether an idle task was stopped',
      );
    }
    if (isStopped !== true) throw error;
  }
  log.info({ event: 'idle_stopped', ...fields }, 'A task was stopped since it was idle');
}
