import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { hold, OverBudget, UNBOUNDED, type Account } from '../load/byte_budget.ts';
import type { Upstream } from '../routes/model/endpoint.ts';
import { MOST_TLS_AHEAD_BYTES, readThrough, TLS_AHEAD_BYTES } from '../sockets/read_through.ts';
import { ReadBuffer } from '../sockets/read_buffer.ts';
import { afterOthers } from '../sockets/turns.ts';
import { AnswerClock } from './answer_clock.ts';
import { AnswerReader } from './answer_reader.ts';
import { requestHeadText, type Asker, type TaskRequest } from './asker.ts';
import { BodyPump } from './body_pump.ts';
import { AnswerTimeout, CONNECT_TIMEOUT_MS, ConnectTimeout, TaskClosed } from './failure.ts';
import { tlsOptions } from './task_tls.ts';
import { KEEP_ALIVE_DELAY_MS } from '../sockets/keep_alive.ts';

/** Of a quiet connection's buffer: most answers fit, and a thousand connections cost little. */
const QUIET_BYTES = 4 * 1024;
/** How long reads that follow one another at once may keep the event loop. */
const LONGEST_TURN_MS = 2;

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  /** It is free for another request. */
  readonly idle: (connection: UpstreamConnection) => void;
  /** It serves nobody any more; told at least once. */
  readonly closed: (connection: UpstreamConnection) => void;
}

function notTaken(): Error {
  return new ConnectTimeout('the task did not accept the connection');
}

function late(): Error {
  return new AnswerTimeout('the task took too long to answer');
}

/**
 * One connection to a task: HTTP/1.1, one request at a time. The kernel reads into one buffer over and over, and its bytes go on
 * to the asker without a copy; when the asker does not keep up, reading stops until it does, so that the buffer is all that a
 * connection can hold. Reading goes on while it is idle: what comes then was not asked for and ends it (A37).
 */
export class UpstreamConnection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #buffer = new ReadBuffer(QUIET_BYTES, UNBOUNDED);
  readonly #answer = new AnswerReader();
  readonly #clock: AnswerClock | undefined;
  /** Whose answer is awaited or read; undefined while the connection is idle, and once it is closed. */
  #asker: Asker | undefined = undefined;
  /** Sends the body of the asker's request, where it has one. */
  #pump: BodyPump | undefined = undefined;
  /** When the present run of reads began that each filled the buffer; 0 outside of one. */
  #busySince = 0;
  /** Until then an idle connection may be used; by the clock of `performance.now`, 0 before its first answer. */
  idleUntil = 0;
  /** What the task has got and said of the present request; what it has begun to answer is nobody else's to answer. */
  progress: 'unsent' | 'sent' | 'spoken' = 'unsent';
  #servedBefore = false;
  readonly #isTls: boolean;
  /** Whose account holds what Node may have read ahead over TLS. */
  #heldFor: Account | undefined = undefined;

  /** `answerTime`: how long the head of an answer may take, in milliseconds; undefined: as long as it takes. */
  constructor(upstream: Upstream, owner: ConnectionOwner, answerTime: number | undefined) {
    this.#owner = owner;
    const { address, port, family, tls } = upstream;
    const onread = {
      buffer: () => this.#buffer.bytes,
      callback: (length: number) => this.#read(length),
    };
    const options = {
      host: address,
      port,
      family,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    };
    let socket: Socket;
    if (tls === undefined) socket = connect({ ...options, onread });
    else {
      // The published types do not know the high-water mark here, which goes on to the socket.
      const ahead = { highWaterMark: TLS_AHEAD_BYTES } as object;
      const secured = connectTls({ ...options, ...tlsOptions(upstream, tls), ...ahead });
      readThrough(secured, onread);
      socket = secured;
    }
    this.#socket = socket;
    this.#isTls = tls !== undefined;
    if (answerTime !== undefined) {
      this.#clock = new AnswerClock(
        answerTime,
        () =>
          this.progress !== 'unsent' &&
          this.#pump?.complete === false &&
          socket.writableLength === 0,
        () => this.destroy(this.progress === 'unsent' ? notTaken() : late()),
      );
    }
    const timer = setTimeout(() => this.destroy(notTaken()), CONNECT_TIMEOUT_MS);
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      this.#taken();
    });
    socket.on('end', () => {
      if (this.#answer.endsWithConnection) this.#complete(false);
      this.destroy(new TaskClosed('the task closed the connection'));
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      clearTimeout(timer);
      this.#buffer.drop();
    });
  }

  /** Sends the request; the connection is new or idle. */
  ask(asker: Asker): void {
    const { outgoing, account } = asker;
    const socket = this.#socket;
    this.#asker = asker;
    if (this.#isTls) {
      try {
        hold(account, MOST_TLS_AHEAD_BYTES);
      } catch (error) {
        this.destroy(error as Error);
        return;
      }
      this.#heldFor = account;
    }
    this.#answer.begin();
    this.#buffer.charge(account);
    this.#servedBefore = this.idleUntil !== 0;
    this.progress = socket.connecting ? 'unsent' : 'sent';
    this.#clock?.start();
    if (outgoing.body === undefined) {
      // No word of it goes out before the task's certificate was looked at.
      if (this.#isTls && socket.connecting) return;
      // Where the task has not taken the connection yet, the socket keeps it until then.
      socket.write(requestHeadText(outgoing), 'latin1');
      return;
    }
    this.#pump = new BodyPump(outgoing, outgoing.body, socket, {
      account,
      passed: (bytes) => {
        this.#clock?.restart();
        asker.sent(bytes);
      },
      overdrawn: (bound) => this.destroy(new OverBudget(bound)),
    });
    if (socket.connecting) this.#pump.wait();
    else this.#sendBody(outgoing, this.#pump);
  }

  /** The task has taken the connection. */
  #taken(): void {
    this.progress = 'sent';
    const outgoing = this.#asker?.outgoing;
    if (outgoing === undefined) return;
    if (this.#pump !== undefined) this.#sendBody(outgoing, this.#pump);
    else if (this.#isTls) this.#socket.write(requestHeadText(outgoing), 'latin1');
  }

  #sendBody(outgoing: TaskRequest, pump: BodyPump): void {
    const socket = this.#socket;
    socket.cork();
    socket.write(requestHeadText(outgoing), 'latin1');
    pump.begin();
    // What has come of the body by now flows in the next tick, before this, and leaves together with the head.
    process.nextTick(() => socket.uncork());
  }

  /**
   * The task may have closed it, as idle, before the request came, and so never have seen that: it served another one before, and
   * said nothing to this one. A new connection is never stale (A77).
   */
  get maybeStale(): boolean {
    return this.#servedBefore && this.progress === 'sent';
  }

  /** The asker has taken all bytes. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection at once. The asker, if there is one, is told the error; undefined where it is the asker that ends it. */
  destroy(error: Error | undefined): void {
    const asker = this.#asker;
    this.#socket.destroy();
    this.#letGo();
    this.#answer.drop();
    this.#owner.closed(this);
    if (error !== undefined) asker?.failed(error);
  }

  /** Nothing is awaited or sent for an asker any more. */
  #letGo(): void {
    this.#asker = undefined;
    this.#heldFor?.budget.give(this.#heldFor, MOST_TLS_AHEAD_BYTES);
    this.#heldFor = undefined;
    this.#clock?.stop();
    this.#pump?.stop();
    this.#pump = undefined;
  }

  /** Bytes have come. False stops reading. */
  #read(length: number): boolean {
    const asker = this.#asker;
    if (asker === undefined) {
      this.destroy(undefined);
      return false;
    }
    this.progress = 'spoken';
    let taken: boolean;
    try {
      let at = 0;
      while (at < length && this.#asker !== undefined) {
        at = this.#answer.take(this.#buffer.bytes, at, length, asker);
        if (this.#answer.hasHead) this.#clock?.stop();
        if (this.#answer.complete) this.#complete(at === length);
      }
      // More than was asked for: the answer stands, and nobody reads the rest (A36, A37).
      if (at < length) this.destroy(undefined);
      taken = asker.taken();
    } catch (error) {
      // Whoever asked is told, even where the answer had seemed to be over.
      this.#asker = asker;
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    if (taken) {
      const busy = this.#isBusy(length);
      if (this.#asker === undefined) this.#buffer.rest();
      else this.#buffer.fit(length);
      if (busy) afterOthers(() => this.resume());
      return !busy;
    }
    // Whoever waits for the client gives way to others by that.
    this.#busySince = 0;
    if (this.#asker === asker) return false;
    // The answer is over and the next one may come before the client has read this one.
    asker.keeps(this.#buffer.replace());
    return true;
  }

  /** It has had its turn of the event loop, and has more: whatever it is that makes its bytes costly, others come first (A59). */
  #isBusy(length: number): boolean {
    // What comes unasked while nobody asks is seen at once.
    if (length < this.#buffer.bytes.length || this.#asker === undefined) {
      this.#busySince = 0;
      return false;
    }
    const now = performance.now();
    if (this.#busySince === 0) this.#busySince = now;
    if (now - this.#busySince < LONGEST_TURN_MS) return false;
    this.#busySince = 0;
    return true;
  }

  /** The answer has come whole. `last`: nothing follows it in what has come. */
  #complete(last: boolean): void {
    const asker = this.#asker;
    if (asker === undefined) return;
    const trailers = this.#answer.trailers();
    // A task that answered before it had read the request has half of that still to read.
    const reusable = last && this.#pump?.complete !== false && !this.#socket.destroyed;
    const idleTime = reusable ? this.#answer.idleTime : undefined;
    this.#letGo();
    asker.ended(trailers);
    if (idleTime === undefined) {
      this.destroy(undefined);
      return;
    }
    this.idleUntil = performance.now() + idleTime;
    this.#owner.idle(this);
  }
}
