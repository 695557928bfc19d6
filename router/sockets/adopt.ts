import { TLSSocket } from 'node:tls';
import { readThrough } from './read_through.ts';
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** What a socket holds of the system's. */
interface Holder {
  _handle: object | null;
}

/**
 * Takes the connection of a socket that is not being read over into a new one, which reads into a buffer of ours. Node offers
 * `onread` only to sockets that it is asked to make, and not to those that its servers accept; the option `handle` is how these and
 * `child_process` make theirs. Nothing is read before `resume`. Undefined when the connection has gone already; the same
 * socket where it speaks TLS.
 */
export function adopt(from: Socket, onread: OnReadOpts): Socket | undefined {
  if (from instanceof TLSSocket) {
    if (from.destroyed) return undefined;
    from.pause();
    from.allowHalfOpen = true;
    readThrough(from, onread);
    return from;
  }
  const holder = from as unknown as Holder;
  const handle = holder._handle;
  if (handle === null) return undefined;
  holder._handle = null;
  const options = { handle, onread, allowHalfOpen: true, pauseOnCreate: true };
  // The published types know the option for bound sockets only.
  return new Socket(options as unknown as SocketConstructorOpts);
}
