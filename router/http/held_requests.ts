import type { Account } from '../load/byte_budget.ts';
import { findsRoom } from '../load/fair_room.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Listening } from '../waiting/listening.ts';
import { waitSecondsOf } from './headers/prefer.ts';
import type { RequestHead } from './headers/request_head.ts';

/** How long requests are held, and how many. */
export interface HoldBounds {
  /** Seconds that one request is held at the most, whatever it prefers. */
  readonly longestSeconds: number;
  readonly most: number;
}

export const HOLD_BOUNDS: HoldBounds = { longestSeconds: 60, most: 1_000 };

/** What is held, as far as that matters here. */
export interface Holdable {
  readonly head: Pick<RequestHead, 'rawHeaders'>;
  /** When it came, by the clock of `performance.now`. */
  readonly started: number;
  readonly account: Account;
  /** Bytes of its body that may come and stay meanwhile. */
  readonly ahead: number;
  /** Seconds that its client prefers to wait, once it was held for that. */
  waitApplied: number;
}

interface Held {
  readonly account: Account;
  /** Bytes of its body that Node may read meanwhile. */
  readonly bytes: number;
  readonly timer: NodeJS.Timeout;
  readonly unwait: () => void;
}

/**
 * Requests that wait for a task that does not listen yet, since their clients prefer to (`Prefer: wait`, RFC 7240). Each keeps the
 * place that it has in the limits, and of its body no more is read than Node has read ahead, which its account holds.
 */
export class HeldRequests<Request extends Holdable> {
  readonly #listening: Pick<Listening, 'wait'>;
  readonly #bounds: HoldBounds;
  /** Has a request gone through the gate anew. */
  readonly #again: (request: Request) => void;
  readonly #held = new Map<Request, Held>();

  constructor(
    listening: Pick<Listening, 'wait'>,
    bounds: HoldBounds,
    again: (request: Request) => void,
  ) {
    this.#listening = listening;
    this.#bounds = bounds;
    this.#again = again;
  }

  /** Holds a request until one of these endpoints may take it. False: its client does not prefer to wait, or has, or there is no room. */
  hold(request: Request, endpoints: readonly EndpointId[]): boolean {
    const { longestSeconds } = this.#bounds;
    // Its headers are read once, however often it is woken.
    const seconds =
      request.waitApplied || Math.min(waitSecondsOf(request.head.rawHeaders), longestSeconds);
    if (seconds === 0 || !this.#hasRoom(request)) return false;
    const left = request.started + seconds * 1_000 - performance.now();
    if (left <= 0) return false;
    const { account, ahead: bytes } = request;
    if (account.budget.take(account, bytes) !== undefined) return false;
    request.waitApplied = seconds;
    const wake = (): void => void this.wake(request);
    this.#held.set(request, {
      account,
      bytes,
      timer: setTimeout(wake, left),
      unwait: this.#listening.wait(endpoints, wake),
    });
    return true;
  }

  #hasRoom({ account }: Request): boolean {
    return findsRoom(this.#bounds.most, this.#held.size, () => {
      let own = 0;
      for (const held of this.#held.values()) if (held.account === account) own += 1;
      return own;
    });
  }

  /** It is to ask anew, now. False where it is not held. */
  wake(request: Request): boolean {
    if (!this.forget(request)) return false;
    this.#again(request);
    return true;
  }

  /** It is over, and asks nothing. False where it is not held. */
  forget(request: Request): boolean {
    // Hardly ever is there any.
    if (this.#held.size === 0) return false;
    const held = this.#held.get(request);
    if (held === undefined) return false;
    this.#held.delete(request);
    clearTimeout(held.timer);
    held.unwait();
    held.account.budget.give(held.account, held.bytes);
    return true;
  }
}
