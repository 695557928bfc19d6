import type { IncomingMessage } from 'node:http';
import type { RequestHead } from './request_head.ts';

/** The base64 of 16 bytes (RFC 6455 section 4.1). */
const KEY_LENGTH = 24;

/**
 * What is wrong with a WebSocket handshake; undefined when it is well-formed (RFC 6455 section 4.2.1). A handshake with a body
 * would leave bytes behind that the task reads as a request of its own (A29).
 */
export function handshakeFault(request: IncomingMessage, head: RequestHead): string | undefined {
  if (head.method !== 'GET') return 'a WebSocket handshake is a GET';
  if (request.httpVersionMinor !== 1) return 'a WebSocket handshake needs HTTP/1.1';
  if (head.chunked || (head.contentLength !== undefined && head.contentLength !== '0')) {
    return 'a WebSocket handshake has no body';
  }
  if (head.webSocketVersion !== '13') return 'the only WebSocket version spoken here is 13';
  if (head.webSocketKey?.length !== KEY_LENGTH || !head.webSocketKey.endsWith('==')) {
    return 'the Sec-WebSocket-Key is missing or malformed';
  }
  return undefined;
}
