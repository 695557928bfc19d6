/** Writes that need no pause: an SDK that writes the whole dictionary undoes one now and then. */
const FREE = 5;
/** Pauses double from the first to the last. */
const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 600_000;
/** An answer that stood this long is taken as lasting. */
const LASTS_MS = 60_000;

interface Repeat {
  readonly wanted: string;
  readonly writes: number;
  readonly until: number;
  readonly standsSince: number | undefined;
}

/** Slows down answers that are written again and again and do not stand, whatever undoes them. */
export function createRepeatedWrites() {
  const repeats = new Map<string, Repeat>();
  const slowed = ({ writes }: Repeat): boolean => writes >= FREE;
  return {
    mayWrite: (taskId: string): boolean => (repeats.get(taskId)?.until ?? 0) <= performance.now(),
    /** @param wanted all that should stand in the task: what was not wanted before is no repetition. */
    written: (taskId: string, wanted: string): void => {
      const before = repeats.get(taskId);
      const lasted = performance.now() - (before?.standsSince ?? Infinity) > LASTS_MS;
      const writes = before?.wanted === wanted && !lasted ? before.writes + 1 : 1;
      const pause =
        writes < FREE ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (writes - FREE), LONGEST_PAUSE_MS);
      repeats.set(taskId, {
        wanted,
        writes,
        until: performance.now() + pause,
        standsSince: undefined,
      });
    },
    /** All answers of the task stand in this look. */
    stands: (taskId: string): void => {
      const repeat = repeats.get(taskId);
      if (repeat === undefined || repeat.standsSince !== undefined) return;
      repeats.set(taskId, { ...repeat, standsSince: performance.now() });
    },
    retain: (tasks: { readonly has: (id: string) => boolean }): void => {
      for (const id of repeats.keys()) if (!tasks.has(id)) repeats.delete(id);
    },
    /** What people may be told of a task whose answers do not last. */
    reason: (taskId: string): string | undefined => {
      const repeat = repeats.get(taskId);
      return repeat === undefined || repeat.standsSince !== undefined || !slowed(repeat)
        ? undefined
        : 'the answer of this router was written into the task again and again, and did not stay there; it is tried again after growing pauses';
    },
    problems: (): readonly string[] => {
      const slow = [...repeats].filter(([, repeat]) => slowed(repeat));
      const [first] = slow;
      return first === undefined
        ? []
        : [
            `answers were written again and again and did not stay in ${slow.length} tasks, such as ${first[0]}: the task itself, somebody else, or a router with another ROUTER_SECRET undoes them, or the server stores them under other names; they are tried again after growing pauses`,
          ];
    },
  };
}
