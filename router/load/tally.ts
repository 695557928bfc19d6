/** How much one of many (a user, a task, an address) has open at the moment. */
export interface Load {
  open: number;
}

/** What is counted for nobody: the limit is off, or who it is cannot be said. */
export const UNCOUNTED: Load = { open: 0 };

/** Takes back what `enter` counted. */
export function leave(load: Load): void {
  if (load !== UNCOUNTED) load.open -= 1;
}

/**
 * Counts what each of many has open, and says when one has all that is allowed. Counters that are at zero stay until the next
 * sweep, so that a busy user costs one look-up per request and the map does not churn.
 */
export class Tally {
  readonly #loads = new Map<string, Load>();
  readonly #most: number;

  /** @param most how much each may have open; 0 counts nothing. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts one more, to be taken back by `leave`; undefined when there is no room. */
  enter(who: string | undefined): Load | undefined {
    if (this.#most === 0 || who === undefined) return UNCOUNTED;
    let load = this.#loads.get(who);
    if (load === undefined) {
      load = { open: 0 };
      this.#loads.set(who, load);
    }
    if (load.open >= this.#most) return undefined;
    load.open += 1;
    return load;
  }

  /** Forgets those who have nothing open. */
  sweep(): void {
    for (const [who, { open }] of this.#loads) if (open === 0) this.#loads.delete(who);
  }

  /** How many are remembered. */
  get size(): number {
    return this.#loads.size;
  }
}
