/**
 * How long one task has been idle. Times are milliseconds by a clock of this process that does not jump: no other clock is held against
 * it, so that none that jumps stops anything early.
 */
export interface Count {
  /** No use is known after it. */
  readonly quietSince: number;
  /** Names the last use as it was told, by clocks of anybody: only that another is told says anything. */
  readonly lastUse: string;
  /** What the task had reported when its work was first asked for in this quiet time. */
  readonly baseline: { readonly at: number; readonly print: string } | undefined;
}

/** After how long without a use a task is asked for its work: one that is used all the time is not. */
const SETTLE_MS = 300_000;

/** Times in milliseconds. */
export interface Period {
  readonly after: number;
  /** How long before the end it is told. */
  readonly warning: number;
}

/** What is to be done now. `ask`: its work is to be asked for; `stop`: the same, and it is stopped if it did nothing. */
export type Step = 'nothing' | 'ask' | 'warn' | 'stop';

/** A task that is seen for the first time, or of which a use could have been missed: its time begins. */
export function begin(now: number, lastUse: string): Count {
  return { quietSince: now, lastUse, baseline: undefined };
}

/** Takes in when the task was used last, as all replicas know it. */
export function seen(count: Count, now: number, lastUse: string): Count {
  return lastUse === count.lastUse ? count : begin(now, lastUse);
}

/** Takes in what the task had reported by now. @param busy it says of itself that it works. */
export function worked(count: Count, now: number, print: string, busy: boolean): Count {
  const { lastUse, baseline } = count;
  if (busy) return begin(now, lastUse);
  if (baseline?.print === print) return count;
  // The first answer says nothing of before; another than before says that it worked meanwhile.
  const quietSince = baseline === undefined ? count.quietSince : now;
  return { quietSince, lastUse, baseline: { at: now, print } };
}

/** Since when it is known that the task was neither used nor worked; undefined before its work was asked for. */
export function idleSince({ quietSince, baseline }: Count): number | undefined {
  return baseline === undefined ? undefined : Math.max(quietSince, baseline.at);
}

export function nextStep(count: Count, now: number, { after, warning }: Period): Step {
  const since = idleSince(count);
  if (since === undefined) return now - count.quietSince >= SETTLE_MS ? 'ask' : 'nothing';
  const idle = now - since;
  if (idle >= after) return 'stop';
  return idle >= after - warning ? 'warn' : 'nothing';
}
