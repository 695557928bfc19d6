import { once } from 'node:events';
import { connect } from 'node:net';

/** How long a connection may take to the greeting. Milliseconds. */
const TIME_LIMIT = 15_000;

/** Where the sample TCP service is. */
export interface TcpTarget {
  readonly address: string;
  readonly port: number;
}

/** Connects, waits for what the service says first, and leaves. */
export async function connectOnce(target: TcpTarget | undefined): Promise<void> {
  if (target === undefined) throw new Error('there is no TCP service to connect to');
  const socket = connect({ host: target.address, port: target.port });
  try {
    const ended = once(socket, 'close').then(() => {
      throw new Error('closed before it was greeted');
    });
    await Promise.race([once(socket, 'data', { signal: AbortSignal.timeout(TIME_LIMIT) }), ended]);
  } finally {
    socket.destroy();
  }
}
