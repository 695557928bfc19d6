import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { giveBack } from './spent_chunk.ts';

/** Carries the body of one request from the client to its task's connection, as fast as the task reads. */
export class BodyPump {
  readonly #body: IncomingMessage;
  readonly #task: Socket;
  readonly #chunked: boolean;
  readonly #passed: (bytes: number) => void;
  #running = true;

  /**
   * Begins at once. `chunked`: how the body is framed towards the task; otherwise its length was announced, and Node's parser
   * sees to it that it is kept. `passed` is told the bytes of each piece.
   */
  constructor(
    body: IncomingMessage,
    task: Socket,
    chunked: boolean,
    passed: (bytes: number) => void,
  ) {
    this.#body = body;
    this.#task = task;
    this.#chunked = chunked;
    this.#passed = passed;
    body.on('data', this.#onData);
    body.on('end', this.#onEnd);
    task.on('drain', this.#onDrain);
  }

  /** All of the body is with the task's connection. */
  get complete(): boolean {
    return !this.#running;
  }

  /** Sends nothing more. What the client still sends is read and dropped, so that it gets to read its answer. */
  stop(): void {
    if (!this.#running) return;
    this.#detach();
    this.#body.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#passed(chunk.length);
    const task = this.#task;
    const written = (): void => giveBack(chunk);
    if (this.#chunked) {
      task.cork();
      task.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      task.write(chunk, written);
      task.write('\r\n', 'latin1');
      task.uncork();
    } else task.write(chunk, written);
    // A `write` that says false although the kernel has all of it asks for a pause that nobody needs.
    if (task.writableLength > 0 && task.writableNeedDrain) this.#body.pause();
  };

  readonly #onDrain = (): void => {
    if (this.#body.isPaused()) this.#body.resume();
  };

  readonly #onEnd = (): void => {
    this.#detach();
    if (this.#chunked) this.#task.write('0\r\n\r\n', 'latin1');
  };

  #detach(): void {
    this.#running = false;
    this.#body.off('data', this.#onData);
    this.#body.off('end', this.#onEnd);
    this.#task.off('drain', this.#onDrain);
  }
}
