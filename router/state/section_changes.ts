import { RouterError } from '../errors.ts';

/** A change that waits to be written, and whoever waits for it. */
interface Waiting<T> {
  readonly change: (now: T) => T | undefined;
  readonly resolve: (stands: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Each costs time in which nothing else runs: as many as one write carries. */
const MOST_AT_ONCE = 16;

/** Changes of one section, written together as far as they come at one time. */
export class SectionChanges<T> {
  readonly #name: string;
  readonly #mostBytes: number;
  readonly #waiting: Waiting<T>[] = [];

  constructor({ name, mostBytes }: { readonly name: string; readonly mostBytes: number }) {
    this.#name = name;
    this.#mostBytes = mostBytes;
  }

  /** @param due called where nothing else waits. */
  add(change: Waiting<T>['change'], due: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject });
      if (this.#waiting.length === 1) due();
    });
  }

  /** The first of those that wait, as many as one write carries; they wait no longer. `due` is called where others still do. */
  take(due: () => void): readonly Waiting<T>[] {
    const taken = this.#waiting.splice(0, MOST_AT_ONCE);
    if (this.#waiting.length > 0) due();
    return taken;
  }

  /**
   * Makes changes one after the other. `text` is what is to be written, undefined where none of them changes anything; `settle` tells
   * each of them how it went, once that is written.
   */
  apply(changes: readonly Waiting<T>[], stands: string | undefined, now: T) {
    let next = now;
    let text: string | undefined;
    const settled = changes.map(({ change, resolve, reject }) => {
      try {
        const made = change(next);
        if (made === undefined) {
          const unchanged = next;
          return () => resolve(unchanged);
        }
        const json = JSON.stringify(made);
        // What is too much may always become less: a bound that was lowered must not keep records from being taken away.
        if (
          Buffer.byteLength(json) > this.#mostBytes &&
          json.length >= (text ?? stands ?? '').length
        ) {
          throw new RouterError(
            'STATE_FULL',
            `${this.#name} would hold more than ${this.#mostBytes} bytes`,
          );
        }
        next = made;
        text = json;
        return () => resolve(made);
      } catch (error) {
        return () => reject(error);
      }
    });
    return {
      text,
      settle: (): void => {
        for (const tell of settled) tell();
      },
    };
  }
}
