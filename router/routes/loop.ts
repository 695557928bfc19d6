/** Repeats one task for ever: at an interval while it succeeds, with growing pauses while it fails. */
export interface Loop {
  readonly start: () => void;
  /** Resolves when a turn that is under way has ended. */
  readonly stop: () => Promise<void>;
}

export interface LoopOptions {
  readonly turn: () => Promise<void>;
  readonly failed: (error: unknown) => void;
  readonly succeeded: () => void;
  /** Milliseconds from the beginning of one turn to that of the next. */
  readonly interval: number;
}

/** Longest pause after failures, unless the interval itself is longer. Milliseconds. */
const LONGEST_PAUSE = 5_000;

export function createLoop({ turn, failed, succeeded, interval }: LoopOptions): Loop {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let failures = 0;

  /** Jitter keeps several routers, and the replicas of one, from asking in step. It never makes the pause longer. */
  const pause = (took: number): number => {
    if (failures === 0) return Math.max(interval * (0.9 + Math.random() / 10) - took, 0);
    const longest = Math.max(LONGEST_PAUSE, interval);
    return Math.min(interval * 2 ** (failures - 1), longest) * (0.5 + Math.random() / 2);
  };

  const once = async (): Promise<void> => {
    const began = performance.now();
    try {
      await turn();
      failures = 0;
      succeeded();
    } catch (error) {
      failures += 1;
      failed(error);
    }
    if (!stopped) timer = setTimeout(begin, pause(performance.now() - began));
  };

  const begin = (): void => {
    running = once();
  };

  return {
    start: begin,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
