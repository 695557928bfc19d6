import { connect, type Socket } from 'node:net';
import type { Account } from '../load/byte_budget.ts';
import type { Upstream } from '../routes/model/endpoint.ts';
import { SocketSink, TcpCopy } from '../sockets/copy.ts';
import { isGone } from '../sockets/gone.ts';
import { reset } from '../sockets/reset.ts';
import { KEEP_ALIVE_DELAY_MS } from '../sockets/keep_alive.ts';

/** Socket options of both sides of a connection. */
export const TCP_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
} as const;

/** Why a connection ended. */
export type TcpEnd =
  /** Both sides said that they were done. */
  | 'closed'
  | 'reset by client'
  | 'reset by task'
  /** The task could not be connected to; `code` says how it failed. */
  | 'unreachable'
  /** The router ended it: the task ended, its address changed, or the router stops. */
  | 'ended by router';

/** What the log tells of a connection that ended. */
export interface TcpSummary {
  readonly end: TcpEnd;
  /** The system's error code, if one ended it. */
  readonly code: string | undefined;
  /** From the client to the task. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What a connection is made of. */
export interface TcpConnectionParts {
  /** Adopted with the `onread` of `inward`, paused. */
  readonly client: Socket;
  readonly inward: TcpCopy;
  readonly upstream: Upstream;
  /** Who its buffers are held for. */
  readonly account: Account;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** Sent to the task before the client's bytes. */
  readonly proxyHeader: Buffer | undefined;
  /** Bytes of the client that were read before. */
  readonly early: Buffer | undefined;
  readonly onOpen: () => void;
  /** Called once, when both sockets are closed. */
  readonly onClose: (summary: TcpSummary) => void;
}

/** One client's connection to a task: bytes, half-closes and resets pass in both directions. */
export class TcpConnection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #inward: TcpCopy;
  readonly #outward: TcpCopy;
  readonly #onClose: (summary: TcpSummary) => void;
  readonly #connectTimer: NodeJS.Timeout;
  #open = false;
  #end: TcpEnd = 'closed';
  #code: string | undefined;
  #sockets = 2;

  constructor(parts: TcpConnectionParts) {
    const { client, inward, early } = parts;
    this.#onClose = parts.onClose;
    this.#client = client;
    this.#inward = inward;
    this.#outward = new TcpCopy(parts.account);
    this.#upstream = connect({
      host: parts.upstream.address,
      port: parts.upstream.port,
      family: parts.upstream.family,
      onread: this.#outward.onread,
      ...TCP_OPTIONS,
    });
    this.#inward.join(client, new SocketSink(this.#upstream));
    this.#outward.join(this.#upstream, new SocketSink(client));
    this.#connectTimer = setTimeout(
      () => this.#fail('unreachable', 'ETIMEDOUT'),
      parts.connectTimeout,
    );

    client.on('error', (error) => this.#fail('reset by client', codeOf(error)));
    client.on('close', () => this.#closed());
    this.#upstream
      .on('connect', () => {
        clearTimeout(this.#connectTimer);
        this.#open = true;
        parts.onOpen();
        if (parts.proxyHeader !== undefined) this.#upstream.write(parts.proxyHeader);
        if (early !== undefined && early.length > 0) {
          inward.bytes += early.length;
          this.#upstream.write(early);
        }
        client.resume();
      })
      .on('error', (error) =>
        this.#fail(this.#open ? 'reset by task' : 'unreachable', codeOf(error)),
      )
      .on('close', () => this.#closed());
  }

  /** Bytes carried so far, both ways. */
  get bytes(): number {
    return this.#inward.bytes + this.#outward.bytes;
  }

  /** Ends it where one of its sides is gone and nobody has heard of it. */
  endIfGone(): void {
    if (isGone(this.#client)) this.#fail('reset by client', undefined);
    else if (this.#open && isGone(this.#upstream)) this.#fail('reset by task', undefined);
  }

  /** Ends it at once: both sides see a reset. */
  reset(): void {
    this.#fail('ended by router', undefined);
  }

  /** The first failure names the end; whatever is left open is reset, so that no side takes half of the bytes for all of them. */
  #fail(end: TcpEnd, code: string | undefined): void {
    if (this.#end === 'closed') {
      this.#end = end;
      this.#code = code;
    }
    reset(this.#client);
    reset(this.#upstream);
  }

  #closed(): void {
    this.#sockets -= 1;
    if (this.#sockets > 0) return;
    clearTimeout(this.#connectTimer);
    this.#inward.release();
    this.#outward.release();
    this.#onClose({
      end: this.#end,
      code: this.#code,
      bytesIn: this.#inward.bytes,
      bytesOut: this.#outward.bytes,
    });
  }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
