import type { OnReadOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** High-water mark of sockets that speak TLS. */
export const TLS_AHEAD_BYTES = 16 * 1024;
/** Most that Node holds of one whose reader waits: nearly that much, and what came with it, which is a record or more (RFC 8446, section 5.1). */
export const MOST_TLS_AHEAD_BYTES = 64 * 1024;

/**
 * Reads a socket that speaks TLS as `onread` would, through the buffer that it names, piece by piece. Node's own `onread` is of no use
 * there: the rest of a record is read into the buffer though its reader has said that it is still in use. Nothing is read while the
 * socket is paused; `resume` goes on.
 */
export function readThrough(socket: TLSSocket, onread: OnReadOpts): void {
  const { buffer } = onread;
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && !socket.destroyed;) {
      const into = typeof buffer === 'function' ? buffer() : buffer;
      const length = chunk.copy(into, 0, at);
      at += length;
      if (onread.callback(length, into)) continue;
      socket.pause();
      if (at < chunk.length && !socket.destroyed) socket.unshift(chunk.subarray(at));
      return;
    }
  });
}
