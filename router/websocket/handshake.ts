import type { IncomingMessage } from 'node:http';
import type { Answer } from '../pages/answer.ts';
import { refusalAnswer } from '../pages/own_answers.ts';
import type { RequestHead } from '../http/headers/request_head.ts';

/** The base64 of 16 bytes (RFC 6455 section 4.1). */
const KEY_LENGTH = 24;
const VERSION = '13';

function faultOf(request: IncomingMessage, head: RequestHead): string | undefined {
  if (head.method !== 'GET') return 'a WebSocket handshake is a GET';
  if (request.httpVersionMinor !== 1) return 'a WebSocket handshake needs HTTP/1.1';
  if (head.chunked || (head.contentLength !== undefined && head.contentLength !== '0')) {
    return 'a WebSocket handshake has no body';
  }
  if (head.webSocketKey?.length !== KEY_LENGTH || !head.webSocketKey.endsWith('==')) {
    return 'the Sec-WebSocket-Key is missing or malformed';
  }
  return undefined;
}

/**
 * The answer to an upgrade that is no well-formed WebSocket handshake; undefined where it is one (RFC 6455 section 4.2.1). A handshake with a
 * body would leave bytes behind that the task reads as a request of its own (A29). A client of another version is told which one
 * is spoken here (section 4.2.2).
 */
export function handshakeRefusal(request: IncomingMessage, head: RequestHead): Answer | undefined {
  if (head.webSocketVersion !== VERSION) {
    return {
      ...refusalAnswer(400, `the only WebSocket version spoken here is ${VERSION}`),
      headers: ['Sec-WebSocket-Version', VERSION],
    };
  }
  const fault = faultOf(request, head);
  return fault === undefined ? undefined : refusalAnswer(400, fault);
}
