import { once } from 'node:events';

import { WebSocket } from 'ws';

import type { Session } from './sessions.ts';
import { wordsOf } from './steady.ts';

const HANDSHAKE_LIMIT = 15_000;

/** Opens a WebSocket to the sample web app's echo. */
export async function openWebSocketSession(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
): Promise<Session> {
  const url = `${endpoint.replace(/^http/, 'ws')}echo`;
  const { origin } = new URL(endpoint);
  const socket = new WebSocket(url, {
    headers: { origin, ...headers },
    handshakeTimeout: HANDSHAKE_LIMIT,
  });
  await once(socket, 'open');
  let trouble = '';
  socket.on('error', (error) => (trouble = `, ${wordsOf(error)}`));
  const session: Session = {
    send: (text) => socket.send(text),
    onText: () => undefined,
    ended: new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve(`close code ${code} ${reason.toString()}`.trim() + trouble);
      });
    }),
    close: () => socket.close(),
  };
  socket.on('message', (data: Buffer) => session.onText(data.toString('utf8')));
  return session;
}
