import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** What an accepted socket holds; `net.Server` offers no `onread` of its own. */
interface Accepted {
  _handle: object | null;
}

/**
 * Takes over a connection that a server with `pauseOnConnect` accepted, as a socket that reads into a buffer of ours. Node offers
 * `onread` only to sockets that it is asked to make; the option `handle` is how its own servers and `child_process` make theirs.
 * Nothing is read before `resume`. Undefined when the client has gone already.
 */
export function adopt(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const holder = accepted as unknown as Accepted;
  const handle = holder._handle;
  if (handle === null) return undefined;
  holder._handle = null;
  const options = { handle, onread, allowHalfOpen: true, pauseOnCreate: true };
  // The published types know the option for bound sockets only.
  return new Socket(options as unknown as SocketConstructorOpts);
}
