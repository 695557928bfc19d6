import type { Account } from '../load/byte_budget.ts';

/** Bytes of a busy connection's buffer. */
const BULK_BYTES = 64 * 1024;
/** Reads in a row that would have fitted the quiet buffer before the bulk buffer is handed back. */
const QUIET_READS = 16;
/** Bulk buffers kept for the next connection that gets busy; more than that are left to the garbage collector. */
const KEPT = 64;

const spare: Buffer[] = [];
const NOTHING = Buffer.alloc(0);

/** The one buffer that the kernel reads a connection's bytes into, over and over; its size follows what comes. */
export class ReadBuffer {
  bytes: Buffer;
  readonly #quiet: number;
  #quietReads = 0;
  #account: Account;

  /** `quiet`: bytes of the buffer while little comes. Only the large buffer of a busy connection is counted, for `account`. */
  constructor(quiet: number, account: Account) {
    this.#quiet = quiet;
    this.#account = account;
    this.bytes = Buffer.allocUnsafe(quiet);
  }

  /** From now on what is read is for somebody else. The buffer is free. */
  charge(account: Account): void {
    if (account === this.#account) return;
    if (this.bytes.length === BULK_BYTES) {
      this.release();
      this.bytes = Buffer.allocUnsafe(this.#quiet);
    }
    this.#account = account;
  }

  /** Chooses the buffer of the next read by the size of this one, whose bytes are free again. */
  fit(length: number): void {
    if (this.bytes.length === this.#quiet) {
      const account = this.#account;
      if (length < this.#quiet || !account.budget.grow(account, BULK_BYTES)) return;
      this.bytes = spare.pop() ?? Buffer.allocUnsafeSlow(BULK_BYTES);
      return;
    }
    this.#quietReads = length <= this.#quiet ? this.#quietReads + 1 : 0;
    if (this.#quietReads < QUIET_READS) return;
    this.release();
    this.#quietReads = 0;
    this.bytes = Buffer.allocUnsafe(this.#quiet);
  }

  /** Leaves the buffer to a write that still refers to it. Returns the bytes that its account holds for it, the caller's to give. */
  replace(): number {
    const held = this.bytes.length === BULK_BYTES ? BULK_BYTES : 0;
    this.#quietReads = 0;
    this.bytes = Buffer.allocUnsafe(this.#quiet);
    return held;
  }

  /** Hands the buffer back. No write refers to it, and nothing is read into it any more. */
  release(): void {
    if (this.bytes.length !== BULK_BYTES) return;
    if (spare.length < KEPT) spare.push(this.bytes);
    this.drop();
  }

  /** The same where a write may still refer to it. */
  drop(): void {
    if (this.bytes.length !== BULK_BYTES) return;
    this.bytes = NOTHING;
    this.#account.budget.give(this.#account, BULK_BYTES);
  }
}
