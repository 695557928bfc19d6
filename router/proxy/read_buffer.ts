/** Bytes of a busy connection's buffer. */
const BULK = 64 * 1024;
/** Bytes of a quiet connection's buffer: most answers fit, and a thousand connections cost little. */
const QUIET = 4 * 1024;
/** Reads in a row that would have fitted the quiet buffer before the bulk buffer is handed back. */
const QUIET_READS = 16;
/** Bulk buffers kept for the next connection that gets busy; more than that are left to the garbage collector. */
const KEPT = 64;

const spare: Buffer[] = [];

/** The one buffer that the kernel reads a connection's bytes into, over and over; its size follows what comes. */
export class ReadBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(QUIET);
  #quietReads = 0;

  /** Chooses the buffer of the next read by the size of this one, whose bytes are free again. */
  fit(length: number): void {
    if (this.bytes.length === QUIET) {
      if (length === QUIET) this.bytes = spare.pop() ?? Buffer.allocUnsafeSlow(BULK);
      return;
    }
    this.#quietReads = length <= QUIET ? this.#quietReads + 1 : 0;
    if (this.#quietReads < QUIET_READS) return;
    this.release();
    this.replace();
  }

  /** Leaves the buffer to a write that still refers to it. */
  replace(): void {
    this.#quietReads = 0;
    this.bytes = Buffer.allocUnsafeSlow(QUIET);
  }

  /** Hands the buffer back. No write refers to it, and nothing is read any more. */
  release(): void {
    if (this.bytes.length === BULK && spare.length < KEPT) spare.push(this.bytes);
  }
}
