import type { ClearMl } from '../../clearml/clearml.ts';
import { RouterError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';

/** One task's answers that do not stand. */
export interface Edit {
  readonly taskId: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface EditQueueOptions {
  readonly clearml: Pick<ClearMl, 'writeRuntime'>;
  readonly log: Log;
  /** Asked before each write. */
  readonly mayWrite: () => boolean;
  /** Called after each write that the server accepted. */
  readonly written: (edit: Edit) => void;
}

interface Refusal {
  readonly until: number;
  readonly pause: number;
  readonly why: string;
}

const AT_ONCE = 8;
/** What ClearML refuses for one task (its rights, its state) is tried again after pauses that grow from the first to the last. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 600_000;
/** A failure that goes on is told again after this time. */
const TELL_AGAIN_MS = 60_000;
/** Settled writes are remembered longer than any look takes. */
const REMEMBER_MS = 60_000;

/** Writes answers, a few tasks at a time. Nothing is believed written: the next look says what stands. */
export function createEditQueue(options: EditQueueOptions) {
  const { clearml, log } = options;
  let waiting: readonly Edit[] = [];
  let begun = 0;
  const refused = new Map<string, Refusal>();
  let told = { message: '', until: 0 };
  const underWay = new Map<string, Promise<void>>();
  const settledAt = new Map<string, number>();

  /** One server that fails fails for thousands of tasks alike: it is told once in a while. */
  const fail = ({ taskId }: Edit, error: Error): void => {
    if (error instanceof RouterError && error.code === 'CLEARML_REFUSED') {
      const before = refused.get(taskId)?.pause;
      const pause = before === undefined ? FIRST_PAUSE_MS : Math.min(2 * before, LONGEST_PAUSE_MS);
      refused.set(taskId, { until: performance.now() + pause, pause, why: error.message });
    }
    if (error.message === told.message && performance.now() < told.until) return;
    told = { message: error.message, until: performance.now() + TELL_AGAIN_MS };
    log.warn(
      { event: 'answer_failed', task: taskId, error: error.message },
      'An answer could not be written; it is tried again',
    );
  };

  const run = async (next: Edit): Promise<void> => {
    try {
      await clearml.writeRuntime(next.taskId, next.values);
      options.written(next);
      log.debug(
        { event: 'answer_written', task: next.taskId, keys: Object.keys(next.values) },
        'Answer written',
      );
      refused.delete(next.taskId);
    } catch (error) {
      fail(next, error as Error);
    } finally {
      underWay.delete(next.taskId);
      settledAt.delete(next.taskId);
      settledAt.set(next.taskId, performance.now());
      pump();
    }
  };

  const pump = (): void => {
    while (options.mayWrite() && underWay.size < AT_ONCE) {
      const next = waiting[begun];
      if (next === undefined) return;
      begun += 1;
      underWay.set(next.taskId, run(next));
    }
  };

  return {
    /** Takes the edits that are needed now; those of the last call that have not begun are forgotten. */
    write: (edits: readonly Edit[]): void => {
      for (const [taskId, moment] of settledAt) {
        if (moment >= performance.now() - REMEMBER_MS) break;
        settledAt.delete(taskId);
      }
      // A task that was tried again is here again by now; one that is not has ended, or its answers stand.
      for (const [id, { until, pause }] of refused) {
        if (until + pause < performance.now()) refused.delete(id);
      }
      waiting = edits.filter(
        ({ taskId }) =>
          !underWay.has(taskId) && !((refused.get(taskId)?.until ?? 0) > performance.now()),
      );
      begun = 0;
      pump();
    },
    /**
     * Whether an answer of this task may still be on its way to the server, or came there after `moment`: what a look that began
     * then says of the task is too old to be corrected.
     */
    unsettledSince: (taskId: string, moment: number): boolean =>
      underWay.has(taskId) || (settledAt.get(taskId) ?? -Infinity) >= moment,
    /** Forgets what was refused for tasks that are no longer there: a task that ended refuses the answer that was on its way. */
    retain: (tasks: { readonly has: (taskId: string) => boolean }): void => {
      for (const id of refused.keys()) if (!tasks.has(id)) refused.delete(id);
    },
    /** Why ClearML refuses the answers of a task. */
    refusal: (taskId: string): string | undefined => refused.get(taskId)?.why,
    problems: (): readonly string[] => {
      const [first] = refused;
      if (first === undefined) return [];
      const [taskId, { why }] = first;
      return [
        `ClearML refuses the answers of ${refused.size} tasks, such as ${taskId}: ${why}; check the rights of the router's user`,
      ];
    },
    /** Resolves when nothing is under way. */
    stop: async (): Promise<void> => {
      waiting = [];
      await Promise.all(underWay.values());
    },
  };
}
