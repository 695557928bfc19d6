import type { Account } from '../load/byte_budget.ts';

/** Bytes of a busy connection's buffer. */
const BULK_BYTES = 64 * 1024;
/** Reads in a row that would have fitted the quiet buffer before the bulk buffer is handed back. */
const QUIET_READS = 16;
/** Bulk buffers kept for the next connection that gets busy; more than that are left to the garbage collector. */
const KEPT = 64;

const spare: Buffer[] = [];
const NOTHING = Buffer.alloc(0);

/**
 * The one buffer that the kernel reads a connection's bytes into, over and over; its size follows what comes. Node asks for it at the
 * end of each read alone, and reads into that until the next: another one may be chosen only while what was read is looked at.
 */
export class ReadBuffer {
  bytes: Buffer;
  readonly #quiet: number;
  /** The one of the quiet size; nothing refers to it while a large one is in use. */
  #small: Buffer;
  #quietReads = 0;
  #account: Account;

  /** `quiet`: bytes of the buffer while little comes. Only the large buffer of a busy connection is counted, for `account`. */
  constructor(quiet: number, account: Account) {
    this.#quiet = quiet;
    this.#account = account;
    this.#small = Buffer.allocUnsafe(quiet);
    this.bytes = this.#small;
  }

  /** From now on what is read is for somebody else. The connection rests, so that no large buffer is held for anybody. */
  charge(account: Account): void {
    this.#account = account;
  }

  /** Nothing is awaited any more: the next read is for whoever asks next. The bytes of this one are free again. */
  rest(): void {
    this.#quietReads = 0;
    if (this.bytes.length !== BULK_BYTES) return;
    this.release();
    this.bytes = this.#small;
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
    this.rest();
  }

  /** Leaves the buffer to a write that still refers to it. Returns the bytes that its account holds for it, the caller's to give. */
  replace(): number {
    const held = this.bytes.length === BULK_BYTES ? BULK_BYTES : 0;
    this.#quietReads = 0;
    if (held === 0) this.#small = Buffer.allocUnsafe(this.#quiet);
    this.bytes = this.#small;
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
