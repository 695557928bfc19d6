import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FrameFollower, closeFrame } from './websocket_frames.ts';

/** What the other side gets to finish once one side has ended, and what an ended session gets for its last bytes. */
const FAREWELL_TIME = 1_000;
const HALF_CLOSED_TIME = 5_000;

/**
 * One open WebSocket between a client and a task, whose bytes http-proxy carries. This side of it sees to the end: that neither
 * socket outlives the other for long, and that the router can end it with a close frame.
 */
export class WebSocketSession {
  readonly #client: Duplex;
  readonly #task: Socket;
  readonly #frames = new FrameFollower();
  readonly #onClosed: (session: WebSocketSession) => void;
  readonly #readBefore: number;
  readonly #writtenBefore: number;
  #farewell: Buffer | undefined = undefined;
  #closed = false;

  /** `client` and `task` are piped into each other, and nothing has flowed yet. */
  constructor(client: Duplex, task: Socket, onClosed: (session: WebSocketSession) => void) {
    this.#client = client;
    this.#task = task;
    this.#onClosed = onClosed;
    this.#readBefore = task.bytesRead;
    this.#writtenBefore = task.bytesWritten;
    task.on('data', (chunk: Buffer) => this.#follow(chunk));
    // A side that vanished sends nothing more: the other must not wait for it (A49).
    const halfClosed = (): void => {
      setTimeout(() => this.destroy(), HALF_CLOSED_TIME).unref();
    };
    client.once('end', halfClosed);
    task.once('end', halfClosed);
    task.once('close', halfClosed);
    client.once('close', () => {
      task.destroySoon();
      setTimeout(() => task.destroy(), FAREWELL_TIME).unref();
      this.#close();
    });
  }

  get bytesIn(): number {
    return this.#task.bytesWritten - this.#writtenBefore;
  }

  get bytesOut(): number {
    return this.#task.bytesRead - this.#readBefore;
  }

  /** Ends the session with a close frame, after the frame that is half sent, if there is one. */
  end(code: number, reason: string): void {
    if (this.#closed || this.#farewell !== undefined) return;
    this.#farewell = closeFrame(code, reason);
    this.#task.unpipe();
    if (this.#frames.betweenFrames) this.#sendFarewell();
    else this.#task.resume();
    setTimeout(() => this.destroy(), FAREWELL_TIME).unref();
  }

  /** Ends both sides at once. */
  destroy(): void {
    this.#client.destroy();
    this.#task.destroy();
  }

  #follow(chunk: Buffer): void {
    if (this.#farewell === undefined) {
      this.#frames.follow(chunk);
      return;
    }
    if (this.#frames.betweenFrames) return;
    this.#client.write(chunk.subarray(0, this.#frames.finishFrame(chunk)));
    if (this.#frames.betweenFrames) this.#sendFarewell();
  }

  #sendFarewell(): void {
    this.#client.end(this.#farewell);
    this.#client.unpipe();
    this.#client.resume();
    this.#task.end();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed(this);
  }
}
