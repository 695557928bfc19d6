import { EventEmitter, once } from 'node:events';

/** One answered (or swallowed) call. Holds no token, key or body. */
export interface LoggedCall {
  /** `tasks.get_all_ex`; empty where the path named none. */
  readonly call: string;
  /** Version that the path asked for, or the server's own. */
  readonly version: string;
  /** The caller's user id; undefined where nobody was authenticated. */
  readonly user: string | undefined;
  /** HTTP status; 0 where no answer was given. */
  readonly status: number;
  readonly subcode: number;
  /** Name of the fault that met the call. */
  readonly fault: string | undefined;
  /** Machine's time, milliseconds since the epoch. */
  readonly at: number;
  /** How long it took, milliseconds. */
  readonly duration: number;
}

export interface CallFilter {
  readonly call?: string;
  readonly user?: string;
  readonly status?: number;
}

/** Which calls came in, for tests that count them. The oldest are dropped beyond 100,000. */
export class AccessLog {
  #entries: LoggedCall[] = [];
  readonly #added = new EventEmitter<{ call: [LoggedCall] }>().setMaxListeners(0);

  add(entry: LoggedCall): void {
    this.#entries.push(entry);
    if (this.#entries.length > 110_000) this.#entries = this.#entries.slice(-100_000);
    this.#added.emit('call', entry);
  }

  entries(filter: CallFilter = {}): readonly LoggedCall[] {
    return this.#entries.filter((entry) => matches(entry, filter));
  }

  count(filter: CallFilter = {}): number {
    return this.entries(filter).length;
  }

  clear(): void {
    this.#entries = [];
  }

  /** The next call that matches; rejects when the signal aborts. Calls of the past do not count. */
  async next(filter: CallFilter = {}, signal: AbortSignal = AbortSignal.timeout(10_000)) {
    for (;;) {
      const [entry] = (await once(this.#added, 'call', { signal })) as [LoggedCall];
      if (matches(entry, filter)) return entry;
    }
  }
}

function matches(entry: LoggedCall, filter: CallFilter): boolean {
  return (
    (filter.call === undefined || entry.call === filter.call) &&
    (filter.user === undefined || entry.user === filter.user) &&
    (filter.status === undefined || entry.status === filter.status)
  );
}
