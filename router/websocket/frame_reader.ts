import { LONGEST_HEAD_BYTES, extendedLengthOf, payloadLengthOf } from './frames.ts';

/** RFC 6455 section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** RFC 6455 section 7.4.1: the client broke the protocol; it sent what is not taken here. */
const PROTOCOL_ERROR = 1002;
const NOT_TAKEN = 1003;
const LONGEST_CONTROL_BYTES = 125;

/** What is wrong with a client's frames, and the code that a close tells it by. */
export class FrameFault extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Who gets what the frames carry. */
export interface FrameTaker {
  /** The next bytes of a message. They are the caller's to use until the read that they came in has been taken. */
  readonly data: (bytes: Buffer) => void;
  /** A message has come whole. @param length bytes of it. */
  readonly message: (length: number) => void;
  /** Ping, pong or close. */
  readonly control: (opcode: number, payload: Buffer) => void;
}

/**
 * Reads a client's frames as their bytes come. Of a message nothing is held: what has come of it is unmasked where it lies and
 * given out at once, so that no message costs more for being long, or for never being finished.
 */
export class FrameReader {
  readonly #taker: FrameTaker;
  readonly #head = new Uint8Array(LONGEST_HEAD_BYTES);
  #headLength = 0;
  #opcode = 0;
  #final = false;
  /** Bytes of the frame's payload that are still to come. */
  #left = 0;

  readonly #mask = new Uint8Array(4);
  #maskAt = 0;
  /** Bytes of the message so far; undefined between messages. */
  #message: number | undefined = undefined;
  #control: Buffer = Buffer.alloc(0);

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  /**
   * Takes the next bytes, and writes over them.
   *
   * @throws FrameFault; nothing may be read after it.
   */
  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) at = this.#readPayload(bytes, at);
      else this.#readHead(bytes[at++] ?? 0);
    }
  }

  #readHead(byte: number): void {
    const head = this.#head;
    head[this.#headLength++] = byte;
    if (this.#headLength < 2) return;
    const second = head[1] ?? 0;
    if (this.#headLength === 2) this.#check(head[0] ?? 0, second);
    const extended = extendedLengthOf(second);
    if (this.#headLength < 2 + extended + 4) return;
    const length = payloadLengthOf(head);
    if (length > Number.MAX_SAFE_INTEGER) throw new FrameFault(PROTOCOL_ERROR, 'length');
    this.#mask.set(head.subarray(2 + extended, this.#headLength));
    this.#maskAt = 0;
    this.#headLength = 0;
    this.#left = length;
    if (this.#opcode >= OPCODE.close) this.#control = Buffer.alloc(length);
    if (length === 0) this.#frameRead();
  }

  #check(first: number, second: number): void {
    this.#opcode = first & 0x0f;
    this.#final = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameFault(PROTOCOL_ERROR, 'reserved bits');
    if ((second & 0x80) === 0) throw new FrameFault(PROTOCOL_ERROR, 'not masked');
    switch (this.#opcode) {
      case OPCODE.continuation:
        if (this.#message === undefined) throw new FrameFault(PROTOCOL_ERROR, 'continues nothing');
        return;
      case OPCODE.text:
        throw new FrameFault(NOT_TAKEN, 'binary messages only');
      case OPCODE.binary:
        if (this.#message !== undefined) throw new FrameFault(PROTOCOL_ERROR, 'message unfinished');
        this.#message = 0;
        return;
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (this.#final && (second & 0x7f) <= LONGEST_CONTROL_BYTES) return;
        throw new FrameFault(PROTOCOL_ERROR, 'control frame');
      default:
        throw new FrameFault(PROTOCOL_ERROR, 'opcode');
    }
  }

  #readPayload(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + this.#left);
    const part = bytes.subarray(at, to);
    const mask = this.#mask;
    let maskAt = this.#maskAt;
    for (let index = 0; index < part.length; index++) {
      part[index] = (part[index] ?? 0) ^ (mask[maskAt] ?? 0);
      maskAt = (maskAt + 1) & 3;
    }
    this.#maskAt = maskAt;
    this.#left -= part.length;
    if (this.#opcode >= OPCODE.close) {
      part.copy(this.#control, this.#control.length - this.#left - part.length);
    } else {
      this.#message = (this.#message ?? 0) + part.length;
      this.#taker.data(part);
    }
    if (this.#left === 0) this.#frameRead();
    return to;
  }

  #frameRead(): void {
    if (this.#opcode >= OPCODE.close) {
      this.#taker.control(this.#opcode, this.#control);
      return;
    }
    if (!this.#final) return;
    const length = this.#message ?? 0;
    this.#message = undefined;
    this.#taker.message(length);
  }
}

/** The head of a frame as a server sends it: whole, not masked. */
export function frameHead(opcode: number, length: number): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = 0x80 | opcode;
  head[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) head.writeUInt16BE(length, 2);
  else if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
