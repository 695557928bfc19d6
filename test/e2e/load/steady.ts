/** Something that went wrong, and when it had begun. Milliseconds since the epoch. */
export interface Failure {
  readonly at: number;
  readonly error: string;
}

export interface SteadyReport {
  /** How many were begun and have ended, well or not. */
  readonly done: number;
  readonly failures: readonly Failure[];
  /** The longest time that one took, in milliseconds. */
  readonly slowest: number;
}

export interface Steady {
  readonly report: () => SteadyReport;
  /** Begins no further one, and waits for those under way. */
  readonly stop: () => Promise<void>;
}

/** Does something again and again, `perSecond` times, whether the ones before have ended or not; 0: never. */
export function startSteady(perSecond: number, perform: (index: number) => Promise<void>): Steady {
  const failures: Failure[] = [];
  const underWay = new Set<Promise<void>>();
  let begun = 0;
  let done = 0;
  let slowest = 0;
  const one = async (): Promise<void> => {
    const at = Date.now();
    try {
      await perform(begun++);
    } catch (error) {
      failures.push({ at, error: wordsOf(error) });
    } finally {
      done += 1;
      slowest = Math.max(slowest, Date.now() - at);
    }
  };
  const begin = (): void => {
    const running = one().finally(() => underWay.delete(running));
    underWay.add(running);
  };
  const timer = perSecond === 0 ? undefined : setInterval(begin, 1_000 / perSecond);
  return {
    report: () => ({ done, failures: [...failures], slowest }),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

/** An error in its own words, its cause with it: undici and Node hide what happened to a socket there. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? `${String(error.code)} ` : '';
  const cause = error.cause === undefined ? '' : `, by ${wordsOf(error.cause)}`;
  return `${code}${error.message}${cause}`;
}
