import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { switchingHead } from './headers.ts';

/**
 * The sub-protocol that asks for the tunnel. A marker in the path would take that path from the task; this name is nobody
 * else's, so every other WebSocket at the endpoint's URL is the task's own.
 */
export const TUNNEL_PROTOCOL = 'tcp.task-traffic-router';

/** Whether an upgrade names the tunnel's sub-protocol. */
export function asksForTunnel({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered.some((protocol) => protocol.trim() === TUNNEL_PROTOCOL);
}

/** Whether it is a handshake that the tunnel can answer: a WebSocket of version 13. */
export function isTunnelHandshake({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  );
}

/** The head of the 101 that opens the tunnel (RFC 6455 section 4.2.2). */
export function tunnelHead({ headers }: IncomingMessage): string {
  const accept = createHash('sha1')
    .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  return switchingHead(['Sec-WebSocket-Accept', accept, 'Sec-WebSocket-Protocol', TUNNEL_PROTOCOL]);
}
