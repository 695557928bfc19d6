import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { ANSWER_TIME_LIMIT_MS } from '../check.ts';

/** What makes a request a WebSocket handshake. */
export const UPGRADE: Readonly<Record<string, string>> = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The head of an answer; 101 for an upgrade that was taken. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Asks without a session. By `node:http`, since `fetch` writes `Sec-Fetch-Mode` itself and knows no upgrades. */
export function answerOf(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { headers, agent: false, signal: AbortSignal.timeout(ANSWER_TIME_LIMIT_MS) };
    const request = send(url, options, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    request.on('error', reject);
    request.end();
  });
}
