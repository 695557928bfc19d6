import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { whenWritten } from '../sockets/when_written.ts';

/** Longest piece of a body that is written as text. */
const LONGEST_HELD_BYTES = 8 * 1024;
/**
 * What is held of an answer behind one to an earlier request, before its task has to wait. Of these there may be as many as there
 * are requests, and no more is counted for each of them.
 */
const MOST_WAITING_BYTES = 4 * 1024;

/** The head of an answer as the client gets it. */
export interface ClientHead {
  readonly status: number;
  /** Name, value, name, value …; what frames the body otherwise is Node's to add. */
  readonly headers: string[];
  /** Length of the body where that is known; -1 where it is not, or where there is no body. */
  readonly length: number;
}

/** Who is told that the client has read what was waiting for it. */
export interface Drained {
  readonly drained: () => void;
}

/**
 * Writes one answer of a task to its client. Bytes go past the response to its socket, as they came: the response would hold
 * everything back for a tick, and so keep their buffer from being used again at once.
 */
export class AnswerWriter {
  readonly #response: ServerResponse;
  readonly #reader: Drained;
  /** The head, until more of the answer has been looked at: an error until then can still be told by a page of our own (A38). */
  #waiting: ClientHead | undefined = undefined;
  #bodyLength = -1;
  /** Informational answers of this read, about to be sent. */
  #interims = '';
  /** The whole of a short body, about to be sent. */
  #held: string | undefined = undefined;
  /** The head is with the socket. */
  #begun = false;
  #ended = false;
  /** The client's socket, while it gathers what one read of the task's brings. */
  #gathering: Socket | undefined = undefined;
  #listensForTurn = false;

  constructor(response: ServerResponse, reader: Drained) {
    this.#response = response;
    this.#reader = reader;
  }

  /** The answer has been written whole. */
  get ended(): boolean {
    return this.#ended;
  }

  /** An informational answer. Without a socket, behind an answer to an earlier request, it would only wait: it is dropped. */
  interim(text: string): void {
    if (this.#response.socket !== null && !this.#response.headersSent) this.#interims += text;
  }

  head(head: ClientHead): void {
    this.#waiting = head;
    this.#bodyLength = head.length;
  }

  /** Bytes of the body. They are in use until `taken` has said true, or the reader was told. */
  data(bytes: Buffer): void {
    // A short body that came whole waits for its end, which follows at once: head and body then leave as one text.
    if (bytes.length === this.#bodyLength && bytes.length <= LONGEST_HELD_BYTES) {
      this.#held = bytes.toString('latin1');
      return;
    }
    this.#commit();
    const response = this.#response;
    const { socket } = response;
    if (socket === null) {
      // The client sent this request before it had the answer to an earlier one, and gets this answer after that one.
      this.#begun = true;
      response.write(Buffer.from(bytes));
      return;
    }
    this.#gather(socket);
    this.#begin();
    if (response.chunkedEncoding && bytes.length <= LONGEST_HELD_BYTES) {
      // An event of a stream: one text is written faster than three pieces.
      socket.write(`${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`, 'latin1');
    } else if (response.chunkedEncoding) {
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
      socket.write(bytes);
      socket.write('\r\n', 'latin1');
    } else socket.write(bytes);
  }

  end(trailers: readonly [string, string][]): void {
    this.#commit();
    this.#ended = true;
    if (this.#held !== undefined) {
      this.#response.end(this.#held, 'latin1');
      return;
    }
    // There is no other place for them than behind chunks.
    if (trailers.length > 0 && this.#response.chunkedEncoding) this.#response.addTrailers(trailers);
    this.#response.end();
  }

  /** One read has been passed on. False: its bytes are still in use, and the reader will be told when they no longer are. */
  taken(): boolean {
    const response = this.#response;
    this.#sendInterims();
    if (this.#waiting !== undefined) {
      // A stream that is quiet at first must still begin.
      this.#commit();
      if (response.socket !== null) this.#gather(response.socket);
      this.#begin();
    }
    this.release();
    const { socket } = response;
    if (socket === null) {
      if (this.#ended || response.writableLength < MOST_WAITING_BYTES) return true;
      // The rest waits with the task until it is this answer's turn.
      if (!this.#listensForTurn) {
        this.#listensForTurn = true;
        response.once('socket', () => this.#reader.drained());
      }
      return false;
    }
    if (socket.writableLength === 0) return true;
    if (!this.#ended) whenWritten(socket, () => this.#reader.drained());
    return false;
  }

  /** Lets go what was gathered. */
  release(): void {
    this.#gathering?.uncork();
    this.#gathering = undefined;
  }

  /** What follows the head is sound as far as it has come: from now on the answer is the task's. */
  #commit(): void {
    const head = this.#waiting;
    if (head === undefined) return;
    this.#waiting = undefined;
    this.#sendInterims();
    this.#response.writeHead(head.status, STATUS_CODES[head.status] ?? '', head.headers);
  }

  #sendInterims(): void {
    if (this.#interims === '') return;
    this.#response.socket?.write(this.#interims, 'latin1');
    this.#interims = '';
  }

  #gather(socket: Socket): void {
    if (this.#gathering !== undefined) return;
    this.#gathering = socket;
    socket.cork();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    // `flushHeaders` would write the bytes of headers as UTF-8.
    this.#response.write('', 'latin1');
  }
}
