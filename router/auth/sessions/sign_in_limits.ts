import { clientOf } from '../../grammar/client_of.ts';
import { RateLimit } from '../../load/rate_limit.ts';

/** One try at signing in. `end` is called once, whatever came of it. */
export type Attempt =
  | { readonly allowed: true; readonly succeeded: () => void; readonly end: () => void }
  | { readonly allowed: false; readonly retryAfter: number; readonly end: () => void };

/** A person mistypes a few times; a guesser gets two tries a minute. */
const BY_KEY = { atOnce: 5, perSecond: 1 / 30 };
/** An address may stand for an office behind one gateway. */
const BY_ADDRESS = { atOnce: 20, perSecond: 1 / 6 };
/** Logins under way at ClearML at one time, for all users together, and for one address. */
const AT_ONCE = 32;
const AT_ONCE_BY_ADDRESS = 8;

/**
 * How often somebody may fail to sign in: by access key, and by address where the client's address is known. Behind an ingress
 * that TRUSTED_PROXIES does not name, all clients share one address, and one of them could lock out the rest.
 */
export class SignInLimits {
  readonly #byKey: RateLimit;
  readonly #byAddress: RateLimit | undefined;
  /** Addresses whose logins are under way, once for each. */
  #underWay: readonly string[] = [];

  constructor(addressKnown: boolean, now: () => number) {
    this.#byKey = new RateLimit(BY_KEY, now);
    this.#byAddress = addressKnown ? new RateLimit(BY_ADDRESS, now) : undefined;
  }

  attempt(from: string, accessKey: string): Attempt {
    const address = clientOf(from);
    const here = this.#underWay.filter((one) => one === address).length;
    const full = this.#byAddress !== undefined && here >= AT_ONCE_BY_ADDRESS;
    if (full || this.#underWay.length >= AT_ONCE) {
      return { allowed: false, retryAfter: 1, end: () => {} };
    }
    if (this.#byAddress?.take(address) === false) {
      return { allowed: false, retryAfter: this.#byAddress.wait(address), end: () => {} };
    }
    if (!this.#byKey.take(accessKey)) {
      return { allowed: false, retryAfter: this.#byKey.wait(accessKey), end: () => {} };
    }
    this.#underWay = [...this.#underWay, address];
    return {
      allowed: true,
      succeeded: () => {
        this.#byKey.giveBack(accessKey);
        this.#byAddress?.giveBack(address);
      },
      end: () => {
        this.#underWay = this.#underWay.toSpliced(this.#underWay.indexOf(address), 1);
      },
    };
  }
}
