import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Account, Overdrawn } from '../load/byte_budget.ts';
import { giveBack } from '../sockets/spent_chunk.ts';

/**
 * Most bytes that Node holds of a body whose task does not read: before and behind the pump nearly 64 KiB each, the high-water mark,
 * and the chunk of 64 KiB that went beyond it.
 */
const MOST_WAITING_BYTES = 256 * 1024;

/** Who a body is carried for. */
export interface BodyOwner {
  readonly account: Account;
  /** Told the bytes of each piece, and 0 at the end. */
  readonly passed: (bytes: number) => void;
  /** The body waits, and its account may not hold what waits. */
  readonly overdrawn: (bound: Overdrawn) => void;
}

/** Carries the body of one request from the client to its task's connection, as fast as the task reads. */
export class BodyPump {
  readonly #body: IncomingMessage;
  readonly #task: Socket;
  readonly #chunked: boolean;
  readonly #owner: BodyOwner;
  readonly #mostWaiting: number;
  /** What its account holds for it. */
  #held = 0;
  #running = true;
  #begun = false;

  /**
   * `chunked`: how the body is framed towards the task; otherwise its length was announced, and Node's parser sees to it that it
   * is kept.
   */
  constructor(
    {
      chunked,
      contentLength,
    }: { readonly chunked: boolean; readonly contentLength: string | undefined },
    body: IncomingMessage,
    task: Socket,
    owner: BodyOwner,
  ) {
    this.#body = body;
    this.#task = task;
    this.#chunked = chunked;
    this.#owner = owner;
    this.#mostWaiting = chunked
      ? MOST_WAITING_BYTES
      : Math.min(MOST_WAITING_BYTES, Number(contentLength));
  }

  /** The task has not taken the connection yet: nothing of the body is touched, so that another may get all of it. */
  wait(): void {
    this.#hold();
  }

  begin(): void {
    this.#begun = true;
    this.#waitNoMore();
    this.#body.on('data', this.#onData);
    this.#body.on('end', this.#onEnd);
    this.#task.on('drain', this.#onDrain);
  }

  /** All of the body is with the task's connection. */
  get complete(): boolean {
    return !this.#running;
  }

  /** Sends nothing more. What the client still sends of what has begun is read and dropped, so that it gets to read its answer. */
  stop(): void {
    if (!this.#running) return;
    this.#detach();
    if (this.#begun) this.#body.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#owner.passed(chunk.length);
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
    if (task.writableLength === 0 || !task.writableNeedDrain) return;
    this.#body.pause();
    this.#hold();
  };

  /** What Node reads of it meanwhile is held for its account. */
  #hold(): void {
    if (this.#held > 0) return;
    const { account, overdrawn } = this.#owner;
    const bound = account.budget.take(account, this.#mostWaiting);
    if (bound === undefined) this.#held = this.#mostWaiting;
    else overdrawn(bound);
  }

  #waitNoMore(): void {
    const { account } = this.#owner;
    account.budget.give(account, this.#held);
    this.#held = 0;
  }

  readonly #onDrain = (): void => {
    this.#waitNoMore();
    if (this.#body.isPaused()) this.#body.resume();
  };

  readonly #onEnd = (): void => {
    this.#detach();
    this.#owner.passed(0);
    if (this.#chunked) this.#task.write('0\r\n\r\n', 'latin1');
  };

  #detach(): void {
    this.#running = false;
    this.#waitNoMore();
    this.#body.off('data', this.#onData);
    this.#body.off('end', this.#onEnd);
    this.#task.off('drain', this.#onDrain);
  }
}
