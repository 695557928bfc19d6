import type { OnReadOpts, Socket } from 'node:net';
import { adopt } from '../sockets/adopt.ts';

/**
 * Takes the connection of an upgrade from the socket that it came on: the one in its stead reads by `onread`, paused. `early` is
 * what has come behind the request by now, `before` included. Undefined when the client has gone.
 */
export function takeOver(
  socket: Socket,
  before: Buffer,
  onread: OnReadOpts,
): { readonly client: Socket; readonly early: Buffer } | undefined {
  // What came since the request, and waits in a socket that nobody reads any more.
  const late = socket.read() as Buffer | null;
  const client = adopt(socket, onread);
  if (client === undefined) return undefined;
  client.once('close', () => socket.destroy());
  return { client, early: late === null ? before : Buffer.concat([before, late]) };
}
