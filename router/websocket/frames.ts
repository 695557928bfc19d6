/** Most bytes of a frame's head: two, eight of extended length, four of mask (RFC 6455 section 5.2). */
export const LONGEST_HEAD_BYTES = 14;

/** Bytes of extended length that follow the first two of a frame's head, by the second of them. */
export function extendedLengthOf(second: number): 0 | 2 | 8 {
  const short = second & 0x7f;
  return short === 126 ? 2 : short === 127 ? 8 : 0;
}

/** Length of a frame's payload, by its head. */
export function payloadLengthOf(head: Uint8Array): number {
  const second = head[1] ?? 0;
  const extended = extendedLengthOf(second);
  let length = extended === 0 ? second & 0x7f : 0;
  for (let index = 2; index < 2 + extended; index++) length = length * 256 + (head[index] ?? 0);
  return length;
}

/**
 * Follows the frames of one direction of a WebSocket by their heads alone, so that a close frame can be put between two of them
 * and not into one, and counts those that carry data.
 */
export class FrameFollower {
  readonly #head = new Uint8Array(LONGEST_HEAD_BYTES);
  #headLength = 0;
  #payloadLeft = 0;
  /** Frames of text and of bytes so far, those that continue another included (RFC 6455 section 5.2). */
  dataFrames = 0;
  /** Of their payloads. */
  dataBytes = 0;

  /** No frame is half sent. */
  get betweenFrames(): boolean {
    return this.#headLength === 0 && this.#payloadLeft === 0;
  }

  /** Takes the next bytes of the stream. */
  follow(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) offset = this.#step(chunk, offset);
  }

  /** Takes bytes up to the end of the frame that is half sent; returns how many, all of them if it goes on after them. */
  finishFrame(chunk: Uint8Array): number {
    let offset = 0;
    while (offset < chunk.length && !this.betweenFrames) offset = this.#step(chunk, offset);
    return offset;
  }

  #step(chunk: Uint8Array, offset: number): number {
    if (this.#payloadLeft > 0) {
      const taken = Math.min(this.#payloadLeft, chunk.length - offset);
      this.#payloadLeft -= taken;
      return offset + taken;
    }
    // Nearly every head is in one piece, and a stream may be made of heads alone.
    if (this.#headLength === 0 && offset + 1 < chunk.length) {
      const second = chunk[offset + 1] ?? 0;
      const length = second & 0x7f;
      const end = offset + ((second & 0x80) === 0 ? 2 : 6);
      if (length < 126 && end <= chunk.length) {
        this.#begin(chunk[offset] ?? 0, length);
        return end;
      }
    }
    this.#head[this.#headLength++] = chunk[offset] ?? 0;
    this.#readHead();
    return offset + 1;
  }

  #readHead(): void {
    if (this.#headLength < 2) return;
    const second = this.#head[1] ?? 0;
    const mask = (second & 0x80) === 0 ? 0 : 4;
    if (this.#headLength < 2 + extendedLengthOf(second) + mask) return;
    this.#headLength = 0;
    this.#begin(this.#head[0] ?? 0, payloadLengthOf(this.#head));
  }

  /** Control frames have the highest bit of the opcode set (RFC 6455 section 5.5). */
  #begin(first: number, payload: number): void {
    this.#payloadLeft = payload;
    if ((first & 0x08) !== 0) return;
    this.dataFrames += 1;
    this.dataBytes += payload;
  }
}

/** A close frame as a server sends it: not masked. */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, 123);
  const frame = Buffer.alloc(4 + text.length);
  frame[0] = 0x88;
  frame[1] = 2 + text.length;
  frame.writeUInt16BE(code, 2);
  text.copy(frame, 4);
  return frame;
}
