import type { Tell } from './notices.ts';
import { RateLimit } from './rate_limit.ts';

/** One try at signing in. `end` is called once, whatever came of it. */
export type Attempt =
  | { readonly allowed: true; readonly succeeded: () => void; readonly end: () => void }
  | { readonly allowed: false; readonly retryAfter: number; readonly end: () => void };

/** A person mistypes a few times; a guesser gets two tries a minute. */
const BY_KEY = { atOnce: 5, perSecond: 1 / 30 };
/** An address may stand for an office behind one gateway. */
const BY_ADDRESS = { atOnce: 20, perSecond: 1 / 6 };
/** Logins under way at ClearML at one time, for all users together. */
const AT_ONCE = 32;

/**
 * How often somebody may fail to sign in: by access key, and by address where the client's address is known. Behind an ingress
 * that TRUSTED_PROXIES does not name, all clients share one address, and one of them could lock out the rest.
 */
export class SignInLimits {
  readonly #byKey: RateLimit;
  readonly #byAddress: RateLimit | undefined;
  readonly #tell: Tell;
  #underWay = 0;

  constructor(addressKnown: boolean, now: () => number, tell: Tell) {
    this.#tell = tell;
    this.#byKey = new RateLimit(BY_KEY, now);
    this.#byAddress = addressKnown ? new RateLimit(BY_ADDRESS, now) : undefined;
  }

  attempt(address: string, accessKey: string): Attempt {
    if (this.#underWay >= AT_ONCE) return { allowed: false, retryAfter: 1, end: () => {} };
    if (this.#byAddress?.take(address) === false) {
      return { allowed: false, retryAfter: this.#byAddress.wait(address), end: () => {} };
    }
    if (!this.#byKey.take(accessKey)) {
      return { allowed: false, retryAfter: this.#byKey.wait(accessKey), end: () => {} };
    }
    this.#underWay += 1;
    let succeeded = false;
    return {
      allowed: true,
      succeeded: () => {
        succeeded = true;
        this.#byKey.giveBack(accessKey);
        this.#byAddress?.giveBack(address);
      },
      end: () => {
        this.#underWay -= 1;
        if (!succeeded) this.#tell({ kind: 'sign-in-failed', address, accessKey });
      },
    };
  }

  /** Somebody failed to sign in at another process. */
  failed(address: string, accessKey: string): void {
    this.#byAddress?.take(address);
    this.#byKey.take(accessKey);
  }
}
