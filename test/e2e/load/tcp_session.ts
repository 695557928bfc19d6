import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

import type { Session } from './sessions.ts';
import { wordsOf } from './steady.ts';
import type { TcpTarget } from './tcp_connect.ts';

/** Opens a TCP session to the sample TCP service; returns when it has been greeted. */
export async function openTcpSession(target: TcpTarget | undefined): Promise<Session> {
  if (target === undefined) throw new Error('there is no TCP service to connect to');
  const socket = connect({ host: target.address, port: target.port });
  // It passes the socket's errors on, which are heard of below.
  const lines = createInterface({ input: socket }).on('error', () => undefined);
  let how = 'the end of the stream';
  socket.on('error', (error) => (how = wordsOf(error)));
  const session: Session = {
    send: (text) => socket.write(text),
    onText: () => undefined,
    ended: new Promise((resolve) => socket.on('close', () => resolve(how))),
    close: () => socket.destroy(),
  };
  const refused = session.ended.then((end) => {
    throw new Error(`the session ended before it was greeted: ${end}`);
  });
  await Promise.race([once(lines, 'line'), refused]);
  lines.on('line', (line) => session.onText(`${line}\n`));
  return session;
}
