import { readFields } from './header_fields.ts';
import { BadAnswer } from './failure.ts';

/** Longest line of a chunk's size with its extensions, which nobody uses. */
const LONGEST_SIZE_LINE_BYTES = 1_024;
/** Longest line of a trailer, and of all of them together. */
const LONGEST_TRAILERS_BYTES = 64 * 1_024;
/** Digits of a size that is still a safe integer. */
const MOST_DIGITS = 12;
/** Longer pieces of a body are passed on from where they are. */
const LONGEST_MOVED_BYTES = 8 * 1_024;
const FEW_BYTES = 16;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const SEMICOLON = 0x3b;
const DELETE = 0x7f;

type Expects =
  | 'size'
  | 'extension'
  | 'end of size'
  | 'data'
  | 'end of data'
  | 'LF after data'
  | 'trailer'
  | 'nothing';

/** Of a hexadecimal digit by its code; -1 for every other character. */
const DIGITS = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  DIGITS[text.charCodeAt(0)] = digit;
  DIGITS[text.toUpperCase().charCodeAt(0)] = digit;
}

/** Takes the chunks off one body as its bytes come in (RFC 9112 section 7.1). Extensions are dropped. */
export class ChunkedBody {
  #expects: Expects = 'size';
  /** The chunk's size as far as it was read; then its bytes that are still to come. */
  #left = 0;
  #digits = 0;
  /** Length of the line of the size so far. */
  #length = 0;
  /** The part of a trailer's line that has come. */
  #line = '';
  #trailers = '';

  /** The last chunk and the trailers have come. */
  get complete(): boolean {
    return this.#expects === 'nothing';
  }

  /** Once complete: name, value, name, value …; empty where there are none. */
  trailers(): string[] {
    return this.#trailers === '' ? [] : readFields(this.#trailers, 0);
  }

  /**
   * Takes the bytes from `start` to `end`, and gives what they carry to `pass`: short chunks moved together, in the place where
   * they are, so that a task cannot cause work by cutting its body small (A59). Returns where it stopped: at `end`, or before it
   * once the body is complete.
   *
   * @throws BadAnswer
   */
  take(bytes: Buffer, start: number, end: number, pass: (data: Buffer) => void): number {
    let at = start;
    // What is to be passed on next.
    let from = start;
    let to = start;
    while (at < end) {
      if (this.#expects === 'data') {
        const stop = Math.min(end, at + this.#left);
        if (from === to || stop - at > LONGEST_MOVED_BYTES) {
          if (from < to) pass(bytes.subarray(from, to));
          from = at;
          to = stop;
        } else {
          this.#move(bytes, at, stop, to);
          to += stop - at;
        }
        this.#left -= stop - at;
        at = stop;
        if (this.#left === 0) this.#expects = 'end of data';
      } else if (this.#expects === 'trailer') at = this.#takeTrailer(bytes, at, end);
      else if (this.#expects === 'nothing') break;
      else this.#takeFraming(bytes[at++] ?? 0);
    }
    if (from < to) pass(bytes.subarray(from, to));
    return at;
  }

  #move(bytes: Buffer, from: number, end: number, to: number): void {
    // A call for a few bytes would cost more than they do.
    if (end - from > FEW_BYTES) bytes.copyWithin(to, from, end);
    else {
      for (let index = from; index < end; index++) bytes[to + index - from] = bytes[index] ?? 0;
    }
  }

  /** A byte of what is around the chunks' data. A size is followed by `;` or CRLF, and by no blank (A76). */
  #takeFraming(byte: number): void {
    switch (this.#expects) {
      case 'size': {
        const digit = DIGITS[byte] ?? -1;
        if (digit !== -1) {
          if (this.#digits === MOST_DIGITS) throw new BadAnswer('a chunk that is too long');
          this.#left = this.#left * 16 + digit;
          this.#digits++;
          return;
        }
        if (this.#digits === 0) break;
        if (byte === CR) this.#expects = 'end of size';
        else if (byte === SEMICOLON) this.#expects = 'extension';
        else break;
        return;
      }
      case 'extension':
        if (++this.#length === LONGEST_SIZE_LINE_BYTES) break;
        if (byte === CR) this.#expects = 'end of size';
        else if ((byte < SPACE && byte !== TAB) || byte === DELETE) break;
        return;
      case 'end of size':
        if (byte !== LF) break;
        this.#expects = this.#left === 0 ? 'trailer' : 'data';
        this.#digits = 0;
        this.#length = 0;
        return;
      case 'end of data':
        if (byte !== CR) break;
        this.#expects = 'LF after data';
        return;
      case 'LF after data':
        if (byte !== LF) break;
        this.#expects = 'size';
        return;
      case 'data':
      case 'trailer':
      case 'nothing':
    }
    throw new BadAnswer(`a chunked body that has no ${this.#expects} where it should`);
  }

  /** Takes a line of the trailers, or what has come of it; returns where it stopped. */
  #takeTrailer(bytes: Buffer, at: number, end: number): number {
    let lf = bytes.indexOf(LF, at);
    // Bytes after `end` are of an earlier read.
    if (lf >= end) lf = -1;
    this.#line += bytes.toString('latin1', at, lf === -1 ? end : lf + 1);
    if (this.#trailers.length + this.#line.length > LONGEST_TRAILERS_BYTES) {
      throw new BadAnswer('trailers are too long');
    }
    if (lf === -1) return end;
    if (!this.#line.endsWith('\r\n')) throw new BadAnswer('a trailer without CR');
    const line = this.#line.slice(0, -2);
    this.#line = '';
    if (line === '') this.#expects = 'nothing';
    else this.#trailers += this.#trailers === '' ? line : `\r\n${line}`;
    return lf + 1;
  }
}
