import { EventEmitter, once } from 'node:events';

/** What can go wrong on purpose. */
export type FaultKind =
  /** Takes the request and never answers, until the fault is cleared: then the connection is cut. */
  | { readonly kind: 'hang' }
  /** Answers, but late. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** A status without an envelope, as of a proxy in front: 500, 502, 503, 429, … */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** An error in the server's own envelope. */
  | {
      readonly kind: 'error';
      readonly code: number;
      readonly subcode: number;
      readonly message: string;
    }
  /** 200 with a body that is no JSON. */
  | { readonly kind: 'garbage' }
  /** 200 with JSON of another shape: no `data`. */
  | { readonly kind: 'wrong-envelope' }
  /** 200 with the start of the right answer, cut off. */
  | { readonly kind: 'truncate' }
  /** 401/30, whatever the token. */
  | { readonly kind: 'unauthorized' }
  /** Cuts the connection before anything is done. */
  | { readonly kind: 'reset' }
  /** Does what is asked, then cuts the connection without an answer. */
  | { readonly kind: 'lose-answer' }
  /** Says that each nth write was done, and does nothing (n = 1: all of them). */
  | { readonly kind: 'drop-write'; readonly every: number };

/** A fault and where it applies: everywhere unless narrowed. */
export type Fault = FaultKind & {
  /** `tasks.edit_runtime`, …; all calls without it. */
  readonly calls?: readonly string[];
  /** Only the calls of this user id (as far as the caller's credentials tell). */
  readonly user?: string;
  /** Ends by itself after so many calls. */
  readonly times?: number;
};

/** A fault that is on. */
export interface ActiveFault {
  readonly fault: Fault;
  /** How many calls it has met. */
  readonly met: number;
  /** Resolves when the next call meets it; rejects when the signal aborts. */
  next(signal?: AbortSignal): Promise<void>;
  clear(): void;
}

interface Entry {
  readonly fault: Fault;
  met: number;
  readonly ended: AbortController;
  readonly calls: EventEmitter;
}

/** The faults that are on; the first that fits a call meets it. */
export class Faults {
  readonly #active: Entry[] = [];

  add(fault: Fault): ActiveFault {
    const entry: Entry = {
      fault,
      met: 0,
      ended: new AbortController(),
      calls: new EventEmitter().setMaxListeners(0),
    };
    this.#active.push(entry);
    return {
      fault,
      get met() {
        return entry.met;
      },
      async next(signal = AbortSignal.timeout(10_000)) {
        await once(entry.calls, 'met', { signal });
      },
      clear: () => {
        const index = this.#active.indexOf(entry);
        if (index >= 0) this.#active.splice(index, 1);
        entry.ended.abort();
      },
    };
  }

  /** Turns all off; calls that hang are cut. */
  clear(): void {
    for (const { ended } of this.#active.splice(0)) ended.abort();
  }

  /** The fault that a call meets, and the signal that says it was cleared. */
  meet(call: string, user: string | undefined): { fault: Fault; ended: AbortSignal } | undefined {
    for (const entry of this.#active) {
      const { fault } = entry;
      if (fault.calls !== undefined && !fault.calls.includes(call)) continue;
      if (fault.user !== undefined && fault.user !== user) continue;
      if (fault.kind === 'drop-write' && !isWrite(call)) continue;
      if (fault.times !== undefined && entry.met >= fault.times) continue;
      entry.met += 1;
      entry.calls.emit('met');
      if (fault.kind === 'drop-write' && entry.met % fault.every !== 0) continue;
      return { fault, ended: entry.ended.signal };
    }
    return undefined;
  }
}

const READS = /\.(?:get_|ping$|login$|logout$|info$|config$|supported_modes$)/;

function isWrite(call: string): boolean {
  return !READS.test(call);
}
