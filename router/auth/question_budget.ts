import { LRUCache } from 'lru-cache';

/** How much a user has left, and when that was counted. */
interface Account {
  readonly left: number;
  readonly at: number;
}

/** Generous for a person with many tasks (a yes is paid back), small against a search for other people's ids. */
const QUESTIONS_AT_ONCE = 60;
const QUESTIONS_PER_SECOND = 1;
const USERS_KEPT = 10_000;

/**
 * How many questions to ClearML one user may cause that are not answered with yes (A50). Kept by user and not by token,
 * since a user can have any number of tokens.
 */
export class QuestionBudget {
  readonly #accounts = new LRUCache<string, Account>({ max: USERS_KEPT });
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one question from the user's budget; false when nothing is left. */
  take(userId: string): boolean {
    const left = this.#left(userId);
    if (left < 1) return false;
    this.#accounts.set(userId, { left: left - 1, at: this.#now() });
    return true;
  }

  /** Gives a question back: it was answered with yes, or not at all. */
  giveBack(userId: string): void {
    const left = Math.min(QUESTIONS_AT_ONCE, this.#left(userId) + 1);
    this.#accounts.set(userId, { left, at: this.#now() });
  }

  #left(userId: string): number {
    const account = this.#accounts.get(userId);
    if (account === undefined) return QUESTIONS_AT_ONCE;
    const elapsed = Math.max(0, this.#now() - account.at);
    return Math.min(QUESTIONS_AT_ONCE, account.left + (elapsed / 1000) * QUESTIONS_PER_SECOND);
  }
}
