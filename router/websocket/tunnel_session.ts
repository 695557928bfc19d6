import type { Socket } from 'node:net';
import { FrameFault, FrameReader, OPCODE, frameHead, type FrameTaker } from './frame_reader.ts';
import type { TcpCopy } from '../sockets/copy.ts';
import { reset } from '../sockets/reset.ts';
import { closeFrame } from './frames.ts';
import { sinkToClient, sinkToTask } from './tunnel_sinks.ts';

/** How long a client may stay silent after the task closed its half, before the session is closed for it. */
const LINGER_MS = 10_000;
/** Pings that a client may leave unanswered, one after the other, before it counts as lost: a network may lose some. */
const MOST_UNANSWERED = 2;
/** How long a client has to answer a close. */
const CLOSE_TIME_MS = 5_000;
/** A client that reads nothing gets no more answers to its pings than this: they would wait for it (RFC 6455 section 5.5.3). */
const MOST_WAITING_BYTES = 4_096;

/** Close codes of RFC 6455, section 7.4.1, as the tunnel uses them. */
const CLOSE = { done: 1000, goingAway: 1001, notAllowed: 1008, reset: 1011 };

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
  /** Adopted with the `onread` of `inward`, paused. */
  readonly client: Socket;
  readonly inward: TcpCopy;
  /** The 101. */
  readonly greeting: string;
  /** Bytes that came with the request. */
  readonly early: Buffer;
  /** Connected, paused, made with the `onread` of `outward`. */
  readonly upstream: Socket;
  readonly outward: TcpCopy;
  /** Milliseconds. */
  readonly pingInterval: number;
  /** Called once, when both sockets are closed. */
  readonly onClose: (summary: TunnelSummary) => void;
}

/**
 * One TCP connection inside a WebSocket. Binary messages carry the bytes, with no meaning in where one ends; an empty message is
 * the FIN of its direction, since a WebSocket itself cannot be closed by half. A client that knows nothing of it may just close.
 * Bytes of a message go on as they come: all that a session holds is one buffer for each direction.
 */
export class TunnelSession implements FrameTaker {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #inward: TcpCopy;
  readonly #outward: TcpCopy;
  readonly #frames = new FrameReader(this);
  readonly #onClose: (summary: TunnelSummary) => void;
  readonly #pinging: NodeJS.Timeout;
  /** How far the closing handshake of RFC 6455 section 7.1 has come; whoever has the client's close has sent one, too. */
  #closing: 'open' | 'close sent' | 'close received' = 'open';
  /** While open: a silent client's time since the task was done. Then: its time to answer the close. */
  #timer: NodeJS.Timeout | undefined;
  #end: TunnelEnd = 'closed';
  #bytesIn = 0;
  /** Of the client and the task, those that are not closed. */
  #sockets = 2;
  /** Pings since something came from the client. */
  #unanswered = 0;

  constructor(parts: TunnelSessionParts) {
    const { client, upstream, inward, outward, early } = parts;
    this.#client = client;
    this.#upstream = upstream;
    this.#inward = inward;
    this.#outward = outward;
    this.#onClose = parts.onClose;
    inward.join(
      client,
      sinkToTask(client, upstream, (bytes) => this.#read(bytes)),
    );
    outward.join(
      upstream,
      sinkToClient(
        client,
        () => this.#closing !== 'open',
        () => this.#taskDone(),
      ),
    );

    upstream
      .on('error', () => this.#finish('reset by task', CLOSE.reset, 'reset by task'))
      .on('close', () => {
        this.#close(CLOSE.done, '');
        this.#closed();
      });
    client.on('error', () => client.destroy()).on('close', () => this.#clientClosed());
    this.#pinging = setInterval(() => this.#ping(), parts.pingInterval);
    client.write(parts.greeting, 'latin1');
    if (early.length > 0) this.#read(early);
    client.resume();
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

  #read(bytes: Buffer): void {
    this.#unanswered = 0;
    if (this.#closing === 'open') this.#timer?.refresh();
    // Many small frames in one read are one write.
    this.#upstream.cork();
    try {
      this.#frames.read(bytes);
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.#finish('client broke the protocol', error.code, error.message);
      this.#inward.discard();
    }
    this.#upstream.uncork();
  }

  data(bytes: Buffer): void {
    if (this.#closing !== 'open' || this.#upstream.destroyed) return;
    if (this.#upstream.writableEnded) {
      this.#finish('client broke the protocol', CLOSE.notAllowed, 'bytes after the end');
      return;
    }
    this.#bytesIn += bytes.length;
    this.#upstream.write(bytes);
  }

  message(length: number): void {
    if (length > 0) return;
    this.#upstream.end();
    if (this.#upstream.readableEnded) this.#close(CLOSE.done, '');
  }

  control(opcode: number, payload: Buffer): void {
    const client = this.#client;
    if (
      opcode === OPCODE.ping &&
      this.#closing === 'open' &&
      client.writableLength < MOST_WAITING_BYTES
    ) {
      client.write(Buffer.concat([frameHead(OPCODE.pong, payload.length), payload]));
    }
    if (opcode !== OPCODE.close || this.#closing === 'close received') return;
    this.#close(payload.length < 2 ? CLOSE.done : payload.readUInt16BE(0), '');
    this.#closing = 'close received';
    client.end();
    this.#inward.discard();
  }

  /** The task closed its half. Whether the client has more to say only the client knows: it is told, and given time. */
  #taskDone(): void {
    if (this.#closing !== 'open') return;
    this.#client.write(frameHead(OPCODE.binary, 0));
    if (this.#upstream.writableEnded) this.#close(CLOSE.done, '');
    else this.#timer = setTimeout(() => this.#close(CLOSE.done, ''), LINGER_MS);
  }

  /** Silence is held against the client only while nothing waits on either side: a slow reader is not a lost one. */
  #ping(): void {
    if (this.#closing !== 'open' || this.#client.writableLength > 0) return;
    // A task that does not keep up keeps the client from being heard. One that is gone is found all the same: its kernel answers a
    // ping with a reset, which the next one meets.
    const { waiting } = this.#inward;
    if (waiting) this.#unanswered = 0;
    if (this.#unanswered === MOST_UNANSWERED) {
      this.#end = 'lost client';
      this.#client.destroy();
      return;
    }
    this.#unanswered += 1;
    this.#client.write(frameHead(OPCODE.ping, 0));
  }

  #close(code: number, reason: string): void {
    if (this.#closing !== 'open' || this.#client.destroyed) return;
    this.#closing = 'close sent';
    this.#client.write(closeFrame(code, reason));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#client.destroy(), CLOSE_TIME_MS);
  }

  /** Ends both sides. The first reason stands. */
  #finish(end: TunnelEnd, code: number, reason: string): void {
    if (this.#end === 'closed') this.#end = end;
    reset(this.#upstream);
    this.#close(code, reason);
  }

  #clientClosed(): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#timer);
    if (this.#closing === 'close received') this.#upstream.destroySoon();
    else {
      // The connection broke without a word, which is a reset on the other side, too.
      if (this.#end === 'closed') this.#end = 'lost client';
      reset(this.#upstream);
    }
    this.#closed();
  }

  /** One of the two sockets is closed. The session counts until both are: a task that does not read its last bytes keeps its own. */
  #closed(): void {
    this.#sockets -= 1;
    if (this.#sockets > 0) return;
    this.#inward.release();
    this.#outward.release();
    this.#onClose({ end: this.#end, bytesIn: this.#bytesIn, bytesOut: this.#outward.bytes });
  }
}
