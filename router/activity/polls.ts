/** How many paths are remembered of one endpoint: so many sets of so many. An open tab polls a handful. */
const SETS = 16;
const WAYS = 4;
/** A path that did not come for so long is new again. */
const FORGET_AFTER_SECONDS = 3_600;
/** From this time on that a path comes, it comes again and again. */
const POLLED_FROM = 3;

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const QUESTION_MARK = 0x3f;

/** FNV-1a. Digits of the query are left out: many pages add the time there, so that nothing is answered from a cache. */
function hashOf(path: string): number {
  let hash = 0x81_1c_9d_c5;
  let inQuery = false;
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    if (inQuery && code >= DIGIT_0 && code <= DIGIT_9) continue;
    inQuery ||= code === QUESTION_MARK;
    hash = Math.imul(hash ^ code, 0x01_00_01_93);
  }
  return hash >>> 0;
}

/**
 * The paths that one endpoint was lately asked for, in half a kilobyte, to tell what comes again and again from what somebody asks
 * for. Two paths of one hash count as one, and what is pushed out by many others is new again.
 */
export class Polls {
  /** Of each place: the hash, and the second of the last time with the count in its two lowest bits. Zero: nothing stands there. */
  readonly #places = new Uint32Array(2 * SETS * WAYS);

  /**
   * Notes that the path is asked for. True when it comes again and again.
   *
   * @param now milliseconds, by a clock that does not jump.
   */
  comesAgain(path: string, now: number): boolean {
    const places = this.#places;
    const hash = hashOf(path);
    const second = Math.floor(now / 1000) + 1;
    const start = 2 * WAYS * (hash % SETS);
    let oldest = start;
    for (let at = start; at < start + 2 * WAYS; at += 2) {
      const last = (places[at + 1] ?? 0) >>> 2;
      if (places[at] === hash && last > 0) {
        const known = second - last > FORGET_AFTER_SECONDS ? 0 : (places[at + 1] ?? 0) & 3;
        const count = Math.min(known + 1, POLLED_FROM);
        places[at + 1] = (second << 2) | count;
        return count === POLLED_FROM;
      }
      if (last < (places[oldest + 1] ?? 0) >>> 2) oldest = at;
    }
    places[oldest] = hash;
    places[oldest + 1] = (second << 2) | 1;
    return false;
  }
}
