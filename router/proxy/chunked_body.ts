import { isFieldValue, readFields } from './header_fields.ts';
import { BadAnswer } from './upstream_failure.ts';

/** Longest line of a chunk's size with its extensions, which nobody uses. */
const LONGEST_SIZE_LINE = 1_024;
/** Longest line of a trailer, and of all of them together. */
const LONGEST_TRAILERS = 64 * 1_024;
/** Digits of a size that is still a safe integer. */
const MOST_DIGITS = 12;
const SIZE = /^[0-9a-f]+/i;
const LF = 0x0a;

type Expects = 'size' | 'data' | 'end of data' | 'trailer' | 'nothing';

/** RFC 9112 section 7.1: hexadecimal digits, and extensions after a semicolon, which are dropped. */
function readSize(line: string): number {
  const digits = SIZE.exec(line)?.[0] ?? '';
  const rest = line.slice(digits.length).trimStart();
  const known =
    digits.length > 0 &&
    digits.length <= MOST_DIGITS &&
    (rest === '' || (rest.startsWith(';') && isFieldValue(rest)));
  if (!known) throw new BadAnswer('a chunk size that is none');
  return Number.parseInt(digits, 16);
}

/** Takes the chunks off one body as its bytes come in. */
export class ChunkedBody {
  #expects: Expects = 'size';
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  /** The part of a line that has come. */
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
   * Takes the bytes from `start` to `end`, and gives what they carry to `pass`. Returns where it stopped: at `end`, or before it
   * once the body is complete.
   *
   * @throws BadAnswer
   */
  take(bytes: Buffer, start: number, end: number, pass: (data: Buffer) => void): number {
    let at = start;
    while (at < end && this.#expects !== 'nothing') {
      if (this.#expects === 'data') {
        const to = Math.min(end, at + this.#left);
        pass(bytes.subarray(at, to));
        this.#left -= to - at;
        at = to;
        if (this.#left === 0) this.#expects = 'end of data';
        continue;
      }
      const longest = this.#expects === 'trailer' ? LONGEST_TRAILERS : LONGEST_SIZE_LINE;
      let lf = bytes.indexOf(LF, at);
      // Bytes after `end` are of an earlier read.
      if (lf >= end) lf = -1;
      this.#line += bytes.toString('latin1', at, lf === -1 ? end : lf + 1);
      if (this.#line.length > longest) throw new BadAnswer('a line of a chunked body is too long');
      if (lf === -1) return end;
      at = lf + 1;
      if (!this.#line.endsWith('\r\n')) throw new BadAnswer('a line of a chunked body without CR');
      const line = this.#line.slice(0, -2);
      this.#line = '';
      this.#takeLine(line);
    }
    return at;
  }

  #takeLine(line: string): void {
    switch (this.#expects) {
      case 'size':
        this.#left = readSize(line);
        this.#expects = this.#left === 0 ? 'trailer' : 'data';
        return;
      case 'end of data':
        if (line !== '') throw new BadAnswer('a chunk that is longer than its size');
        this.#expects = 'size';
        return;
      case 'trailer':
        if (line === '') {
          this.#expects = 'nothing';
          return;
        }
        this.#trailers += this.#trailers === '' ? line : `\r\n${line}`;
        if (this.#trailers.length > LONGEST_TRAILERS) throw new BadAnswer('trailers are too long');
        return;
      case 'data':
      case 'nothing':
    }
  }
}
