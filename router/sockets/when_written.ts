import type { Socket } from 'node:net';

/**
 * Calls back once all that was written to a socket is with the kernel: an empty write, behind all that waits, tells that the rest
 * has been written. To be used only while something waits: a callback with each write would cost a tick of the event loop. A socket
 * that is being ended takes no write and never calls back.
 */
export function whenWritten(socket: Socket, callback: () => void): void {
  if (!socket.writableEnded) socket.write('', 'latin1', callback);
}
