import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Sink, TcpCopy } from './tcp_copy.ts';
import { reset } from './tcp_reset.ts';

/** Milliseconds that a client may stay silent after the task closed its half, before the session is closed for it. */
const LINGER = 10_000;

/** Close codes of RFC 6455, section 7.4.1, as the tunnel uses them. */
const CLOSE = { done: 1000, goingAway: 1001, notBinary: 1003, notAllowed: 1008, reset: 1011 };

/** Why a session ended. */
export type TunnelEnd =
  | 'closed'
  | 'reset by task'
  | 'lost client'
  | 'client broke the protocol'
  /** The right to it was withdrawn, or the router stops. */
  | 'ended by router';

/** What the log tells of a session that ended. */
export interface TunnelSummary {
  readonly end: TunnelEnd;
  /** From the client to the task. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface TunnelSessionParts {
  readonly webSocket: WebSocket;
  /** Connected, paused, made with the `onread` of `outward`. */
  readonly upstream: Socket;
  readonly outward: TcpCopy;
  /** Milliseconds. */
  readonly pingInterval: number;
  /** Called once. */
  readonly onClose: (summary: TunnelSummary) => void;
}

/**
 * One TCP connection inside a WebSocket. Binary messages carry the bytes, with no meaning in where one ends; an empty message is
 * the FIN of its direction, since a WebSocket itself cannot be closed by half. A client that knows nothing of it may just close.
 */
export class TunnelSession {
  readonly #webSocket: WebSocket;
  readonly #upstream: Socket;
  readonly #outward: TcpCopy;
  readonly #onClose: (summary: TunnelSummary) => void;
  readonly #pinging: NodeJS.Timeout;
  #linger: NodeJS.Timeout | undefined;
  #end: TunnelEnd = 'closed';
  #bytesIn = 0;
  #heard = true;

  constructor(parts: TunnelSessionParts) {
    const { webSocket, upstream } = parts;
    this.#webSocket = webSocket;
    this.#upstream = upstream;
    this.#outward = parts.outward;
    this.#onClose = parts.onClose;
    this.#outward.join(upstream, this.#sink());

    upstream
      .on('drain', () => webSocket.resume())
      .on('error', () => this.#finish('reset by task', CLOSE.reset, 'reset by task'))
      .on('close', () => webSocket.close(CLOSE.done));
    webSocket
      .on('message', (data, isBinary) => this.#message(data, isBinary))
      .on('pong', () => {
        this.#heard = true;
      })
      // Too long a message, a bad frame: ws has answered with the close code that fits.
      .on('error', () => this.#finish('client broke the protocol', undefined, ''))
      .on('close', (code) => this.#closed(code));
    this.#pinging = setInterval(() => this.#ping(), parts.pingInterval);
    upstream.resume();
  }

  /** Bytes carried so far, both ways. */
  get bytes(): number {
    return this.#bytesIn + this.#outward.bytes;
  }

  /** The right to the session was withdrawn. */
  revoke(reason: string): void {
    this.#finish('ended by router', CLOSE.notAllowed, reason);
  }

  /** The router stops. */
  goAway(): void {
    this.#finish('ended by router', CLOSE.goingAway, 'router stops');
  }

  /** The WebSocket as TcpCopy sees it. `bufferedAmount` falls to zero within `send` when the kernel took all of it. */
  #sink(): Sink {
    const webSocket = this.#webSocket;
    let waiting: (() => void) | undefined;
    const sent = (): void => {
      if (waiting === undefined || webSocket.bufferedAmount > 0) return;
      const callback = waiting;
      waiting = undefined;
      callback();
    };
    return {
      get destroyed() {
        return webSocket.readyState !== webSocket.OPEN;
      },
      get writableLength() {
        return webSocket.bufferedAmount;
      },
      write: (chunk) => webSocket.send(chunk, { binary: true }, sent),
      whenWritten: (callback) => (waiting = callback),
      end: () => this.#taskDone(),
    };
  }

  #message(data: RawData, isBinary: boolean): void {
    this.#heard = true;
    this.#linger?.refresh();
    if (!isBinary || !Buffer.isBuffer(data)) {
      this.#finish('client broke the protocol', CLOSE.notBinary, 'binary messages only');
      return;
    }
    if (data.length === 0) {
      this.#upstream.end();
      if (this.#upstream.readableEnded) this.#webSocket.close(CLOSE.done);
      return;
    }
    if (this.#upstream.writableEnded) {
      this.#finish('client broke the protocol', CLOSE.notAllowed, 'bytes after the end');
      return;
    }
    this.#bytesIn += data.length;
    if (!this.#upstream.write(data)) this.#webSocket.pause();
  }

  /** The task closed its half. Whether the client has more to say only the client knows: it is told, and given time. */
  #taskDone(): void {
    this.#webSocket.send(Buffer.alloc(0), { binary: true });
    if (this.#upstream.writableEnded) this.#webSocket.close(CLOSE.done);
    else this.#linger = setTimeout(() => this.#webSocket.close(CLOSE.done), LINGER);
  }

  /** Silence is held against the client only while nothing waits on either side: a slow reader is not a lost one. */
  #ping(): void {
    if (this.#webSocket.isPaused || this.#webSocket.bufferedAmount > 0) return;
    if (!this.#heard) {
      this.#end = 'lost client';
      this.#webSocket.terminate();
      return;
    }
    this.#heard = false;
    this.#webSocket.ping();
  }

  /** Ends both sides. The first reason stands. */
  #finish(end: TunnelEnd, code: number | undefined, reason: string): void {
    if (this.#end === 'closed') this.#end = end;
    reset(this.#upstream);
    if (code !== undefined) this.#webSocket.close(code, reason);
    this.#webSocket.resume();
  }

  #closed(code: number): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#linger);
    // 1006: the connection broke without a word, which is a reset on the other side, too.
    if (code === 1006) {
      if (this.#end === 'closed') this.#end = 'lost client';
      reset(this.#upstream);
    } else this.#upstream.destroySoon();
    this.#outward.release();
    this.#onClose({ end: this.#end, bytesIn: this.#bytesIn, bytesOut: this.#outward.bytes });
  }
}
