/** Bytes of a busy connection's buffer. */
const BULK = 64 * 1024;
/** Reads in a row that would have fitted the quiet buffer before the bulk buffer is handed back. */
const QUIET_READS = 16;
/** Bulk buffers kept for the next connection that gets busy; more than that are left to the garbage collector. */
const KEPT = 64;

const spare: Buffer[] = [];

/** The one buffer that the kernel reads a connection's bytes into, over and over; its size follows what comes. */
export class ReadBuffer {
  bytes: Buffer;
  readonly #quiet: number;
  #quietReads = 0;

  /** `quiet`: bytes of the buffer while little comes, far fewer than a busy connection's. */
  constructor(quiet: number) {
    this.#quiet = quiet;
    this.bytes = Buffer.allocUnsafe(quiet);
  }

  /** Chooses the buffer of the next read by the size of this one, whose bytes are free again. */
  fit(length: number): void {
    if (this.bytes.length === this.#quiet) {
      if (length === this.#quiet) this.bytes = spare.pop() ?? Buffer.allocUnsafeSlow(BULK);
      return;
    }
    this.#quietReads = length <= this.#quiet ? this.#quietReads + 1 : 0;
    if (this.#quietReads < QUIET_READS) return;
    this.release();
    this.replace();
  }

  /** Leaves the buffer to a write that still refers to it. */
  replace(): void {
    this.#quietReads = 0;
    this.bytes = Buffer.allocUnsafe(this.#quiet);
  }

  /** Hands the buffer back. No write refers to it, and nothing is read into it any more. */
  release(): void {
    if (this.bytes.length === BULK && spare.length < KEPT) spare.push(this.bytes);
  }
}
