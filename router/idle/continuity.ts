/** Whether all that was seen is known. `broken`: now it is, and some of what was seen since the last look never will be. */
export type Sightline = 'whole' | 'broken' | 'unknown';

/** A process that stood still for longer knows nothing of what the others saw meanwhile. */
const LONGEST_STILL_MS = 60_000;

/** Follows whether a use could have been missed: by a replica that is silent, by one that is gone, or by a process that stood still. */
export class Continuity {
  readonly #others: () => ReadonlySet<string> | undefined;
  readonly #now: () => number;
  #known: ReadonlySet<string> | undefined;
  #aliveAt: number | undefined;
  #stood = false;

  /** @param others the other replicas that told what they saw; undefined while one may be there that did not. */
  constructor(others: () => ReadonlySet<string> | undefined, now: () => number) {
    this.#others = others;
    this.#now = now;
  }

  /** The process works; called before and after all that takes time. */
  alive(): void {
    const now = this.#now();
    this.#stood ||= this.#aliveAt !== undefined && now - this.#aliveAt > LONGEST_STILL_MS;
    this.#aliveAt = now;
  }

  look(): Sightline {
    this.alive();
    const others = this.#others();
    if (others === undefined) return 'unknown';
    // What one saw last that is gone nobody knows.
    const isGone = [...(this.#known ?? [])].some((one) => !others.has(one));
    const broken = this.#stood || isGone;
    this.#known = others;
    this.#stood = false;
    return broken ? 'broken' : 'whole';
  }
}
