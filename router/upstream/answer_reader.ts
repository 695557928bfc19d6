import { FIRST_BYTE, HEAD_END, isBodiless, otherProtocol, readAnswerHead } from './answer_head.ts';
import type { Asker } from './asker.ts';
import { ChunkedBody } from './chunked_body.ts';
import { BadAnswer } from './failure.ts';
import { idleTimeAfter } from './idle_time.ts';
import { interimFate } from './interims.ts';
import { PartialHead } from './partial_head.ts';

/**
 * What comes next of an answer: its head, or one before it that only informs; the rest of a head that came in pieces; so many bytes
 * of the body, none once the answer is complete; chunks; or a body that ends with the connection.
 */
type Expected = 'head' | PartialHead | number | ChunkedBody | 'body until the end';

const NO_TRAILERS: readonly string[] = [];

/** Reads the answers that come over one connection, one at a time, and gives their parts to whoever asked. */
export class AnswerReader {
  #expected: Expected = 'head';
  /** Informational answers to the request, and their bytes. */
  #interims = 0;
  #interimBytes = 0;
  /** Of the connection, by the head that came last: see `idleTimeAfter`. */
  idleTime: number | undefined = undefined;

  /** The answer to another request is going to come. */
  begin(): void {
    this.#expected = 'head';
    this.#interims = 0;
    this.#interimBytes = 0;
  }

  /** The head of the answer has come; those that only inform do not count. */
  get hasHead(): boolean {
    return this.#expected !== 'head' && !(this.#expected instanceof PartialHead);
  }

  /** The answer has come whole. */
  get complete(): boolean {
    const expected = this.#expected;
    return expected === 0 || (expected instanceof ChunkedBody && expected.complete);
  }

  /** The answer is whole once the task ends the connection. */
  get endsWithConnection(): boolean {
    return this.#expected === 'body until the end';
  }

  /** Once complete: name, value, name, value …. @throws BadAnswer */
  trailers(): readonly string[] {
    return this.#expected instanceof ChunkedBody ? this.#expected.trailers() : NO_TRAILERS;
  }

  /**
   * Takes a part of the answer from what a read brought, from `at` to `end`; returns where it stopped.
   *
   * @throws BadAnswer, OverBudget, and what the asker throws.
   */
  take(read: Buffer, at: number, end: number, asker: Asker): number {
    const expected = this.#expected;
    if (expected === 'head') return this.#takeHead(read, at, end, asker);
    if (expected instanceof ChunkedBody) {
      return expected.take(read, at, end, (data) => asker.data(data));
    }
    if (expected instanceof PartialHead) return this.#takePiece(expected, read, at, end, asker);
    const length = expected === 'body until the end' ? end - at : Math.min(end - at, expected);
    if (expected !== 'body until the end') this.#expected = expected - length;
    asker.data(read.subarray(at, at + length));
    return at + length;
  }

  #takeHead(read: Buffer, at: number, end: number, asker: Asker): number {
    // What begins otherwise is no HTTP/1, and may never have the end that is waited for.
    if (read[at] !== FIRST_BYTE) throw otherProtocol(read, at, end);
    const stop = read.indexOf(HEAD_END, at);
    // Bytes after `end` are of an earlier read.
    if (stop === -1 || stop + HEAD_END.length > end) {
      const partial = new PartialHead(asker.account);
      this.#expected = partial;
      return this.#takePiece(partial, read, at, end, asker);
    }
    this.#headRead(read.toString('latin1', at, stop), asker);
    return stop + HEAD_END.length;
  }

  #takePiece(head: PartialHead, read: Buffer, at: number, end: number, asker: Asker): number {
    const stop = head.add(read, at, end);
    if (stop === -1) return end;
    this.drop();
    this.#headRead(head.text(), asker);
    return stop;
  }

  #headRead(text: string, asker: Asker): void {
    const head = readAnswerHead(text);
    if (head.status < 200) {
      this.#interims++;
      this.#interimBytes += text.length + HEAD_END.length;
      const fate = interimFate(head.status, this.#interims, this.#interimBytes);
      if (fate === 'refused') throw new BadAnswer('an informational answer that nobody asked for');
      if (fate === 'passed') asker.interim(head);
      return;
    }
    if (isBodiless(asker.outgoing.method, head.status)) this.#expected = 0;
    else if (head.chunked) this.#expected = new ChunkedBody();
    else this.#expected = head.length === -1 ? 'body until the end' : head.length;
    this.idleTime = idleTimeAfter(asker.outgoing, head);
    asker.answered(head);
  }

  /** What is held of a head that came in pieces is given back: the head is whole, or nobody waits for the rest. */
  drop(): void {
    if (!(this.#expected instanceof PartialHead)) return;
    this.#expected.release();
    this.#expected = 'head';
  }
}
