import type { Socket } from 'node:net';
import type { Account } from '../load/byte_budget.ts';
import { LONGEST_HEADER_BYTES, parseProxyHeader, type ConnectionEnds } from './proxy_header.ts';
import { adopt } from '../sockets/adopt.ts';
import { TcpCopy } from '../sockets/copy.ts';

/** A connection whose header has been read: paused, nothing listens on it, and its next bytes go to `inward`. */
export interface HeaderedConnection {
  readonly client: Socket;
  readonly inward: TcpCopy;
  /** Undefined where the header names no client. */
  readonly ends: ConnectionEnds | undefined;
  /** What came behind the header with it. */
  readonly early: Buffer;
}

export interface ProxyHeaderReading {
  /** Accepted with `pauseOnConnect`; taken over. */
  readonly accepted: Socket;
  /** Milliseconds that the whole header may take. */
  readonly timeout: number;
  /** Who its buffer is held for. */
  readonly account: Account;
  readonly onRead: (headered: HeaderedConnection) => void;
  /** The load balancer's own health check (LOCAL), header and all; the socket is the callee's to end. */
  readonly onLocal: (client: Socket) => void;
  /** The header is missing, malformed or late; the socket is the callee's to end. No reason: left without a byte, or cancelled. */
  readonly onFail: (client: Socket, reason: string | undefined) => void;
}

/** A header that has not come yet. */
export interface HeaderWait {
  readonly cancel: () => void;
}

/**
 * Reads the PROXY header of a connection from a trusted load balancer. One of the callbacks is called, once, also after
 * `cancel`, which ends the wait. Undefined, and no callback, when the client has gone already.
 */
export function readProxyHeader(reading: ProxyHeaderReading): HeaderWait | undefined {
  const inward = new TcpCopy(reading.account);
  const buffer = Buffer.allocUnsafe(LONGEST_HEADER_BYTES);
  let filled = 0;
  let settled = false;
  const client = adopt(reading.accepted, {
    buffer: () =>
      settled ? (inward.onread.buffer as () => Uint8Array)() : buffer.subarray(filled),
    callback: (length, bytes) => (settled ? inward.onread.callback(length, bytes) : take(length)),
  });
  if (client === undefined) return undefined;

  const settle = (): void => {
    settled = true;
    clearTimeout(timer);
    client.off('end', onEnd).off('error', onGone).off('close', onGone).pause();
  };
  const giveUp = (): void => {
    settle();
    // A reset that is on its way must not become an uncaught error.
    client.on('error', () => undefined);
  };
  const fail = (reason: string | undefined): void => {
    giveUp();
    reading.onFail(client, reason);
  };
  /** False stops reading: what comes next is the task's. */
  const take = (length: number): boolean => {
    filled += length;
    const header = parseProxyHeader(buffer.subarray(0, filled));
    if (header.state === 'incomplete') return true;
    if (header.state === 'malformed') fail(header.reason);
    else if (header.state === 'local') {
      giveUp();
      reading.onLocal(client);
    } else {
      settle();
      const early = buffer.subarray(header.length, filled);
      reading.onRead({ client, inward, ends: header.ends, early });
    }
    return false;
  };
  const onEnd = (): void => fail(filled === 0 ? undefined : 'the PROXY header breaks off');
  const onGone = onEnd;
  const timer = setTimeout(() => fail('no PROXY header in time'), reading.timeout);
  client.once('end', onEnd).once('error', onGone).once('close', onGone).resume();
  return {
    cancel: () => {
      if (!settled) fail(undefined);
    },
  };
}
