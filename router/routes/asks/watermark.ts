interface Mark {
  readonly newest: number;
  readonly seenAt: number;
}

/**
 * From which moment on a look must ask for changes, in the server's own time. A server stamps a change before it can be read, and
 * the clocks of several API servers differ: a stamp is left behind only after a look that began `overlap` milliseconds after it was
 * first seen.
 */
export function createWatermark(overlap: number) {
  /** Oldest first, each newer than the one before. */
  let marks: Mark[] = [];
  /** The newest stamp that was left behind. */
  let left: number | undefined;
  return {
    /** Milliseconds since the epoch; undefined while nothing is known. */
    since: (): number | undefined => {
      const first = marks[0];
      if (left !== undefined) return left + 1;
      return first === undefined ? undefined : first.newest - overlap;
    },
    /** Notes a look: the newest change that it saw, if any, and when it began by the monotonic clock. */
    note: (newest: number | undefined, lookedAt: number): void => {
      const last = marks.at(-1)?.newest ?? left ?? -Infinity;
      if (newest !== undefined && newest > last) marks.push({ newest, seenAt: lookedAt });
      while (marks[0] !== undefined && marks[0].seenAt + overlap <= lookedAt) {
        left = marks.shift()?.newest;
      }
    },
    reset: (): void => {
      marks = [];
      left = undefined;
    },
  };
}
