import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { hold, type Account } from '../load/byte_budget.ts';
import { adopt } from '../sockets/adopt.ts';
import type { SentFrames } from '../activity/meters.ts';
import { SocketSink, TcpCopy, type Sink } from '../sockets/copy.ts';
import { isGone } from '../sockets/gone.ts';
import { MOST_TLS_AHEAD_BYTES } from '../sockets/read_through.ts';
import { FrameFollower, closeFrame } from './frames.ts';
import { takeOver } from './take_over.ts';
import { whenWritten } from '../sockets/when_written.ts';
import { KEEP_ALIVE_DELAY_MS } from '../sockets/keep_alive.ts';

/** The task, which gets the client's frames as they are. */
class FollowedSink extends SocketSink {
  readonly #frames: FrameFollower;

  constructor(task: Socket, frames: FrameFollower) {
    super(task);
    this.#frames = frames;
  }

  override write(chunk: Uint8Array): void {
    this.#frames.follow(chunk);
    super.write(chunk);
  }
}

/** What an ended session gets for its last bytes. */
const FAREWELL_MS = 1_000;
/** What the other side gets to finish once one side has ended. */
const HALF_CLOSED_MS = 5_000;

/** Two sockets that have become a WebSocket. */
export interface WebSocketEnds {
  /** Taken over; closed when the session is, for those who count its connections. */
  readonly client: Socket;
  /** Bytes of the client that came with its request. */
  readonly early: Buffer;
  /** Taken over. */
  readonly task: Socket;
  /** What the client is to read first: the answer to its upgrade, and what the task sent with it. */
  readonly greeting: readonly (string | Buffer)[];
  /** Who its buffers are held for. */
  readonly account: Account;
}

/**
 * One open WebSocket between a client and a task: carries its bytes, sees to it that neither socket outlives the other for long,
 * and can end it with a close frame. Most WebSockets are idle most of the time, so it holds little: each socket reads into one small
 * buffer, and neither keeps anything of the requests that it came from.
 */
export class WebSocketSession implements Sink {
  readonly #client: Socket;
  readonly #task: Socket;
  readonly #inward: TcpCopy;
  readonly #outward: TcpCopy;
  readonly #frames = new FrameFollower();
  readonly #sent = new FrameFollower();
  readonly #onClosed: () => void;
  readonly #writtenBefore: number;
  #farewell: Buffer | undefined = undefined;

  /** Undefined when one of the two has gone already, or its account may hold no more. `onClosed` is called once, when the client's socket is closed. */
  static start(ends: WebSocketEnds, onClosed: () => void): WebSocketSession | undefined {
    const { account } = ends;
    const ahead = ends.task instanceof TLSSocket ? MOST_TLS_AHEAD_BYTES : 0;
    try {
      hold(account, ahead);
    } catch {
      ends.task.destroy();
      return undefined;
    }
    const session = WebSocketSession.#begin(ends, () => {
      account.budget.give(account, ahead);
      onClosed();
    });
    if (session === undefined) account.budget.give(account, ahead);
    return session;
  }

  static #begin(ends: WebSocketEnds, onClosed: () => void): WebSocketSession | undefined {
    const { account } = ends;
    const copies = { inward: new TcpCopy(account), outward: new TcpCopy(account) };
    const task = adopt(ends.task, copies.outward.onread);
    if (task !== ends.task) ends.task.destroy();
    if (task === undefined) return undefined;
    const taken = takeOver(ends.client, ends.early, copies.inward.onread);
    if (taken === undefined) {
      task.destroy();
      return undefined;
    }
    return new WebSocketSession({ ...ends, ...taken, task }, copies, onClosed);
  }

  private constructor(
    ends: WebSocketEnds,
    copies: { readonly inward: TcpCopy; readonly outward: TcpCopy },
    onClosed: () => void,
  ) {
    const { client, early, task, greeting } = ends;
    const { inward, outward } = copies;
    this.#client = client;
    this.#task = task;
    this.#inward = inward;
    this.#outward = outward;
    this.#onClosed = onClosed;
    this.#writtenBefore = task.bytesWritten;
    task.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    const toTask = new FollowedSink(task, this.#sent);
    inward.join(client, toTask);
    outward.join(task, this);
    client.cork();
    for (const part of greeting) {
      if (typeof part !== 'string') this.#frames.follow(part);
      client.write(part, 'latin1');
    }
    client.uncork();
    if (early.length > 0) toTask.write(early);

    client.on('error', () => client.destroy());
    client.once('end', () => this.#endSoon());
    client.once('close', () => this.#clientClosed());
    task.on('error', () => client.destroySoon());
    task.once('close', () => {
      outward.release();
      this.end();
    });
    client.resume();
    task.resume();
  }

  get bytesIn(): number {
    return this.#task.bytesWritten - this.#writtenBefore;
  }

  get bytesOut(): number {
    return this.#outward.bytes;
  }

  /** What the client has sent so far. */
  get sent(): SentFrames {
    return this.#sent;
  }

  /** Ends the session with a close frame, after the frame that is half sent, if there is one. */
  close(code: number, reason: string): void {
    if (this.#client.destroyed || this.#farewell !== undefined) return;
    this.#farewell = closeFrame(code, reason);
    this.#inward.discard();
    if (this.#frames.betweenFrames) this.#sendFarewell(this.#farewell);
    setTimeout(() => this.destroy(), FAREWELL_MS).unref();
  }

  /** Ends it where one of its sides is gone and nobody has heard of it. */
  endIfGone(): void {
    if (isGone(this.#client) || isGone(this.#task)) this.destroy();
  }

  /** Ends both sides at once. */
  destroy(): void {
    this.#client.destroy();
    this.#task.destroy();
  }

  get destroyed(): boolean {
    return this.#client.destroyed;
  }

  get writableLength(): number {
    return this.#client.writableLength;
  }

  /** Bytes of the task, on their way to the client. */
  write(chunk: Uint8Array): void {
    const frames = this.#frames;
    if (this.#farewell === undefined) {
      frames.follow(chunk);
      this.#client.write(chunk);
      return;
    }
    if (frames.betweenFrames) return;
    this.#client.write(chunk.subarray(0, frames.finishFrame(chunk)));
    if (frames.betweenFrames) this.#sendFarewell(this.#farewell);
  }

  whenWritten(callback: () => void): void {
    whenWritten(this.#client, callback);
  }

  /** The task has said all that it will say. */
  end(): void {
    this.#client.end();
    this.#endSoon();
  }

  /** A side that vanished sends nothing more: the other must not wait for it (A49). */
  #endSoon(): void {
    setTimeout(() => this.destroy(), HALF_CLOSED_MS).unref();
  }

  #sendFarewell(farewell: Buffer): void {
    this.#client.end(farewell);
    this.#task.end();
  }

  #clientClosed(): void {
    this.#inward.release();
    this.#task.destroySoon();
    setTimeout(() => this.#task.destroy(), FAREWELL_MS).unref();
    this.#onClosed();
  }
}
