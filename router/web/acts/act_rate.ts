import { RateLimit } from '../../load/rate_limit.ts';
import type { Answer } from '../../pages/answer.ts';
import { rateLimited } from '../parts/refusals.ts';
import type { User } from './user.ts';

/** Enough to take back all that one user can have given, one after the other. */
const PER_USER = { atOnce: 120, perSecond: 1 };

/** How often one user may change what is kept for all: each change writes all that its section holds. */
export class ActRate {
  readonly #rate: RateLimit;

  constructor(now?: () => number) {
    this.#rate = new RateLimit(PER_USER, now);
  }

  /** Undefined where the act may be done, which then counts. */
  refusal({ identity: { userId } }: User): Answer | undefined {
    if (this.#rate.take(userId)) return undefined;
    const detail = 'The router keeps only so many changes of one user at a time.';
    return rateLimited(this.#rate.wait(userId), detail);
  }
}
