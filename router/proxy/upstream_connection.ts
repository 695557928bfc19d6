import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Upstream } from '../routes/endpoint.ts';
import type { AnswerHead } from './answer_head.ts';
import { readAnswerHead } from './answer_head.ts';
import { BodyPump } from './body_pump.ts';
import { ChunkedBody } from './chunked_body.ts';
import { ReadBuffer } from './read_buffer.ts';
import { BadAnswer, ConnectTimeout, TaskClosed } from './upstream_failure.ts';

const CONNECT_TIMEOUT = 5_000;
const KEEP_ALIVE_DELAY = 60_000;
/** What a task may say in its headers; longer ones are no answer (A34). */
const LONGEST_HEAD = 64 * 1024;
/** Bytes of a quiet connection's buffer: most answers fit, and a thousand connections cost little. */
const QUIET = 4 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');
/** How long a task that does not say is trusted to leave an idle connection open. Node's servers do so for 5 s. */
const IDLE_TIME = 4_000;
/** What a task says is shortened by this, for requests on their way. */
const IDLE_MARGIN = 2_000;
const LONGEST_IDLE_TIME = 600_000;

/** A request as a task gets it. */
export interface TaskRequest {
  readonly method: string;
  /** Raw request-target. */
  readonly path: string;
  /** Name, value, name, value …, without what frames the message. */
  readonly headers: readonly string[];
  /** Digits. */
  readonly contentLength: string | undefined;
  /** Undefined: there is none. */
  readonly body: IncomingMessage | undefined;
  readonly chunked: boolean;
  /** The connection serves no other request after it. */
  readonly last: boolean;
}

/** Who asks, and gets the answer. An error that it throws ends the answer in that error. */
export interface Asker {
  readonly outgoing: TaskRequest;
  /** An interim answer: 100 to 199. */
  readonly interim: (head: AnswerHead) => void;
  readonly answered: (head: AnswerHead) => void;
  /** Bytes of the body. They are the caller's to use until the last of them has been taken. */
  readonly data: (bytes: Buffer) => void;
  /** The bytes of one read have all been given out. False: they are still in use, and `resume` will be called. */
  readonly taken: () => boolean;
  readonly ended: (trailers: readonly string[]) => void;
  readonly failed: (error: Error) => void;
  /** Bytes of the request's body were sent. */
  readonly sent: (bytes: number) => void;
}

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  /** It is free for another request. */
  readonly idle: (connection: UpstreamConnection) => void;
  readonly closed: (connection: UpstreamConnection) => void;
}

const NO_TRAILERS: readonly string[] = [];

function headOf({ method, path, headers, contentLength, chunked, last }: TaskRequest): string {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  head += last ? 'Connection: close\r\n' : 'Connection: keep-alive\r\n';
  if (contentLength !== undefined) head += `Content-Length: ${contentLength}\r\n`;
  if (chunked) head += 'Transfer-Encoding: chunked\r\n';
  return `${head}\r\n`;
}

function idleTimeOf({ idleTime }: AnswerHead): number {
  return idleTime === undefined ? IDLE_TIME : Math.min(idleTime - IDLE_MARGIN, LONGEST_IDLE_TIME);
}

/**
 * One connection to a task: HTTP/1.1, one request at a time. The kernel reads into one buffer over and over, and its bytes go on
 * to the asker without a copy; when the asker does not keep up, reading stops until it does, so that the buffer is all that a
 * connection can hold. Reading goes on while it is idle: what comes then was not asked for and ends it (A37).
 */
export class UpstreamConnection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #buffer = new ReadBuffer(QUIET);
  #asker: Asker | undefined = undefined;
  #pump: BodyPump | undefined = undefined;
  /** The answer whose body is being read. */
  #head: AnswerHead | undefined = undefined;
  /** Bytes of the body that are still to come; infinite where the connection's end is the body's. */
  #left = 0;
  #chunks: ChunkedBody | undefined = undefined;
  /** The part of a head that has come. */
  #partial: Buffer | undefined = undefined;
  #partialLength = 0;
  #error: Error | undefined = undefined;
  /** Until then an idle connection may be used; by the clock of `performance.now`. */
  idleUntil = 0;

  constructor({ address, port, family }: Upstream, owner: ConnectionOwner) {
    this.#owner = owner;
    const socket = connect({
      host: address,
      port,
      family,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      onread: {
        buffer: () => this.#buffer.bytes,
        callback: (length) => this.#read(length),
      },
    });
    this.#socket = socket;
    const timer = setTimeout(
      () => this.destroy(new ConnectTimeout('the task did not accept the connection')),
      CONNECT_TIMEOUT,
    );
    socket.on('connect', () => clearTimeout(timer));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('close', () => {
      clearTimeout(timer);
      this.#closed();
    });
  }

  /** Sends the request; the connection is new or idle. */
  ask(asker: Asker): void {
    this.#asker = asker;
    const { outgoing } = asker;
    const socket = this.#socket;
    if (outgoing.body === undefined) {
      socket.write(headOf(outgoing), 'latin1');
      return;
    }
    socket.cork();
    socket.write(headOf(outgoing), 'latin1');
    this.#pump = new BodyPump(outgoing.body, socket, outgoing.chunked, (bytes) =>
      asker.sent(bytes),
    );
    // What has come of the body by now flows in the next tick, before this, and leaves together with the head.
    process.nextTick(() => socket.uncork());
  }

  /** The asker has taken all bytes. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection at once. The asker, if there is one, is told the error unless it is the one that ends it. */
  destroy(error: Error | undefined): void {
    if (error === undefined) this.#asker = undefined;
    else this.#error ??= error;
    this.#socket.destroy();
    this.#closed();
  }

  #closed(): void {
    this.#pump?.stop();
    this.#pump = undefined;
    const asker = this.#asker;
    this.#asker = undefined;
    this.#owner.closed(this);
    asker?.failed(this.#error ?? new TaskClosed('the task closed the connection'));
  }

  /** The task has said all that it will say. */
  #ended(): void {
    if (this.#head !== undefined && this.#left === Number.POSITIVE_INFINITY) {
      this.#complete(NO_TRAILERS, false);
    }
    this.destroy(new TaskClosed('the task closed the connection'));
  }

  /** Bytes have come. False stops reading. */
  #read(length: number): boolean {
    const asker = this.#asker;
    if (asker === undefined) {
      this.destroy(undefined);
      return false;
    }
    let taken: boolean;
    try {
      let at = 0;
      while (at < length && this.#asker !== undefined) at = this.#take(at, length);
      if (at < length) {
        // More than was asked for: the answer stands, and nobody reads the rest (A36, A37).
        this.destroy(undefined);
      }
      taken = asker.taken();
    } catch (error) {
      // Whoever asked is told, even where the answer had seemed to be over.
      this.#asker = asker;
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    if (taken) {
      this.#buffer.fit(length);
      return true;
    }
    if (this.#asker === asker) return false;
    // The answer is over and the next one may come before the client has read this one.
    this.#buffer.replace();
    return true;
  }

  /** Takes what begins at `at`; returns where it stopped. */
  #take(at: number, length: number): number {
    if (this.#head === undefined) return this.#takeHead(at, length);
    const { bytes } = this.#buffer;
    const asker = this.#asker;
    if (asker === undefined) return at;
    if (this.#chunks !== undefined) {
      const to = this.#chunks.take(bytes, at, length, (data) => asker.data(data));
      if (this.#chunks.complete) this.#complete(this.#chunks.trailers(), to === length);
      return to;
    }
    const to = Math.min(length, at + this.#left);
    this.#left -= to - at;
    asker.data(bytes.subarray(at, to));
    if (this.#left === 0) this.#complete(NO_TRAILERS, to === length);
    return to;
  }

  #takeHead(at: number, length: number): number {
    const { bytes } = this.#buffer;
    if (this.#partial === undefined) {
      const end = bytes.indexOf(HEAD_END, at);
      // Bytes after `length` are of an earlier read.
      if (end !== -1 && end + HEAD_END.length <= length) {
        this.#answered(bytes.toString('latin1', at, end), end + HEAD_END.length === length);
        return end + HEAD_END.length;
      }
      this.#partial = Buffer.allocUnsafe(LONGEST_HEAD);
      this.#partialLength = 0;
    }
    const partial = this.#partial;
    const before = this.#partialLength;
    const copied = bytes.copy(partial, before, at, length);
    const filled = before + copied;
    const end = partial.subarray(0, filled).indexOf(HEAD_END, Math.max(0, before - 3));
    if (end === -1) {
      if (filled === LONGEST_HEAD) throw new BadAnswer('the headers are too long');
      this.#partialLength = filled;
      return length;
    }
    this.#partial = undefined;
    const next = at + (end + HEAD_END.length - before);
    this.#answered(partial.toString('latin1', 0, end), next === length);
    return next;
  }

  /** `last`: nothing follows the head in what has come. */
  #answered(text: string, last: boolean): void {
    const asker = this.#asker;
    if (asker === undefined) return;
    const head = readAnswerHead(text);
    if (head.status < 200) {
      asker.interim(head);
      return;
    }
    this.#head = head;
    const bodiless = asker.outgoing.method === 'HEAD' || head.status === 204 || head.status === 304;
    this.#chunks = head.chunked && !bodiless ? new ChunkedBody() : undefined;
    this.#left =
      bodiless || head.chunked ? 0 : head.length === -1 ? Number.POSITIVE_INFINITY : head.length;
    asker.answered(head);
    if (this.#left === 0 && this.#chunks === undefined) this.#complete(NO_TRAILERS, last);
  }

  /** The answer has come whole. `last`: nothing follows it in what has come. */
  #complete(trailers: readonly string[], last: boolean): void {
    const asker = this.#asker;
    const head = this.#head;
    if (asker === undefined || head === undefined) return;
    const reusable = last && this.#isReusable(asker.outgoing, head);
    this.#pump?.stop();
    this.#pump = undefined;
    this.#head = undefined;
    this.#chunks = undefined;
    this.#asker = undefined;
    asker.ended(trailers);
    if (!reusable) {
      this.destroy(undefined);
      return;
    }
    this.idleUntil = performance.now() + idleTimeOf(head);
    this.#owner.idle(this);
  }

  #isReusable({ method, last }: TaskRequest, head: AnswerHead): boolean {
    if (last || !head.persistent || this.#socket.destroyed) return false;
    // A task that answered before it had read the request, or whose answer ends with its connection.
    if (this.#pump?.complete === false) return false;
    if (this.#left === Number.POSITIVE_INFINITY) return false;
    // A task that frames a body where there can be none may well send one (A36).
    const framed = head.chunked || head.length > 0;
    return method === 'HEAD' || !framed || (head.status !== 204 && head.status !== 304);
  }
}
