import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { UseStamper } from '../asks/use_stamp.ts';
import type { RoutedTask } from '../table/assembly.ts';

/** What the last use of tasks is read off. Times are milliseconds since the epoch, 0 for never or unknown. */
export interface LastUseParts {
  readonly stamper: UseStamper;
  /** What stands in the task, as it was written; undefined for nothing. */
  readonly standing: (taskId: string) => string | undefined;
  /** When an endpoint was used last, as far as the replicas that run know. */
  readonly seen: (id: EndpointId) => number;
  /** Milliseconds since the epoch; tests replace it, and the next one. */
  readonly now?: () => number;
  /** Milliseconds, by a clock that does not jump. */
  readonly monotonic?: () => number;
}

/** A task's last use is written at most this often. */
export const WRITE_EVERY_MS = 300_000;
/** Between two looks for what is to be written: no request is slower for it, but each task is asked about. */
const LOOK_EVERY_MS = 10_000;
/** What the clocks of two replicas may differ by. */
const CLOCK_TOLERANCE_MS = 60_000;

/** The last use of each task: what stands in it, which survives replicas, and what is newer and to be written. */
export function createLastUse(parts: LastUseParts) {
  const { stamper, standing, seen, now = Date.now } = parts;
  const monotonic = parts.monotonic ?? (() => performance.now());
  const read = new Map<string, { readonly text: string; readonly usedAt: number }>();
  const writtenAt = new Map<string, number>();
  let lookedAt = -Infinity;

  const stamped = (taskId: string): number => {
    const text = standing(taskId);
    if (text === undefined) return 0;
    const known = read.get(taskId);
    let usedAt = known?.text === text ? known.usedAt : undefined;
    if (usedAt === undefined) {
      usedAt = stamper.read(taskId, text) ?? 0;
      read.set(taskId, { text, usedAt });
    }
    // What a clock says that went ahead is no knowledge.
    return usedAt > now() + CLOCK_TOLERANCE_MS ? 0 : Math.min(usedAt, now());
  };

  const valueDue = (taskId: string, { endpoints }: RoutedTask): string | undefined => {
    let usedAt = 0;
    for (const { id } of endpoints) usedAt = Math.max(usedAt, seen(id));
    if (usedAt === 0) return undefined;
    const before = stamped(taskId);
    if (usedAt <= before || now() - before < WRITE_EVERY_MS) return undefined;
    if (monotonic() - (writtenAt.get(taskId) ?? -Infinity) < WRITE_EVERY_MS) return undefined;
    return stamper.write(taskId, usedAt);
  };

  return {
    /** By what stands in the task. */
    stamped,
    /** The values that are to be written, by task; nothing most of the times. */
    due: (tasks: ReadonlyMap<string, RoutedTask>): ReadonlyMap<string, string> => {
      const due = new Map<string, string>();
      if (monotonic() - lookedAt < LOOK_EVERY_MS) return due;
      lookedAt = monotonic();
      for (const [taskId, task] of tasks) {
        const value = valueDue(taskId, task);
        if (value !== undefined) due.set(taskId, value);
      }
      return due;
    },
    /** A value was accepted by the server. Whatever becomes of it there, the next one waits. */
    written: (taskId: string): void => {
      writtenAt.set(taskId, monotonic());
    },
    /** Forgets tasks that are not routed any more. */
    retain: (tasks: { readonly has: (taskId: string) => boolean }): void => {
      for (const known of [read, writtenAt]) {
        for (const id of known.keys()) if (!tasks.has(id)) known.delete(id);
      }
    },
  };
}

export type LastUse = ReturnType<typeof createLastUse>;
