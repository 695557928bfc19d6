import type { Socket } from 'node:net';

/**
 * Ends a socket at once, with a reset where the system can send one. `resetAndDestroy` alone waits for a connection that is being
 * made, and leaks the socket when a FIN is just on its way: libuv answers EINVAL, Node forgets the handle without closing it.
 */
export function reset(socket: Socket): void {
  const finishing = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (socket.connecting || finishing) socket.destroy();
  else socket.resetAndDestroy();
}
