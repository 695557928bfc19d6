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
  readonly #nameOf: (who: string) => string;

  /**
   * @param most how much each may have open; 0 counts nothing.
   * @param nameOf what one is counted by; by itself unless given.
   */
  constructor(most: number, nameOf: (who: string) => string = (who) => who) {
    this.#most = most;
    this.#nameOf = nameOf;
  }

  /** Counts one more, to be taken back by `leave`; undefined when there is no room. */
  enter(who: string | undefined): Load | undefined {
    if (this.#most === 0 || who === undefined) return UNCOUNTED;
    const name = this.#nameOf(who);
    let load = this.#loads.get(name);
    if (load === undefined) {
      load = { open: 0 };
      this.#loads.set(name, load);
    }
    if (load.open >= this.#most) return undefined;
    load.open += 1;
    return load;
  }

  /** How much somebody has open. */
  openOf(who: string): number {
    return this.#loads.get(this.#nameOf(who))?.open ?? 0;
  }

  /** Forgets those who have nothing open. */
  sweep(): void {
    for (const [who, { open }] of this.#loads) if (open === 0) this.#loads.delete(who);
  }
}
