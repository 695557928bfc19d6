import type { Socket } from 'node:net';

/**
 * Calls back once all that was written to a socket is with the kernel: an empty write, behind all that waits, tells that the rest
 * has been written. For where something does wait, since a callback with each write costs a tick of the event loop. A socket that
 * is being ended takes no write and tells nothing.
 */
export function whenWritten(socket: Socket, callback: () => void): void {
  if (!socket.writableEnded) socket.write('', 'latin1', callback);
}
