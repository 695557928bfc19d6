/** What is repeated for ever. */
export interface Loop {
  readonly start: () => void;
  /** Resolves when a turn that is under way has ended. */
  readonly stop: () => Promise<void>;
}

export interface LoopOptions {
  readonly turn: () => Promise<void>;
  /** @param again the turn before failed in the same words. */
  readonly failed: (error: unknown, again: boolean) => void;
  readonly succeeded?: () => void;
  /** Milliseconds from the beginning of one turn to that of the next; 0 for the next one at once. */
  readonly interval: number;
  /** Milliseconds after the first failure, and after many; between them they double. `interval` and 5 s at least unless given. */
  readonly pauses?: { readonly first: number; readonly longest: number };
}

const LONGEST_PAUSE_MS = 5_000;

/** Repeats one task for ever: at an interval while it succeeds, with growing pauses while it fails. */
export function createLoop({ turn, failed, succeeded, interval, pauses }: LoopOptions): Loop {
  const { first, longest } = pauses ?? {
    first: interval,
    longest: Math.max(LONGEST_PAUSE_MS, interval),
  };
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let failures = 0;
  let lastMessage: string | undefined;

  /** Jitter keeps several routers, and the replicas of one, from asking in step. It never makes the pause longer. */
  const pause = (took: number): number => {
    if (failures === 0) return Math.max(interval * (0.9 + Math.random() / 10) - took, 0);
    return Math.min(first * 2 ** (failures - 1), longest) * (0.5 + Math.random() / 2);
  };

  const once = async (): Promise<void> => {
    const began = performance.now();
    try {
      await turn();
      failures = 0;
      lastMessage = undefined;
      succeeded?.();
    } catch (error) {
      failures += 1;
      const message = error instanceof Error ? error.message : String(error);
      const again = message === lastMessage;
      lastMessage = message;
      failed(error, again);
    }
    if (!stopped) timer = setTimeout(begin, pause(performance.now() - began));
  };

  const begin = (): void => {
    running = once();
  };

  return {
    start: begin,
    /** Resolves when a turn that is under way has ended. */
    stop: async (): Promise<void> => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
