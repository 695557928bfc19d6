/**
 * Reads with one call for all who ask while another call is under way: the next one, which begins after they have asked, so that
 * nobody is given what was there before. However many ask, there is one call at a time.
 */
export function createFreshReads<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;

  const begin = (): Promise<T> => {
    const begun = read();
    running = begun;
    const ended = (): void => {
      if (running === begun) running = undefined;
    };
    begun.then(ended, ended);
    return begun;
  };
  return () => {
    if (running === undefined) return begin();
    const goOn = (): Promise<T> => {
      next = undefined;
      return begin();
    };
    next ??= running.then(goOn, goOn);
    return next;
  };
}
