import type { TaskWork } from '../../../router/clearml/task_work.ts';
import { isListed, periodOf } from '../../../router/idle/listed.ts';
import { distanceText, lengthText } from '../../../router/pages/in_words.ts';
import type { IdlePolicy } from '../../../router/settings/idle_policy.ts';
import type { RoutedTask } from './routed_tasks.ts';

/** What is known beside the router's list. Times are milliseconds since the epoch. */
export interface Known {
  readonly now: number;
  /** `router.idle` of the stack. */
  readonly policy: IdlePolicy | undefined;
  /** Whether every replica told what it saw. */
  readonly allSeen: boolean;
  /** Since when replicas have seen what is used; undefined where they do not say. */
  readonly seenSince: number | undefined;
  readonly queueName: (id: string) => string | undefined;
  /** `router_idle_stop` of a task. */
  readonly wishOf: (taskId: string) => string | undefined;
  /** What ClearML knows of a task's work; null for one that is there no more, undefined for one that was not asked about. */
  readonly workOf: (taskId: string) => TaskWork | null | undefined;
}

/** One task as the table has it. */
export interface Row {
  readonly task: RoutedTask;
  readonly queue: string | undefined;
  /** How long it was neither used nor, where the router counts it, working; undefined where that is not known. Milliseconds. */
  readonly idle: number | undefined;
  readonly work: TaskWork | null | undefined;
  readonly listed: boolean;
  /** After how long the policy stops it; undefined where it does not list it. Milliseconds. */
  readonly period: number | undefined;
  /** Whether it would be stopped now, as far as that is known. */
  readonly now: boolean;
  /** The same, and when it would be, in words. */
  readonly stops: string;
}

type Verdict = Pick<Row, 'now' | 'stops'>;

export function rowOf(task: RoutedTask, known: Known): Row {
  const { policy, now } = known;
  const queue = task.queue === null ? undefined : known.queueName(task.queue);
  const named = {
    queueId: task.queue ?? undefined,
    projectName: task.project ?? undefined,
    type: task.type,
  };
  const listed = policy !== undefined && isListed(policy, named, queue);
  const period = listed ? periodOf(policy, known.wishOf(task.id)).after : undefined;
  const since = idleSince(task, known);
  const idle = since === undefined ? undefined : Math.max(0, now - since);
  const work = known.workOf(task.id);
  const row = { task, queue, idle, work, listed, period };
  return { ...row, ...verdictOf(row, known) };
}

/** By the router's own count where there is one; else by use alone. */
function idleSince(
  { counted, startedAt, usedAt }: RoutedTask,
  { allSeen, seenSince }: Known,
): number | undefined {
  if (!allSeen) return undefined;
  if (counted !== undefined) return counted.since;
  if (usedAt !== undefined) return usedAt;
  // What was before the replicas began stands in the task, but for the first minutes.
  if (seenSince === undefined) return undefined;
  return startedAt === null ? seenSince : Math.max(Date.parse(startedAt), seenSince);
}

const not = (stops: string): Verdict => ({ now: false, stops });

function verdictOf(
  { idle, listed, period, task, work }: Omit<Row, keyof Verdict>,
  { now, policy }: Known,
): Verdict {
  const stopsAt = task.counted?.stopsAt;
  // What is in force counts, whatever the stack says by now.
  if (stopsAt !== undefined) {
    return { now: stopsAt <= now, stops: stopsAt <= now ? 'now' : distanceText(stopsAt - now) };
  }
  if (policy === undefined) return not('no policy');
  if (!listed || period === undefined) return not('not listed');
  if (!task.isOpen) return not('no: no way into it is open');
  if (work === null || work?.running === false) return not('no: it has ended, or is being stopped');
  if (idle === undefined) return not('unknown');
  const left = period - idle;
  if (task.counted !== undefined) return unpromised(left, policy);
  if (left > 0) return not(`${distanceText(left)} at the earliest`);
  return ofWork(work, period, now);
}

/** The router counts it and names no time: by `dryRun`, or since it does not know all that it has to. It has asked for its work. */
function unpromised(left: number, { dryRun }: IdlePolicy): Verdict {
  const when = left > 0 ? distanceText(left) : 'now';
  if (!dryRun) return not(`${when}, not promised by the router in force`);
  return { now: left <= 0, stops: `${when}, but for dryRun` };
}

/** It is used by nobody for long enough: whether it works is what remains. */
function ofWork(work: TaskWork | undefined, period: number, now: number): Verdict {
  if (work === undefined) return { now: true, stops: 'now, unless it works: not asked' };
  const { lineAt, updatedAt, jupyterToken } = work;
  if (lineAt !== undefined && now - lineAt < period) {
    return not(`no: a line of its console ${distanceText(Math.min(0, lineAt - now))}`);
  }
  const quiet = updatedAt === undefined ? NaN : now - updatedAt;
  if (!(quiet >= period)) return { now: true, stops: 'now, unless it works' };
  if (jupyterToken !== undefined) return { now: true, stops: 'now, unless its Jupyter works' };
  return { now: true, stops: 'now' };
}

/** How long it has been idle, in words. */
export function idleText({ idle }: Row): string {
  return idle === undefined ? 'unknown' : lengthText(idle);
}
