import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** What a socket holds of the system's. */
interface Holder {
  _handle: object | null;
}

/**
 * Takes the connection of a socket that is not being read over into a new one, which reads into a buffer of ours. Node offers
 * `onread` only to sockets that it is asked to make, and not to those that its servers accept; the option `handle` is how these and
 * `child_process` make theirs. Nothing is read before `resume`. Undefined when the connection has gone already.
 */
export function adopt(from: Socket, onread: OnReadOpts): Socket | undefined {
  const holder = from as unknown as Holder;
  const handle = holder._handle;
  if (handle === null) return undefined;
  holder._handle = null;
  const options = { handle, onread, allowHalfOpen: true, pauseOnCreate: true };
  // The published types know the option for bound sockets only.
  return new Socket(options as unknown as SocketConstructorOpts);
}
