import type { Server, Socket } from 'node:net';

/**
 * Bounds the connections of a server by closing the oldest one for each that is too many. It suits a server whose answers take no time:
 * whoever holds connections open keeps nobody else from an answer.
 *
 * @param server with what else listens for its connections, such as `skipProxyHeaders`, which holds back those before it.
 */
export function boundConnections(server: Server, most: number): void {
  /** The oldest first. */
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    const [oldest] = open;
    if (oldest !== undefined && open.size >= most) {
      // It closes in a later turn, and more may come in this one.
      open.delete(oldest);
      oldest.destroy();
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}
