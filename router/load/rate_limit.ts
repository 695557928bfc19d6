import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ownCopy } from '../own_copy.ts';

/** How much is left to somebody, and when that was counted. */
interface Account {
  readonly left: number;
  readonly at: number;
}

/** What somebody may do at once, and how fast that comes back. */
export interface Rate {
  readonly atOnce: number;
  readonly perSecond: number;
}

const ACCOUNTS_KEPT = 10_000;
/** Names that are longer, and an access key is whatever somebody types, are kept by their hash. */
const LONGEST_NAME = 64;

function keyOf(who: string): string {
  return who.length <= LONGEST_NAME ? ownCopy(who) : hash('sha256', who, 'base64url');
}

/** A token bucket for each of many: users, addresses, access keys. Those who were quiet the longest are forgotten first. */
export class RateLimit {
  readonly #accounts = new LRUCache<string, Account>({ max: ACCOUNTS_KEPT });
  readonly #rate: Rate;
  readonly #now: () => number;

  /** @param now milliseconds, by a clock that does not jump. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes one; false when nothing is left. */
  take(who: string): boolean {
    const left = this.#left(who);
    if (left < 1) return false;
    this.#accounts.set(keyOf(who), { left: left - 1, at: this.#now() });
    return true;
  }

  /** Gives one back that turned out to be no abuse. */
  giveBack(who: string): void {
    const left = Math.min(this.#rate.atOnce, this.#left(who) + 1);
    this.#accounts.set(keyOf(who), { left, at: this.#now() });
  }

  /** Whole seconds until there is one again. */
  wait(who: string): number {
    return Math.max(1, Math.ceil((1 - this.#left(who)) / this.#rate.perSecond));
  }

  #left(who: string): number {
    const account = this.#accounts.get(keyOf(who));
    if (account === undefined) return this.#rate.atOnce;
    const elapsed = Math.max(0, this.#now() - account.at);
    return Math.min(this.#rate.atOnce, account.left + (elapsed / 1000) * this.#rate.perSecond);
  }
}
