/**
 * A decision in steps that are mostly answered from caches. It is written once, as a generator; `run` carries it through
 * at once while every step has its value, and only turns into a promise at the first step that has to wait.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** One step: `const value = yield* settle(cachedOrPromise)`. */
export function* settle<T>(value: T | Promise<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

export function run<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : finish(steps, first.value);
}

async function finish<T>(steps: Steps<T>, firstPending: Promise<unknown>): Promise<T> {
  let pending = firstPending;
  for (;;) {
    const next = steps.next(await pending);
    if (next.done === true) return next.value;
    pending = next.value;
  }
}
