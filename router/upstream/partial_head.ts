import { hold, type Account } from '../load/byte_budget.ts';
import { HEAD_END, MOST_HEAD_BYTES } from './answer_head.ts';
import { BadAnswer } from './failure.ts';

/** The head of an answer that comes in pieces: they are gathered in a buffer that is held for whoever asked. */
export class PartialHead {
  readonly #account: Account;
  readonly #bytes: Buffer;
  #length = 0;

  /** @throws OverBudget */
  constructor(account: Account) {
    hold(account, MOST_HEAD_BYTES);
    this.#account = account;
    this.#bytes = Buffer.allocUnsafe(MOST_HEAD_BYTES);
  }

  /**
   * Adds what a read brought, from `from` to `to`. Returns where in it the head ends, behind the empty line; -1 where the head goes
   * on after it.
   *
   * @throws BadAnswer
   */
  add(read: Buffer, from: number, to: number): number {
    const before = this.#length;
    const filled = before + read.copy(this.#bytes, before, from, to);
    const end = this.#bytes.subarray(0, filled).indexOf(HEAD_END, Math.max(0, before - 3));
    if (end === -1) {
      if (filled === MOST_HEAD_BYTES) throw new BadAnswer('the headers are too long');
      this.#length = filled;
      return -1;
    }
    this.#length = end;
    return from + end + HEAD_END.length - before;
  }

  /** The head without the empty line, one character per byte. */
  text(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  /** Its account holds it no longer. */
  release(): void {
    this.#account.budget.give(this.#account, MOST_HEAD_BYTES);
  }
}
