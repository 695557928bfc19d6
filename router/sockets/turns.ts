/** Those who have done their share of work, in the order in which they go on. */
let waiting: (() => void)[] = [];
/** The first of them that still waits. */
let at = 0;
/** So many that have gone on stand before it until they are cut off: under load the row never becomes empty by itself. */
const MOST_GONE = 64;

function next(): void {
  const goOn = waiting[at++];
  if (at === waiting.length || at === MOST_GONE) {
    waiting = waiting.slice(at);
    at = 0;
  }
  if (waiting.length > 0) setImmediate(next);
  goOn?.();
}

/**
 * Lets everybody else have their turn of the event loop before `goOn` is called. Of those who ask for it one goes on in each
 * turn, so that a turn takes no longer the more of them there are (A59).
 */
export function afterOthers(goOn: () => void): void {
  if (waiting.push(goOn) === 1) setImmediate(next);
}
