interface Visit {
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Who has not come for so long has left; a page that loads itself anew comes every few seconds, to one of several replicas. */
const FORGOTTEN_AFTER_MS = 60_000;
/** Of more the oldest are forgotten: they wait anew. */
const MOST_VISITS = 4_096;

/** How long each visitor has been shown the page that waits, without a script that counts: by what this replica saw. */
export class Visits {
  /** The last seen stand last. */
  readonly #visits = new Map<string, Visit>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * The page is shown again, or for the first time.
   *
   * @returns milliseconds since the first time. With `longest` or more the visit is over, and the next one is a first one.
   */
  show(visitor: string, endpoint: string, longest: number): number {
    const key = JSON.stringify([visitor, endpoint]);
    const now = this.#now();
    this.#forget(now);
    const firstAt = this.#visits.get(key)?.firstAt ?? now;
    this.#visits.delete(key);
    if (now - firstAt < longest) this.#visits.set(key, { firstAt, lastAt: now });
    return now - firstAt;
  }

  #forget(now: number): void {
    for (const [key, { lastAt }] of this.#visits) {
      const stale = now - lastAt > FORGOTTEN_AFTER_MS;
      if (!stale && this.#visits.size < MOST_VISITS) return;
      this.#visits.delete(key);
    }
  }
}
