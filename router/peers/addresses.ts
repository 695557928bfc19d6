import dns from 'node:dns/promises';

/** Gives the addresses of a name; rejects where there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** What was found; `problem` is the end of a sentence on why that may not be all. */
export interface Found {
  readonly addresses: readonly string[];
  readonly problem: string | undefined;
}

/** More replicas than one router runs as. */
const MOST_ADDRESSES = 64;
/** The resolver of the system may take much longer where no server of DNS answers. */
const DEADLINE_MS = 5_000;

/** By the resolver of the system, which knows the search domains of the pod. */
const resolveBySystem: Resolve = async (host) =>
  (await dns.lookup(host, { all: true })).map(({ address }) => address);

/** Looks up a name again and again: one question at a time, however slow. */
export class Addresses {
  readonly #host: string;
  readonly #resolve: Resolve;
  readonly #deadline: number;
  #asking: Promise<readonly string[]> | undefined;
  #last: readonly string[] = [];

  constructor(host: string, resolve: Resolve = resolveBySystem, deadline: number = DEADLINE_MS) {
    this.#host = host;
    this.#resolve = resolve;
    this.#deadline = deadline;
  }

  /** Those found before, with the problem, where they cannot be looked up now. */
  async find(): Promise<Found> {
    this.#asking ??= this.#resolve(this.#host).finally(() => {
      this.#asking = undefined;
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`no answer within ${this.#deadline / 1000} s`)),
      this.#deadline,
    );
    try {
      const all = [...new Set(await Promise.race([this.#asking, late.promise]))].toSorted();
      this.#last = all.slice(0, MOST_ADDRESSES);
      const more = all.length > MOST_ADDRESSES;
      return {
        addresses: this.#last,
        problem: more ? `${this.#host} has more than ${MOST_ADDRESSES} addresses` : undefined,
      };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return {
        addresses: this.#last,
        problem: `${this.#host} cannot be looked up: ${code ?? message}`,
      };
    } finally {
      clearTimeout(timer);
    }
  }
}
