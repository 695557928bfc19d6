import type { ClearMl } from '../clearml/clearml.ts';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';

/** One task's answers that do not stand. */
export interface Edit {
  readonly taskId: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Writes answers, a few tasks at a time. Nothing is believed written: the next look says what stands. */
export interface AnswerWriter {
  /** Takes the edits that are needed now; those of the last call that have not begun are forgotten. */
  readonly write: (edits: readonly Edit[]) => void;
  /**
   * Whether an answer of this task may still be on its way to the server, or came there after `moment`: what a look that began
   * then says of the task is too old to be corrected.
   */
  readonly unsettledSince: (taskId: string, moment: number) => boolean;
  /** Forgets what was refused for tasks that are no longer there: a task that ended refuses the answer that was on its way. */
  readonly retain: (tasks: { readonly has: (taskId: string) => boolean }) => void;
  readonly problems: () => readonly string[];
  /** Resolves when nothing is under way. */
  readonly stop: () => Promise<void>;
}

export interface AnswerWriterOptions {
  readonly clearml: Pick<ClearMl, 'writeRuntime'>;
  readonly log: Log;
  /** Asked before each write. */
  readonly mayWrite: () => boolean;
  /** Called after each write that the server accepted. */
  readonly written: (edit: Edit) => void;
  readonly now?: () => number;
}

const AT_ONCE = 8;
/** What ClearML refuses for one task (its rights, its state) is tried again after this time. Milliseconds. */
const REFUSED_PAUSE = 30_000;
/** A failure that goes on is told again after this time. Milliseconds. */
const TELL_AGAIN = 60_000;
/** Settled writes are remembered longer than any look takes. Milliseconds. */
const REMEMBER = 60_000;

export function createAnswerWriter(options: AnswerWriterOptions): AnswerWriter {
  const { clearml, log, now = () => performance.now() } = options;
  let queue: readonly Edit[] = [];
  let begun = 0;
  const refused = new Map<string, { readonly until: number; readonly why: string }>();
  let told = { message: '', until: 0 };
  const underWay = new Map<string, Promise<void>>();
  const settledAt = new Map<string, number>();

  /** One server that fails fails for thousands of tasks alike: it is told once in a while. */
  const fail = ({ taskId }: Edit, error: Error): void => {
    if (error instanceof RouterError && error.code === 'CLEARML_REFUSED') {
      refused.set(taskId, { until: now() + REFUSED_PAUSE, why: error.message });
    }
    if (error.message === told.message && now() < told.until) return;
    told = { message: error.message, until: now() + TELL_AGAIN };
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
      settledAt.set(next.taskId, now());
      pump();
    }
  };

  const pump = (): void => {
    while (options.mayWrite() && underWay.size < AT_ONCE) {
      const next = queue[begun];
      if (next === undefined) return;
      begun += 1;
      underWay.set(next.taskId, run(next));
    }
  };

  return {
    write: (edits) => {
      for (const [taskId, moment] of settledAt) {
        if (moment >= now() - REMEMBER) break;
        settledAt.delete(taskId);
      }
      // A task that was tried again is here again by now; one that is not has ended, or its answers stand.
      for (const [id, { until }] of refused) {
        if (until + REFUSED_PAUSE < now()) refused.delete(id);
      }
      queue = edits.filter(
        ({ taskId }) => !underWay.has(taskId) && !((refused.get(taskId)?.until ?? 0) > now()),
      );
      begun = 0;
      pump();
    },
    unsettledSince: (taskId, moment) =>
      underWay.has(taskId) || (settledAt.get(taskId) ?? -Infinity) >= moment,
    retain: (tasks) => {
      for (const id of refused.keys()) if (!tasks.has(id)) refused.delete(id);
    },
    problems: () => {
      const [first] = refused;
      if (first === undefined) return [];
      const [taskId, { why }] = first;
      return [
        `ClearML refuses the answers of ${refused.size} tasks, such as ${taskId}: ${why}; check the rights of the router's user`,
      ];
    },
    stop: async () => {
      queue = [];
      await Promise.all(underWay.values());
    },
  };
}
