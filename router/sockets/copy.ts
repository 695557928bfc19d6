import type { OnReadOpts, Socket } from 'node:net';
import type { Account } from '../load/byte_budget.ts';
import { ReadBuffer } from './read_buffer.ts';
import { whenWritten } from './when_written.ts';

/** Bytes of a quiet connection's buffer: a keystroke's packet fits, and ten thousand idle connections cost little. */
const QUIET_BYTES = 1024;

/** Where bytes go: a TCP socket, or what acts as one. */
export interface Sink {
  readonly destroyed: boolean;
  /** Bytes that `write` has taken and that are not with the kernel yet: zero means that their buffer is free again. */
  readonly writableLength: number;
  readonly write: (chunk: Uint8Array) => unknown;
  /** Calls back once all that was written is with the kernel; asked only while something of it is not. */
  readonly whenWritten: (callback: () => void) => void;
  /** Ends this direction alone. */
  readonly end: () => unknown;
}

/** A TCP socket as a sink. */
export class SocketSink implements Sink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  write(chunk: Uint8Array): void {
    this.#socket.write(chunk);
  }

  whenWritten(callback: () => void): void {
    whenWritten(this.#socket, callback);
  }

  end(): void {
    this.#socket.end();
  }
}

const NOWHERE: Sink = {
  destroyed: false,
  writableLength: 0,
  write: () => undefined,
  whenWritten: () => undefined,
  end: () => undefined,
};

/**
 * One direction of a TCP connection, from the socket that is made with `onread` to `sink`. The kernel reads into one buffer
 * over and over: it is free again as soon as libuv has written it on, which for a sink that keeps up is before `write` returns.
 * When the sink does not keep up, reading stops until it does: that is the whole of backpressure, and the buffer is all that a
 * connection can hold.
 */
export class TcpCopy {
  /** For the options of the source socket. */
  readonly onread: OnReadOpts;
  bytes = 0;
  #source: Socket | undefined;
  #sink: Sink | undefined;
  readonly #buffer: ReadBuffer;
  #waiting = false;
  #discards = false;

  /** @param account who its buffer is held for. */
  constructor(account: Account) {
    this.#buffer = new ReadBuffer(QUIET_BYTES, account);
    this.onread = {
      buffer: () => this.#buffer.bytes,
      callback: (length) => this.#read(length),
    };
  }

  /** Names the two ends. Nothing may be read before. */
  join(source: Socket, sink: Sink): void {
    this.#source = source;
    this.#sink = sink;
    source.once('end', () => sink.end());
  }

  /** From now on what comes is read and thrown away: once its sink has what was read before, since the kernel reads into that same buffer. */
  discard(): void {
    this.#discards = true;
    if (this.#waiting) return;
    this.#sink = NOWHERE;
    this.#source?.resume();
  }

  /** Hands the buffer back. The sockets are closed. */
  release(): void {
    if (this.#waiting) this.#buffer.drop();
    else this.#buffer.release();
    this.#source = undefined;
    this.#sink = undefined;
  }

  /** Its sink does not keep up. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** False stops reading. */
  #read(length: number): boolean {
    const sink = this.#sink;
    if (sink === undefined || sink.destroyed) return false;
    this.bytes += length;
    const { bytes } = this.#buffer;
    sink.write(length === bytes.length ? bytes : bytes.subarray(0, length));
    if (sink.writableLength > 0) {
      this.#waiting = true;
      sink.whenWritten(this.#written);
      return false;
    }
    this.#buffer.fit(length);
    return true;
  }

  readonly #written = (): void => {
    const sink = this.#sink;
    if (!this.#waiting || sink === undefined || sink.destroyed) return;
    if (sink.writableLength > 0) {
      // Something else was written to it meanwhile.
      sink.whenWritten(this.#written);
      return;
    }
    this.#waiting = false;
    if (this.#discards) this.#sink = NOWHERE;
    this.#source?.resume();
  };
}
